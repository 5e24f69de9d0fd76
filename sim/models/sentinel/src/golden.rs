//! Golden vectors: replies of the real Sentinel. Identifiers, times and counts are replaced by placeholders on both sides;
//! names, order and structure are compared byte by byte.

use super::commands::Session;
use super::config::{SentinelConfig, SentinelDisk};
use super::state::{InstanceId, Sentinel};
use bytes::BytesMut;
use model_redis::Moment;
use model_redis::resp::split_words;
use std::sync::Arc;

const VECTORS: &str = include_str!("../vectors/sentinel-7.0.15.txt");

/// Master 127.0.0.1:18300, one replica, two other Sentinels, all of them linked.
fn sentinel() -> Sentinel {
    let config = SentinelConfig {
        port: 18400,
        announce_ip: "127.0.0.1".into(),
        master_name: "mymaster".into(),
        master: ("127.0.0.1".into(), 18300),
        quorum: 2,
        down_after_ms: 1000,
        failover_timeout_ms: 10_000,
    };
    let now = Moment {
        wall_ms: 1_790_000_000_000,
        mono_ms: 1000,
    };
    let mut sentinel = Sentinel::boot(config, SentinelDisk::new(), now, || 7, Arc::new(|_| {}));
    sentinel.informed(
        &InstanceId::Master,
        "role:master\nslave0:ip=127.0.0.1,port=18301,state=online",
        1000,
    );
    for (port, id) in [(18401, "e"), (18402, "6")] {
        let hello = format!("127.0.0.1,{port},{},0,mymaster,127.0.0.1,18300,0", id.repeat(40));
        sentinel.hello_received(&hello, 1000);
    }
    let replica = "role:slave\nmaster_host:127.0.0.1\nmaster_port:18300\nmaster_link_status:up";
    sentinel.informed(&InstanceId::Replica(("127.0.0.1".into(), 18301)), replica, 1000);
    sentinel.tick(now, 1000);
    sentinel
}

/// Strings unchanged, except for run IDs (unknown here, because no INFO has come), numbers and links.
fn shape(reply: &str) -> String {
    let words = reply.replace(",disconnected", "");
    let mut shaped = vec![];
    for word in words.split("\\r\\n") {
        let id = word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        let length = word.starts_with('$');
        shaped.push(match (id || word.is_empty(), number, length) {
            (true, ..) => "-",
            (_, true, _) => "#",
            (.., true) => "$",
            _ => word,
        });
    }
    shaped.join("|")
}

#[test]
fn replies() {
    let mut wrong = vec![];
    let healthy = VECTORS.lines().take_while(|line| !line.starts_with("## pub/sub"));
    let rows: Vec<Vec<&str>> = healthy
        .map(|line| line.split('\t').collect())
        .filter(|row: &Vec<_>| row.len() == 3)
        .collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    for protocol in ["RESP2", "RESP3"] {
        let (mut sentinel, mut session) = (
            sentinel(),
            Session {
                id: 104,
                ..Session::default()
            },
        );
        for row in rows.iter().filter(|row| row[0] == protocol) {
            let args = split_words(row[1].as_bytes()).expect("balanced quotes");
            let mut wire = BytesMut::new();
            session.resp3 = protocol == "RESP3";
            for reply in sentinel.execute(&mut session, &args, 1100) {
                reply.encode(session.resp3, &mut wire);
            }
            let reply = String::from_utf8_lossy(&wire).replace('\r', "\\r").replace('\n', "\\n");
            if shape(&reply) != shape(row[2]) {
                wrong.push(format!(
                    "{protocol} {}\n   expected {}\n   answered {}",
                    row[1],
                    shape(row[2]),
                    shape(&reply)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} replies differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn one_vote_an_epoch() {
    let mut sentinel = sentinel();
    assert_eq!(sentinel.vote(1, "alice", 2000), (Some("alice".to_owned()), 1));
    assert_eq!(
        sentinel.vote(1, "bob", 2000),
        (Some("alice".to_owned()), 1),
        "the vote is given"
    );
    assert_eq!(sentinel.vote(2, "bob", 2000), (Some("bob".to_owned()), 2));
    assert_eq!(
        sentinel.vote(1, "carol", 2000),
        (Some("bob".to_owned()), 2),
        "an old epoch changes nothing"
    );
}

#[test]
fn the_best_replica_has_the_highest_offset_of_the_last_info() {
    let mut sentinel = sentinel();
    for (port, offset, down) in [(18301, 10, -1), (18302, 30, -1), (18303, 99, 60)] {
        let address = ("127.0.0.1".to_owned(), port);
        if !sentinel.replicas.contains_key(&address) {
            sentinel.add_replica(address.clone(), 1000);
        }
        let down = if down > 0 {
            format!("master_link_down_since_seconds:{down}\n")
        } else {
            String::new()
        };
        sentinel.informed(
            &InstanceId::Replica(address),
            &format!("role:slave\n{down}slave_repl_offset:{offset}"),
            1000,
        );
    }
    sentinel.tick(
        Moment {
            wall_ms: 1_790_000_000_000,
            mono_ms: 1000,
        },
        1000,
    );
    assert_eq!(
        sentinel.best_replica(1200),
        Some(("127.0.0.1".to_owned(), 18302)),
        "18303 was cut off for too long"
    );
}
