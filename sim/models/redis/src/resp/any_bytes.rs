//! Any bytes as a request or a reply: no panic, nothing read beyond the end, the same result in pieces and at once.

use super::{Reply, Request, RequestParser, encode_request, parse_reply, parse_request};
use bytes::{Buf, BytesMut};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::FileFailurePersistence};

fn config() -> ProptestConfig {
    let file = FileFailurePersistence::Direct("proptest-regressions/resp.txt");
    ProptestConfig {
        cases: 2000,
        failure_persistence: Some(Box::new(file)),
        ..ProptestConfig::default()
    }
}

/// Bytes, among them some that are almost valid.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"*2\r\n",
        b"*1\r\n",
        b"*-1\r\n",
        b"*-5\r\n",
        b"*99999999999\r\n",
        b"$3\r\nSET\r\n",
        b"$3\r\nSE",
        b"$-1\r\n",
        b"$-9\r\n",
        b"$536870913\r\n",
        b":1\r\n",
        b":01\r\n",
        b"+OK\r\n",
        b"-ERR\r\n",
        b"PING\r\n",
        b"SET k \"a\r\n",
        b"\r\n",
        b"\n",
        b"\0",
        b"\xff",
        b" ",
        b"'",
    ];
    prop_oneof![
        3 => vec(select(pieces), 0..10).prop_map(|pieces| pieces.concat()),
        1 => vec(any::<u8>(), 0..100),
        1 => (1..5000usize).prop_map(|depth| b"*1\r\n".repeat(depth)),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_a_request_or_none(wire in wire()) {
        match parse_request(&wire) {
            (Request::Command(_), used) => {
                prop_assert!(0 < used && used <= wire.len());
                // What follows a complete request changes nothing.
                prop_assert_eq!(parse_request(&wire[..used]), parse_request(&wire));
            }
            // The error quotes the input, and is one line nevertheless.
            (Request::Malformed(why), _) => {
                let mut answer = BytesMut::new();
                Reply::error(why).encode(false, &mut answer);
                prop_assert!(matches!(parse_reply(&answer), Ok(Some((Reply::Error(_), used))) if used == answer.len()));
            }
            (Request::Incomplete, _) => {}
        }
    }

    #[test]
    fn pieces_are_read_as_the_whole(wire in wire(), size in 1..20usize, stranger: bool) {
        let read = |size: usize| {
            let (mut parser, mut buffer, mut read) = (RequestParser::default(), BytesMut::new(), vec![]);
            for piece in wire.chunks(size) {
                buffer.extend_from_slice(piece);
                loop {
                    let mut at = 0;
                    let request = parser.read(&buffer, &mut at, stranger);
                    buffer.advance(at);
                    match request {
                        Request::Incomplete => break,
                        Request::Command(_) => read.push(request),
                        Request::Malformed(_) => {
                            read.push(request);
                            return read;
                        }
                    }
                }
            }
            read
        };
        prop_assert_eq!(read(size), read(wire.len().max(1)));
    }

    #[test]
    fn any_bytes_are_a_reply_or_none(wire in wire()) {
        if let Ok(Some((reply, used))) = parse_reply(&wire) {
            prop_assert!(0 < used && used <= wire.len());
            prop_assert!(parse_reply(&wire[..used]).is_ok_and(|again| again == Some((reply, used))));
            for cut in 0..used {
                prop_assert!(!matches!(parse_reply(&wire[..cut]), Ok(Some(_))), "a reply in {} of {} bytes", cut, used);
            }
        }
    }

    #[test]
    fn what_is_written_is_what_is_read(words in vec(vec(any::<u8>(), 0..20), 1..6)) {
        let mut wire = BytesMut::new();
        encode_request(&words, &mut wire);
        let words: Vec<bytes::Bytes> = words.into_iter().map(Into::into).collect();
        prop_assert_eq!(parse_request(&wire), (Request::Command(words.clone()), wire.len()));

        let reply = Reply::Array(words.iter().map(Reply::bulk).collect());
        let mut wire = BytesMut::new();
        reply.encode(false, &mut wire);
        prop_assert_eq!(parse_reply(&wire), Ok(Some((reply, wire.len()))));
    }
}

#[test]
fn arrays_within_arrays_end_somewhere() {
    assert!(parse_reply(&b"*1\r\n".repeat(1_000_000)).is_err());
    let shallow = [b"*1\r\n".repeat(9), b":1\r\n".to_vec()].concat();
    assert!(matches!(parse_reply(&shallow), Ok(Some(_))));
}

/// Measured on Redis 7.0.15: `*2\r\n\r\n` is answered with `-ERR Protocol error: expected '$', got ' '`.
#[test]
fn an_error_that_quotes_an_end_of_line_is_one_line() {
    let (Request::Malformed(why), _) = parse_request(b"*2\r\n\r\n") else {
        panic!("it is none");
    };
    let mut answer = BytesMut::new();
    Reply::error(why).encode(false, &mut answer);
    assert_eq!(&answer[..], b"-ERR Protocol error: expected '$', got ' '\r\n");
}
