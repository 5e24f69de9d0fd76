//! Reading requests: the words of a command, in whatever pieces they arrive.

use super::number::parse_int;
use super::resp::{Args, BULK_MAX, read_line};
use bytes::{BufMut, Bytes, BytesMut};

/// Longest inline request and longest length line, bytes (PROTO_INLINE_MAX_SIZE).
const INLINE_MAX: usize = 64 * 1024;
/// Most words of a request from a client that must authenticate first, and its longest bulk, bytes (processMultibulkBuffer).
const STRANGER_WORDS_MAX: i64 = 10;
const STRANGER_BULK_MAX: i64 = 16 * 1024;

/// What is at the beginning of an input buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// A command. One without words is ignored.
    Command(Args),
    /// More bytes are needed.
    Incomplete,
    /// A protocol error: reply with it, then close.
    Malformed(String),
}

/// Reads the requests of one connection, and keeps its place in a request that has not arrived whole: a long request costs
/// time in proportion to its length, not to its length times the number of pieces in which it arrives.
#[derive(Debug, Default)]
pub struct RequestParser {
    /// How many words the request has, once its head has been read.
    expected: Option<usize>,
    words: Args,
    /// The length of the next word, once its head has been read.
    bulk: Option<usize>,
}

impl RequestParser {
    /// Reads on at `at`, which it moves behind what it has understood. The caller may drop the bytes before `at`, and then
    /// calls again with more bytes. `stranger`: the client must authenticate first, so its requests must be small. Errors
    /// are those of networking.c of 7.0.
    pub fn read(&mut self, buffer: &[u8], at: &mut usize, stranger: bool) -> Request {
        let expected = match (self.expected, buffer.get(*at)) {
            (Some(expected), _) => expected,
            (None, None) => return Request::Incomplete,
            (None, Some(b'*')) => match self.head(buffer, at, stranger) {
                Ok(expected) => expected,
                Err(request) => return request,
            },
            (None, Some(_)) => return inline(buffer, at),
        };
        while self.words.len() < expected {
            match self.word(buffer, at, stranger) {
                Ok(word) => self.words.push(word),
                Err(request) => return request,
            }
        }
        self.expected = None;
        Request::Command(std::mem::take(&mut self.words))
    }

    /// `*3`: the number of words.
    fn head(&mut self, buffer: &[u8], at: &mut usize, stranger: bool) -> Result<usize, Request> {
        let Some((count, next)) = read_line(buffer, *at + 1) else {
            return Err(too_long(buffer.len() - *at, "too big mbulk count string"));
        };
        match parse_int(count).filter(|count| *count <= i64::from(i32::MAX)) {
            None => Err(malformed("invalid multibulk length")),
            Some(count) if stranger && count > STRANGER_WORDS_MAX => Err(malformed("unauthenticated multibulk length")),
            Some(count) => {
                *at = next;
                let expected = count.max(0) as usize;
                self.expected = Some(expected);
                Ok(expected)
            }
        }
    }

    /// `$3`, and so many bytes.
    fn word(&mut self, buffer: &[u8], at: &mut usize, stranger: bool) -> Result<Bytes, Request> {
        let length = match self.bulk {
            Some(length) => length,
            None => self.word_head(buffer, at, stranger)?,
        };
        let Some(word) = buffer.get(*at..*at + length + 2) else {
            return Err(Request::Incomplete);
        };
        self.bulk = None;
        *at += length + 2;
        Ok(Bytes::copy_from_slice(&word[..length]))
    }

    fn word_head(&mut self, buffer: &[u8], at: &mut usize, stranger: bool) -> Result<usize, Request> {
        match buffer.get(*at) {
            None => return Err(Request::Incomplete),
            Some(b'$') => {}
            Some(other) => return Err(malformed(&format!("expected '$', got '{}'", *other as char))),
        }
        let Some((length, next)) = read_line(buffer, *at + 1) else {
            return Err(too_long(buffer.len() - *at, "too big bulk count string"));
        };
        match parse_int(length).filter(|length| (0..=BULK_MAX).contains(length)) {
            None => Err(malformed("invalid bulk length")),
            Some(length) if stranger && length > STRANGER_BULK_MAX => Err(malformed("unauthenticated bulk length")),
            Some(length) => {
                *at = next;
                self.bulk = Some(length as usize);
                Ok(length as usize)
            }
        }
    }
}

/// Reads one request that lies in the buffer, and its length in bytes.
pub fn parse_request(buffer: &[u8]) -> (Request, usize) {
    let mut at = 0;
    let request = RequestParser::default().read(buffer, &mut at, false);
    (request, at)
}

fn malformed(what: &str) -> Request {
    Request::Malformed(format!("ERR Protocol error: {what}"))
}

/// A line whose end has not come yet.
fn too_long(length: usize, what: &str) -> Request {
    if length > INLINE_MAX {
        malformed(what)
    } else {
        Request::Incomplete
    }
}

fn inline(buffer: &[u8], at: &mut usize) -> Request {
    let rest = &buffer[*at..];
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
        return too_long(rest.len(), "too big inline request");
    };
    let text = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
    match split_words(text) {
        Some(args) => {
            *at += end + 1;
            Request::Command(args)
        }
        None => malformed("unbalanced quotes in request"),
    }
}

/// Splits a line as `sdssplitargs` does: words, "double quotes" with escapes, 'single quotes'.
/// `None` when quotes are unbalanced.
pub fn split_words(text: &[u8]) -> Option<Args> {
    let mut words = vec![];
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Some(words);
        }
        let mut word = BytesMut::new();
        while let Some((byte, after)) = rest.split_first().filter(|(byte, _)| !byte.is_ascii_whitespace()) {
            rest = after;
            match byte {
                b'"' | b'\'' => {
                    rest = quoted(*byte, rest, &mut word)?;
                    // A closing quote must be followed by a space or by nothing.
                    if rest.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
                        return None;
                    }
                }
                _ => word.put_u8(*byte),
            }
        }
        words.push(word.freeze());
    }
}

/// Appends what is within quotes; returns what follows them.
fn quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut BytesMut) -> Option<&'a [u8]> {
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match (byte, rest) {
            (end, _) if *end == quote => return Some(rest),
            (b'\\', [b'\'', after @ ..]) if quote == b'\'' => {
                word.put_u8(b'\'');
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..])
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                word.put_u8(hex_digit(*high) << 4 | hex_digit(*low));
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) if quote == b'"' => {
                word.put_u8(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                rest = after;
            }
            (other, _) => word.put_u8(*other),
        }
    }
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::super::resp::encode_request;
    use super::*;

    #[test]
    fn a_request_may_arrive_in_any_pieces() {
        let mut wire = BytesMut::new();
        encode_request(&["SET", "k", "a\r\nb"], &mut wire);
        let expected = vec![Bytes::from("SET"), Bytes::from("k"), Bytes::from("a\r\nb")];
        for cut in 0..wire.len() {
            assert_eq!(parse_request(&wire[..cut]).0, Request::Incomplete, "cut at {cut}");
            let (mut parser, mut at) = (RequestParser::default(), 0);
            assert_eq!(parser.read(&wire[..cut], &mut at, false), Request::Incomplete);
            let rest = &wire[at..];
            at = 0;
            assert_eq!(parser.read(rest, &mut at, false), Request::Command(expected.clone()));
            assert_eq!(at, rest.len());
        }
        assert_eq!(parse_request(&wire), (Request::Command(expected), wire.len()));
    }

    /// Each byte is looked at once, although the request arrives in 50,000 pieces: the parser is never asked for a byte
    /// before its place.
    #[test]
    fn a_long_request_is_read_once() {
        let words: Vec<String> = (0..200_000).map(|nth| nth.to_string()).collect();
        let mut wire = BytesMut::new();
        encode_request(&words, &mut wire);
        let (mut parser, mut buffer, mut longest) = (RequestParser::default(), BytesMut::new(), 0);
        let mut request = Request::Incomplete;
        for piece in wire.chunks(48) {
            buffer.extend_from_slice(piece);
            let mut at = 0;
            request = parser.read(&buffer, &mut at, false);
            let _read = buffer.split_to(at);
            longest = longest.max(buffer.len());
        }
        assert!(matches!(request, Request::Command(read) if read.len() == words.len()));
        assert!(longest < 100, "{longest} bytes are read again");
    }

    #[test]
    fn quotes_are_as_redis_reads_them() {
        let words = |text: &str| split_words(text.as_bytes());
        assert_eq!(
            words(r#"SET k "a b\n" 'c d'"#).unwrap()[2..],
            [Bytes::from("a b\n"), Bytes::from("c d")]
        );
        assert_eq!(words(r#"SET a "unbalanced"#), None);
        assert_eq!(words(r#"SET a "b"c"#), None);
        assert_eq!(
            words(r#""\x41b" "\x4" "\xfF" '\x41'"#).unwrap()[..],
            [
                Bytes::from("Ab"),
                Bytes::from("x4"),
                Bytes::from_static(b"\xff"),
                Bytes::from("\\x41"),
            ]
        );
        assert_eq!(words(r#"  a"b c"  "#).unwrap(), [Bytes::from("ab c")]);
        assert_eq!(words("\"a\\"), None);
    }
}
