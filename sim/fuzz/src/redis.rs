//! Targets of the Redis model: its parsers, a node, and a replica's link to its master.

use bytes::BytesMut;
use model_redis::{
    Disk, RedisConfig, Standalone,
    resp::{Reply, Request, encode_request, parse_reply, parse_request},
    serve,
};
use sim::testbed::{Stage, answer_requests, exchange};
use std::{sync::Arc, time::Duration};

/// Requests, inline or not. A request must be read the same whatever follows it, nothing is read beyond its end, and an
/// error is a reply of one line.
pub(super) fn request(mut input: &[u8]) {
    loop {
        match parse_request(input) {
            (Request::Command(args), used) => {
                assert!(0 < used && used <= input.len());
                assert_eq!(parse_request(&input[..used]), (Request::Command(args.clone()), used));
                assert!(
                    args.iter().map(|arg| arg.len()).sum::<usize>() <= used,
                    "arguments longer than the request"
                );
                let mut wire = BytesMut::new();
                encode_request(&args, &mut wire);
                assert_eq!(parse_request(&wire), (Request::Command(args), wire.len()));
                input = &input[used..];
            }
            (Request::Malformed(why), _) => {
                let mut wire = BytesMut::new();
                Reply::error(why).encode(false, &mut wire);
                assert!(matches!(parse_reply(&wire), Ok(Some((Reply::Error(_), used))) if used == wire.len()));
                return;
            }
            (Request::Incomplete, _) => return,
        }
    }
}

/// Replies, as Sentinels and replicas read them. A reply must be read the same whatever follows it, and not before it is
/// complete.
pub(super) fn reply(mut input: &[u8]) {
    while let Ok(Some((reply, used))) = parse_reply(input) {
        assert!(0 < used && used <= input.len());
        let again = parse_reply(&input[..used]);
        assert!(again.is_ok_and(|again| again == Some((reply, used))));
        let short = parse_reply(&input[..used - 1]);
        assert!(!matches!(short, Ok(Some(_))), "a reply from fewer bytes than it has");
        input = &input[used..];
    }
}

/// A new node that gets the bytes at once and in pieces. It must reply the same, and must still answer another client
/// afterwards.
pub(super) fn node(input: &[u8]) {
    let text = String::from_utf8_lossy(input).to_ascii_lowercase();
    if asks_for_large_reply(&text) {
        return;
    }
    let at_once = feed(input, input.len().max(1));
    // INFO and CLIENT LIST show the current sizes of buffers, which depend on the pieces.
    let shows_buffers = ["info", "list"].iter().any(|word| text.contains(word));
    for size in [1, 7] {
        let in_pieces = feed(input, size);
        // A client whose connection is closed does not get what had not been sent by then.
        let equal = at_once == in_pieces || (at_once.1 && in_pieces.1 && in_pieces.0.starts_with(&at_once.0));
        let [one, other] = [&at_once, &in_pieces].map(|(output, _)| output.escape_ascii());
        assert!(equal || shows_buffers, "at once {one}, in pieces of {size} {other}");
    }
}

/// Whether a command may ask for a reply of hundreds of megabytes, which the real Redis also sends: SETRANGE near the
/// largest offset, or a large count of random members.
fn asks_for_large_reply(text: &str) -> bool {
    let long = text.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() > 6);
    long && ["setrange", "rand", "rep"].iter().any(|word| text.contains(word))
}

/// What a node sends back when it gets `input` in pieces of `size` bytes, and whether it closes the connection.
fn feed(input: &[u8], size: usize) -> (Vec<u8>, bool) {
    let config = RedisConfig {
        maxmemory: 16 * 1024 * 1024,
        lua_time_limit_ms: 1,
        ..RedisConfig::default()
    };
    let mut redis = Standalone::boot(config, 1_790_000_000_000);
    let [client, other] = [1, 2].map(|port| redis.connect(([127, 0, 0, 1], port).into()));
    let mut received = Vec::new();
    for piece in input.chunks(size) {
        redis.feed(client, piece);
        received.extend_from_slice(&redis.take_output(client).0);
    }
    redis.advance(2_000);
    let (rest, closed) = redis.take_output(client);
    received.extend_from_slice(&rest);
    redis.feed(other, b"ECHO \"hello\"\r\n");
    redis.advance(10_000);
    let (reply, _) = redis.take_output(other);
    // The input may have paused all clients, set a password, closed this connection or made the node a replica.
    assert!(reply.is_empty() || reply.ends_with(b"\r\n"), "{reply:?}");
    redis.disconnect(client);
    redis.disconnect(other);
    (received, closed)
}

/// A replica whose master sends these bytes. It must go on answering, and must still know its role.
pub(super) fn link(input: &[u8]) {
    let mut stage = Stage::new();
    let master = stage.host("master", {
        let input = input.to_vec();
        move |env| {
            let input = input.clone();
            answer_requests(env, 6379, move |args| match args[0].to_ascii_lowercase().as_slice() {
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
    stage.run(Duration::from_secs(30), move |env| {
        let replica = replica.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let reply = exchange(&env, &replica, 6379, b"ROLE\r\n").await;
            assert!(
                reply.starts_with(b"*") || reply.starts_with(b"-"),
                "{}",
                reply.escape_ascii()
            );
        }
    });
}
