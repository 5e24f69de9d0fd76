//! Whatever bytes a server or a Sentinel sends, a call ends within its deadline, and what was asked for is not denied to
//! have happened.

use super::{MASTER, read_command, spawn};
use crate::testing::random::{block_on, cases};
use crate::{
    config::{Config, Deadlines, StateConfig},
    store::{AuthStateStore, Key, MasterFinder, Namespace, RedisStore, SentinelFinder, testing::Fixture},
};
use proptest::{collection::vec, prelude::*, sample::select};
use seams::Failure;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    time::Instant,
};

/// Bytes that nearly are replies, among others.
fn reply() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"+OK\r\n",
        b"-ERR no\r\n",
        b"-READONLY no\r\n",
        b"-",
        b":1\r\n",
        b":x\r\n",
        b":99999999999999999999\r\n",
        b"$-1\r\n",
        b"$3\r\nabc\r\n",
        b"$3\r\nab",
        b"$-7\r\n",
        b"$999999999\r\n",
        b"*-1\r\n",
        b"*2\r\n",
        b"*0\r\n",
        b"*1\r\n*1\r\n",
        b"*2\r\n$5\r\n10.0.\r\n$4\r\n6379\r\n",
        b"*2\r\n$1\r\na\r\n$5\r\n99999\r\n",
        b"\r\n",
        b"%1\r\n",
        b"_\r\n",
        b"\xff\x00",
    ];
    prop_oneof![
        vec(select(pieces), 1..6).prop_map(|pieces| pieces.concat()),
        vec(any::<u8>(), 0..64),
        (1..200usize).prop_map(|depth| b"*1\r\n".repeat(depth)),
    ]
}

fn deadlines() -> Deadlines {
    Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines
}

/// A server at a host: says who it is as a master would, and answers everything else with these bytes; then it waits, or
/// hangs up.
fn serve(fixture: &Fixture, host: &str, reply: Vec<u8>, hangs_up: bool) {
    let mut connections = fixture.network.serve(host);
    spawn(async move {
        while let Some(stream) = connections.recv().await {
            let reply = reply.clone();
            spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Some(command) = read_command(&mut stream).await {
                    let honest = if command.starts_with("ROLE") {
                        Some(MASTER.as_bytes())
                    } else if command.starts_with("CLIENT") {
                        Some(&b"+OK\r\n"[..])
                    } else {
                        None
                    };
                    if stream.write_all(honest.unwrap_or(&reply)).await.is_err() || (honest.is_none() && hangs_up) {
                        return;
                    }
                }
            });
        }
    });
}

struct Always;

#[async_trait::async_trait]
impl MasterFinder for Always {
    async fn find(&self) -> seams::Outcome<(String, u16)> {
        Ok(("redis-1".into(), 6379))
    }
}

proptest! {
    #![proptest_config(cases(200, "proptest-regressions/reply-bytes.txt"))]

    #[test]
    fn a_store_survives_any_reply(reply in reply(), hangs_up: bool) {
        block_on(async {
            let fixture = Fixture::new();
            serve(&fixture, "redis-1", reply.clone(), hangs_up);
            let store = RedisStore::new(fixture.env("idp-a"), Arc::new(Always), deadlines());
            let key = Key::new(Namespace::new("auth:oidc:code"), "k");
            let began = Instant::now();
            let taken = store.take(&key).await;
            let counted = store.count(&key, Duration::from_secs(60)).await;
            let renewed = store.renew(&key, b"me", Duration::from_secs(60)).await;
            let written = store.put(&key, b"v", Duration::from_secs(60)).await;
            prop_assert!(began.elapsed() <= 4 * deadlines().store + Duration::from_millis(100), "{:?}", began.elapsed());
            // The command was sent. Only an error reply, in the server's own words, says that it was not performed. (A
            // renewal looks before it writes, and may have got no further than that.)
            prop_assert!(!renewed.is_ok_and(|renewed| renewed), "nobody holds anything here");
            if !reply.contains(&b'-') {
                for failed in [taken.err(), counted.err(), written.err()].into_iter().flatten() {
                    prop_assert!(matches!(failed, Failure::Unknown(_)), "{:?}", failed);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_search_for_the_master_survives_any_reply(replies in vec((reply(), any::<bool>()), 3)) {
        block_on(async {
            let fixture = Fixture::new();
            let hosts = ["sentinel-1", "sentinel-2", "sentinel-3"];
            for (host, (reply, hangs_up)) in hosts.into_iter().zip(replies) {
                serve(&fixture, host, reply, hangs_up);
            }
            let sentinels = hosts.map(|host| (host.to_owned(), 26379)).to_vec();
            let finder = SentinelFinder::new(fixture.env("idp-a"), sentinels, "auth".into(), deadlines());
            let began = Instant::now();
            let found = finder.find().await;
            prop_assert!(began.elapsed() <= 3 * deadlines().store + Duration::from_millis(100), "{:?}", began.elapsed());
            if let Ok((host, port)) = found {
                prop_assert!(!host.is_empty() && port > 0, "{}:{}", host, port);
            }
            Ok(())
        })?;
    }
}
