//! A Sentinel between a client, another Sentinel and a Redis that say anything.

use super::stage::{Stage, answer, say};
use bytes::BytesMut;
use model_redis::resp::encode_request;
use model_sentinel::{SentinelConfig, SentinelDisk, serve};
use std::{sync::Arc, time::Duration};

const PORT: u16 = 26379;

/// It goes on answering, and still names a master.
pub(super) fn conversation(input: &[u8]) {
    let mut stage = Stage::new();
    let master = stage.host("redis", {
        let input = input.to_vec();
        move |env| {
            let input = input.clone();
            answer(env, 6379, move |_| input.clone())
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
        };
        serve(env, config, SentinelDisk::new(), Arc::new(|_| {}))
    });
    let (input, mut hello) = (input.to_vec(), BytesMut::new());
    encode_request(&[b"PUBLISH", &b"__sentinel__:hello"[..], &input], &mut hello);
    stage.perform(Duration::from_secs(60), move |env| {
        let (sentinel, input, hello) = (sentinel.clone(), input.clone(), hello.clone());
        async move {
            say(&env, &sentinel, PORT, &input).await;
            say(&env, &sentinel, PORT, &hello).await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            let ask = b"SENTINEL GET-MASTER-ADDR-BY-NAME auth\r\n";
            let said = say(&env, &sentinel, PORT, ask).await;
            assert!(said.starts_with(b"*2\r\n$"), "{}", said.escape_ascii());
        }
    });
}
