//! The Redis model: its parsers, a node, and a replica's link to its master.

use super::stage::{Stage, answer, say};
use bytes::BytesMut;
use model_redis::{
    Alone, Disk, RedisConfig,
    resp::{Reply, Request, encode_request, parse_reply, parse_request},
    serve,
};
use std::{sync::Arc, time::Duration};

/// Requests, inline or not: nothing is read beyond the end, the same comes of a request whatever follows it, and an
/// error is one line.
pub(super) fn request(mut input: &[u8]) {
    loop {
        match parse_request(input) {
            Request::Command(args, used) => {
                assert!(0 < used && used <= input.len());
                assert_eq!(parse_request(&input[..used]), Request::Command(args.clone(), used));
                assert!(
                    args.iter().map(|arg| arg.len()).sum::<usize>() <= used,
                    "nothing is made up"
                );
                let mut wire = BytesMut::new();
                encode_request(&args, &mut wire);
                assert_eq!(parse_request(&wire), Request::Command(args, wire.len()));
                input = &input[used..];
            }
            Request::Malformed(why) => {
                let mut wire = BytesMut::new();
                Reply::error(why).encode(false, &mut wire);
                assert!(matches!(parse_reply(&wire), Ok(Some((Reply::Error(_), used))) if used == wire.len()));
                return;
            }
            Request::Incomplete => return,
        }
    }
}

/// Replies, as Sentinels and replicas read them.
pub(super) fn reply(mut input: &[u8]) {
    while let Ok(Some((reply, used))) = parse_reply(input) {
        assert!(0 < used && used <= input.len());
        let again = parse_reply(&input[..used]);
        assert!(again.is_ok_and(|again| again == Some((reply, used))));
        let short = parse_reply(&input[..used - 1]);
        assert!(!matches!(short, Ok(Some(_))), "a reply in fewer bytes than it takes");
        input = &input[used..];
    }
}

/// A fresh node, fed at once and in pieces: the same comes of it, and afterwards it still answers.
pub(super) fn node(input: &[u8]) {
    let text = String::from_utf8_lossy(input).to_ascii_lowercase();
    if asks_for_much(&text) {
        return;
    }
    let at_once = fed(input, input.len().max(1));
    // These tell how large its buffers are just now.
    let tells_of_buffers = ["info", "list"].iter().any(|word| text.contains(word));
    for size in [1, 7] {
        let in_pieces = fed(input, size);
        // Who is hung up on does not get what had not been sent by then.
        let alike = at_once == in_pieces || (at_once.1 && in_pieces.1 && in_pieces.0.starts_with(&at_once.0));
        let [one, other] = [&at_once, &in_pieces].map(|(said, _)| said.escape_ascii());
        assert!(alike || tells_of_buffers, "at once {one}, in pieces of {size} {other}");
    }
}

/// Redis, too, gives a string of half a gigabyte to who asks for its last byte (SETRANGE), and as many random members as
/// were asked for.
fn asks_for_much(text: &str) -> bool {
    let long = text.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() > 6);
    long && ["setrange", "rand", "rep"].iter().any(|word| text.contains(word))
}

/// What comes back to the client, and whether it is hung up on.
fn fed(input: &[u8], size: usize) -> (Vec<u8>, bool) {
    let config = RedisConfig {
        maxmemory: 16 * 1024 * 1024,
        lua_time_limit_ms: 1,
        ..RedisConfig::default()
    };
    let mut redis = Alone::boot(config, 1_790_000_000_000);
    let [client, other] = [1, 2].map(|port| redis.connect(([127, 0, 0, 1], port).into()));
    let mut heard = Vec::new();
    for piece in input.chunks(size) {
        redis.feed(client, piece);
        heard.extend_from_slice(&redis.take_output(client).0);
    }
    redis.advance(2_000);
    let (rest, closed) = redis.take_output(client);
    heard.extend_from_slice(&rest);
    redis.feed(other, b"ECHO \"still there\"\r\n");
    redis.advance(10_000);
    let (said, _) = redis.take_output(other);
    // Whoever was fed may have paused everybody, asked for a password, hung up on us or made us a replica of nobody.
    assert!(said.is_empty() || said.ends_with(b"\r\n"), "{said:?}");
    redis.disconnect(client);
    redis.disconnect(other);
    (heard, closed)
}

/// A replica whose master says anything: what it was before it still is, and it goes on answering.
pub(super) fn link(input: &[u8]) {
    let mut stage = Stage::new();
    let master = stage.host("master", {
        let input = input.to_vec();
        move |env| {
            let input = input.clone();
            answer(env, 6379, move |args| match args[0].to_ascii_lowercase().as_slice() {
                b"ping" => b"+PONG\r\n".to_vec(),
                b"replconf" if args.get(1).is_some_and(|word| word.eq_ignore_ascii_case(b"ack")) => Vec::new(),
                b"replconf" => b"+OK\r\n".to_vec(),
                _ => input.clone(),
            })
        }
    });
    let replica = stage.host("replica", move |env| {
        let config = RedisConfig {
            replica_of: Some((master.clone(), 6379)),
            lua_time_limit_ms: 1,
            ..RedisConfig::default()
        };
        serve(env, config, Disk::new(), Arc::new(|_| {}))
    });
    stage.perform(Duration::from_secs(30), move |env| {
        let replica = replica.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let said = say(&env, &replica, 6379, b"ROLE\r\n").await;
            assert!(
                said.starts_with(b"*") || said.starts_with(b"-"),
                "{}",
                said.escape_ascii()
            );
        }
    });
}
