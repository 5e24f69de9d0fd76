//! The Redis protocol, RESP2 and RESP3: reading requests and writing replies, and the reverse for Sentinels and replicas.

use super::number::format_double;
use bytes::{BufMut, Bytes, BytesMut};
use std::{borrow::Cow, fmt::Write as _};

pub use super::number::parse_int;
pub use super::request::{Request, RequestParser, parse_request, split_words};

/// A command and its arguments.
pub type Args = Vec<Bytes>;

/// Longest bulk, bytes (proto-max-bulk-len).
pub(super) const BULK_MAX: i64 = 512 * 1024 * 1024;

/// A reply, independent of the client's protocol version.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// `+OK`.
    Simple(Cow<'static, str>),
    /// `-ERR …`, without the dash.
    Error(Cow<'static, str>),
    /// `:1`.
    Int(i64),
    /// `$3`, bytes.
    Bulk(Bytes),
    /// An absent value: `$-1`, in RESP3 `_`.
    Null,
    /// An absent array: `*-1`, in RESP3 `_`.
    NullArray,
    /// `*2`.
    Array(Vec<Reply>),
    /// A map: flat in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// Pairs: flat in RESP2, in RESP3 an array of arrays of two.
    Pairs(Vec<(Reply, Reply)>),
    /// Members without an order: an array in RESP2.
    Set(Vec<Reply>),
    /// A double: a bulk in RESP2.
    Double(f64),
    /// A boolean: 1 or 0 in RESP2.
    Bool(bool),
    /// An integer of any size: a bulk in RESP2.
    BigNumber(Bytes),
    /// Out of band in RESP3, an array in RESP2.
    Push(Vec<Reply>),
    /// Text of INFO and CLIENT LIST: `=` in RESP3, a bulk in RESP2.
    Text(String),
    /// Nothing at all (`REPLCONF ACK`).
    Nothing,
}

impl Reply {
    /// `+OK`.
    pub const OK: Reply = Reply::Simple(Cow::Borrowed("OK"));

    /// A status.
    pub const fn simple(text: &'static str) -> Reply {
        Reply::Simple(Cow::Borrowed(text))
    }

    /// An error, with its code: `ERR syntax error`.
    pub fn error(text: impl Into<Cow<'static, str>>) -> Reply {
        Reply::Error(text.into())
    }

    /// A bulk string.
    pub fn bulk(bytes: impl AsRef<[u8]>) -> Reply {
        Reply::Bulk(Bytes::copy_from_slice(bytes.as_ref()))
    }

    /// Text of a simple or bulk string.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Reply::Simple(text) => Some(Cow::Borrowed(text)),
            Reply::Bulk(bytes) => Some(String::from_utf8_lossy(bytes)),
            Reply::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    /// Appends the reply as it goes over the wire.
    pub fn encode(&self, resp3: bool, out: &mut BytesMut) {
        match self {
            Reply::Simple(text) => line(out, b'+', text),
            // As networking.c of 7.0: a line end within the text would end the reply.
            Reply::Error(text) => line(out, b'-', &text.replace(['\r', '\n'], " ")),
            Reply::Int(n) => number(out, b':', *n),
            Reply::Bulk(bytes) => bulk(out, bytes),
            Reply::Null if resp3 => out.put_slice(b"_\r\n"),
            Reply::Null => out.put_slice(b"$-1\r\n"),
            Reply::NullArray if resp3 => out.put_slice(b"_\r\n"),
            Reply::NullArray => out.put_slice(b"*-1\r\n"),
            Reply::Array(items) => {
                number(out, b'*', items.len() as i64);
                items.iter().for_each(|item| item.encode(resp3, out));
            }
            Reply::Push(items) => {
                number(out, if resp3 { b'>' } else { b'*' }, items.len() as i64);
                items.iter().for_each(|item| item.encode(resp3, out));
            }
            Reply::Set(items) => {
                number(out, if resp3 { b'~' } else { b'*' }, items.len() as i64);
                items.iter().for_each(|item| item.encode(resp3, out));
            }
            Reply::Pairs(pairs) => {
                number(out, b'*', pairs.len() as i64 * if resp3 { 1 } else { 2 });
                for (one, other) in pairs {
                    if resp3 {
                        number(out, b'*', 2);
                    }
                    one.encode(resp3, out);
                    other.encode(resp3, out);
                }
            }
            Reply::Double(value) if resp3 => line(out, b',', &format_double(*value)),
            Reply::Double(value) => bulk(out, format_double(*value).as_bytes()),
            Reply::Bool(truth) if resp3 => line(out, b'#', if *truth { "t" } else { "f" }),
            Reply::Bool(truth) => number(out, b':', i64::from(*truth)),
            Reply::BigNumber(digits) if resp3 => line(out, b'(', &String::from_utf8_lossy(digits)),
            Reply::BigNumber(digits) => bulk(out, digits),
            Reply::Map(pairs) => {
                let (kind, length) = if resp3 {
                    (b'%', pairs.len())
                } else {
                    (b'*', pairs.len() * 2)
                };
                number(out, kind, length as i64);
                for (key, value) in pairs {
                    key.encode(resp3, out);
                    value.encode(resp3, out);
                }
            }
            Reply::Text(text) if resp3 => {
                number(out, b'=', text.len() as i64 + 4);
                out.put_slice(b"txt:");
                out.put_slice(text.as_bytes());
                out.put_slice(b"\r\n");
            }
            Reply::Text(text) => bulk(out, text.as_bytes()),
            Reply::Nothing => {}
        }
    }
}

/// Appends the head of an array whose elements follow.
pub(super) fn array_head(length: usize, out: &mut BytesMut) {
    number(out, b'*', length as i64);
}

fn line(out: &mut BytesMut, kind: u8, text: &str) {
    out.put_u8(kind);
    out.put_slice(text.as_bytes());
    out.put_slice(b"\r\n");
}

/// Room for a length and the ends of two lines.
const HEAD_BYTES: usize = 24;

fn number(out: &mut BytesMut, kind: u8, n: i64) {
    out.put_u8(kind);
    if (0..10).contains(&n) {
        out.put_u8(b'0' + n as u8);
    } else {
        let _ = write!(out, "{n}"); // writing into memory does not fail
    }
    out.put_slice(b"\r\n");
}

fn bulk(out: &mut BytesMut, bytes: &[u8]) {
    out.reserve(bytes.len() + HEAD_BYTES);
    number(out, b'$', bytes.len() as i64);
    out.put_slice(bytes);
    out.put_slice(b"\r\n");
}

/// Appends a request (an array of bulk strings).
pub fn encode_request<A: AsRef<[u8]>>(args: &[A], out: &mut BytesMut) {
    let length = |arg: &A| arg.as_ref().len() + HEAD_BYTES;
    out.reserve(HEAD_BYTES + args.iter().map(length).sum::<usize>());
    number(out, b'*', args.len() as i64);
    args.iter().for_each(|arg| bulk(out, arg.as_ref()));
}

/// The line that starts at `from`, without its end, and where the next one starts.
pub(super) fn read_line(buffer: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let at = buffer[from..].windows(2).position(|pair| pair == b"\r\n")? + from;
    Some((&buffer[from..at], at + 2))
}

/// Parses one reply: `None` when more bytes are needed, else the reply and the bytes it took.
///
/// # Errors
/// The bytes violate the protocol.
pub fn parse_reply(buffer: &[u8]) -> Result<Option<(Reply, usize)>, String> {
    parse_nested(buffer, 0)
}

/// Deepest nesting of arrays. hiredis 1.0 allows 9; without a limit, a few bytes for each level would overflow the stack.
const DEPTH_MAX: usize = 9;

fn parse_nested(buffer: &[u8], depth: usize) -> Result<Option<(Reply, usize)>, String> {
    let Some(kind) = buffer.first() else { return Ok(None) };
    let Some((text, next)) = read_line(buffer, 1) else {
        return Ok(None);
    };
    let string = || String::from_utf8_lossy(text).into_owned();
    let int = || parse_int(text).ok_or_else(|| format!("not a number: {:?}", string()));
    match kind {
        b'+' => Ok(Some((Reply::Simple(string().into()), next))),
        b'-' => Ok(Some((Reply::Error(string().into()), next))),
        b':' => Ok(Some((Reply::Int(int()?), next))),
        b'$' => match int()? {
            -1 => Ok(Some((Reply::Null, next))),
            n if !(0..=BULK_MAX).contains(&n) => Err(format!("a bulk of {n} bytes")),
            n if buffer.len() < next + n as usize + 2 => Ok(None),
            n => Ok(Some((
                Reply::bulk(&buffer[next..next + n as usize]),
                next + n as usize + 2,
            ))),
        },
        b'*' => {
            let count = int()?;
            if count == -1 {
                return Ok(Some((Reply::NullArray, next)));
            }
            if count < 0 {
                return Err(format!("an array of {count} items"));
            }
            if depth >= DEPTH_MAX {
                return Err(format!("arrays nested more than {DEPTH_MAX} deep"));
            }
            let (mut items, mut at) = (vec![], next);
            while (items.len() as i64) < count {
                let Some((item, used)) = parse_nested(&buffer[at..], depth + 1)? else {
                    return Ok(None);
                };
                items.push(item);
                at += used;
            }
            Ok(Some((Reply::Array(items), at)))
        }
        other => Err(format!("a reply that starts with byte {other:#04x}")),
    }
}

#[cfg(test)]
mod any_bytes;
