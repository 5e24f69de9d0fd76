//! Fuzz targets for the replies that the login service reads from Redis and from Sentinels.

use async_trait::async_trait;
use idp::{
    config::{Config, Deadlines, StateConfig},
    redemption::CODE,
    store::{AuthStateStore, Key, MasterFinder, RedisStore, SentinelFinder},
};
use seams::{Failure, Outcome};
use sim::testbed::{Stage, answer_requests};
use std::{sync::Arc, time::Duration};

const SENTINEL_PORT: u16 = 26379;
const REDIS_PORT: u16 = 6379;
/// Allowance for rounding and the network in addition to a deadline.
const SLACK: Duration = Duration::from_millis(200);

fn deadlines() -> Deadlines {
    Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines
}

/// A finder that always returns the same master.
struct FixedMaster(&'static str);

#[async_trait]
impl MasterFinder for FixedMaster {
    async fn find(&self) -> Outcome<(String, u16)> {
        Ok((self.0.to_owned(), REDIS_PORT))
    }
}

/// Target: a Redis that answers arbitrary bytes, either from the first command on, or after it has correctly reported
/// that it is a master. Every call must end within its deadline. After the correct beginning no call may return `Fail`,
/// unless the bytes contain an error reply, because the command may have been executed.
pub(super) fn redis(input: &[u8]) {
    let mut stage = Stage::new();
    for (host, honest) in [("honest", true), ("liar", false)] {
        let input = input.to_vec();
        stage.host(host, move |env| {
            let input = input.clone();
            answer_requests(env, REDIS_PORT, move |args| match args[0].as_ref() {
                b"ROLE" if honest => b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n".to_vec(),
                b"CLIENT" | b"HELLO" if honest => b"+OK\r\n".to_vec(),
                _ => input.clone(),
            })
        });
    }
    let denies = input.contains(&b'-') || input.contains(&b'!');
    stage.run(Duration::from_secs(120), move |env| async move {
        for host in ["honest", "liar"] {
            let store = RedisStore::new(env.clone(), Arc::new(FixedMaster(host)), deadlines());
            let (key, minute) = (Key::new(CODE, "k"), Duration::from_secs(60));
            let began = env.clock.monotonic();
            let failed = [
                store.take(&key).await.err(),
                store.count(&key, minute).await.err(),
                store.put(&key, b"v", minute).await.err(),
            ];
            let calls = failed.len() as u32;
            let took = env.clock.monotonic() - began;
            assert!(took <= calls * deadlines().store + SLACK, "{took:?} for {calls} calls");
            let known = failed
                .into_iter()
                .flatten()
                .find(|failure| matches!(failure, Failure::Fail(_)));
            assert!(host == "liar" || denies || known.is_none(), "{known:?}");
        }
    });
}

/// Target: Sentinels that answer arbitrary bytes. The search must end in time, and must not find a master without a
/// host or a port.
pub(super) fn sentinel(input: &[u8]) {
    const HOSTS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];
    let mut stage = Stage::new();
    for host in HOSTS {
        let input = input.to_vec();
        stage.host(host, move |env| {
            let input = input.clone();
            answer_requests(env, SENTINEL_PORT, move |_| input.clone())
        });
    }
    stage.run(Duration::from_secs(60), |env| async move {
        let sentinels = HOSTS.map(|host| (host.to_owned(), SENTINEL_PORT)).to_vec();
        let finder = SentinelFinder::new(env.clone(), sentinels, "auth".into(), deadlines());
        let began = env.clock.monotonic();
        let found = finder.find().await;
        let took = env.clock.monotonic() - began;
        assert!(took <= HOSTS.len() as u32 * deadlines().connect + SLACK, "{took:?}");
        if let Ok((host, port)) = found {
            assert!(!host.is_empty() && port > 0, "{host:?}:{port}");
        }
    });
}
