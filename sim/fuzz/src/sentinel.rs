//! Target of the Sentinel model: a Sentinel between a client, another Sentinel and a Redis that all send any bytes.

use bytes::BytesMut;
use model_redis::resp::encode_request;
use model_sentinel::{Passwords, SentinelConfig, SentinelDisk, serve};
use sim::testbed::{Stage, answer_requests, exchange};
use std::{sync::Arc, time::Duration};

const PORT: u16 = 26379;

/// The Sentinel must go on answering, and must still name a master.
pub(super) fn conversation(input: &[u8]) {
    let mut stage = Stage::new();
    let master = stage.host("redis", {
        let input = input.to_vec();
        move |env| {
            let input = input.clone();
            answer_requests(env, 6379, move |_| input.clone())
        }
    });
    let sentinel = stage.host("sentinel", move |env| {
        let config = SentinelConfig {
            port: PORT,
            announce_ip: String::new(),
            master_name: "auth".into(),
            master: (master.clone(), 6379),
            quorum: 1,
            down_after_ms: 1_000,
            failover_timeout_ms: 3_000,
            passwords: Passwords::default(),
        };
        serve(env, config, SentinelDisk::new(), Arc::new(|_| {}))
    });
    let (input, mut hello) = (input.to_vec(), BytesMut::new());
    encode_request(&[b"PUBLISH", &b"__sentinel__:hello"[..], &input], &mut hello);
    stage.run(Duration::from_secs(60), move |env| {
        let (sentinel, input, hello) = (sentinel.clone(), input.clone(), hello.clone());
        async move {
            exchange(&env, &sentinel, PORT, &input).await;
            exchange(&env, &sentinel, PORT, &hello).await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            let ask = b"SENTINEL GET-MASTER-ADDR-BY-NAME auth\r\n";
            let reply = exchange(&env, &sentinel, PORT, ask).await;
            assert!(reply.starts_with(b"*2\r\n$"), "{}", reply.escape_ascii());
        }
    });
}
