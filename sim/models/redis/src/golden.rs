//! Golden vectors: the replies of the real server, byte by byte.

use super::config::{Moment, RedisConfig};
use super::dataset::Dataset;
use super::disk::Disk;
use super::node::{ClientId, Node};
use super::replication::LinkState;
use super::resp::{encode_request, split_words};
use super::value::Value;
use bytes::BytesMut;
use std::sync::Arc;

const VECTORS: &str = include_str!("../vectors/redis-7.0.15.txt");
const START: Moment = Moment {
    wall_ms: 1_790_000_000_000,
    mono_ms: 1_000,
};

fn later(now: Moment, ms: u64) -> Moment {
    Moment {
        wall_ms: now.wall_ms + ms as i64,
        mono_ms: now.mono_ms + ms,
    }
}

fn node(config: RedisConfig) -> Node {
    let mut n = 0;
    let hex = move || {
        n += 1;
        format!("{n:040x}")
    };
    Node::boot(config, Disk::new(), START, hex, Arc::new(|_| {}))
}

/// The lines of a section: protocol, command, reply.
fn section(title: &str) -> Vec<(&'static str, &'static str, &'static str)> {
    let rows = VECTORS
        .lines()
        .skip_while(|line| !line.starts_with(&format!("## {title}")))
        .skip(1);
    let rows: Vec<_> = rows
        .take_while(|line| !line.starts_with("##"))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.next()?, fields.next()?))
        })
        .collect();
    assert!(!rows.is_empty(), "no section {title:?}");
    rows
}

fn escape(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "\\r").replace('\n', "\\n")
}

/// Without the client's number, which differs each time.
fn without_id(reply: &str) -> String {
    match reply.split_once("$2\\r\\nid\\r\\n:") {
        Some((before, after)) => {
            format!("{before}id{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => reply.to_owned(),
    }
}

fn ask(node: &mut Node, client: ClientId, command: &str, now: Moment) -> (String, bool) {
    let mut wire = BytesMut::new();
    match command.strip_prefix("[raw] ") {
        Some(raw) => wire.extend_from_slice(raw.replace("\\r", "\r").replace("\\n", "\n").as_bytes()),
        None => encode_request(&split_words(command.as_bytes()).expect("balanced quotes"), &mut wire),
    }
    node.feed(client, &wire, now);
    let (output, closing) = node.take_output(client);
    (escape(&output), closing)
}

/// Runs a section on a new node; `prepare` brings it to the state in which the measurement began.
fn check(title: &str, prepare: impl Fn() -> Node) {
    let mut wrong = vec![];
    let rows = section(title);
    for protocol in ["RESP2", "RESP3"] {
        let (mut node, mut now) = (prepare(), later(START, 80));
        let address = "127.0.0.1:1".parse().expect("an address");
        let (mut first, _) = node.connect(address);
        let (second, _) = node.connect(address);
        if protocol == "RESP3" {
            ask(&mut node, first, "HELLO 3", now);
        }
        for (_, command, expected) in rows.iter().filter(|row| row.0 == protocol) {
            if command.starts_with("(sleep") {
                now = later(now, 40);
                continue;
            }
            let (client, command) = match command.strip_prefix("[c2] ") {
                Some(command) => (second, command),
                None => (first, *command),
            };
            let (reply, closing) = ask(&mut node, client, command, now);
            let matches = match (*expected, command) {
                (expected, _) if expected.starts_with("<EOF") => reply.is_empty() && closing,
                (_, "CLIENT ID") => reply.starts_with(':'),
                (expected, "ROLE") if expected.contains("master") => reply.starts_with("*3\\r\\n$6\\r\\nmaster\\r\\n:"),
                (expected, "ROLE") if expected.contains("connected") => reply.starts_with(
                    "*5\\r\\n$5\\r\\nslave\\r\\n$9\\r\\n127.0.0.1\\r\\n:17500\\r\\n$9\\r\\nconnected\\r\\n:",
                ),
                (expected, _) => without_id(&reply) == without_id(expected),
            };
            if !matches {
                wrong.push(format!(
                    "{protocol} {command}\n   expected {expected}\n   answered {reply}"
                ));
            }
            if command.starts_with("[raw]") && closing {
                (first, _) = node.connect(address);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} replies differ:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

fn master() -> Node {
    node(RedisConfig::default())
}

/// A replica of 127.0.0.1:17500 with `k`, and `e`, which expires 79 ms after the section begins.
fn replica(stale: bool, link: LinkState, keys: &[(&str, &str, Option<i64>)]) -> Node {
    let mut node = node(RedisConfig {
        replica_of: Some(("127.0.0.1".into(), 17500)),
        replica_serve_stale_data: stale,
        ..RedisConfig::default()
    });
    let mut data = Dataset::default();
    for (key, value, at) in keys {
        data.set(key.to_string().into(), Value::Str(value.to_string().into()), *at);
    }
    node.start_over(&"a".repeat(40), 8235, data.into(), START);
    node.link_is(link, START);
    node
}

#[test]
fn strings() {
    check("SET / NX", master);
    check("INCR / INCRBY", master);
}

#[test]
fn transactions() {
    check("MULTI / EXEC", master);
}

#[test]
fn sessions() {
    check("HELLO / CLIENT", master);
    check("HELLO 3 reply", master);
}

#[test]
fn malformed_requests() {
    check("protocol errors (", master);
    check("protocol errors 2", master);
    check("inline", master);
    check("GET / POST", master);
}

#[test]
fn a_replica_reads_and_does_not_write() {
    let at = START.wall_ms + 80 + 79;
    check("replica (read-only, link up)", || {
        replica(true, LinkState::Connected, &[("k", "v", None), ("e", "v", Some(at))])
    });
}

#[test]
fn a_replica_hides_what_has_expired_and_a_master_deletes_it() {
    let past = START.wall_ms;
    check("replica: key e expired", || {
        replica(true, LinkState::Connected, &[("e", "v", Some(past))])
    });
    check("master: same key", || {
        let mut node = replica(true, LinkState::Connected, &[("k", "v", None), ("e2", "v", Some(past))]);
        let (client, _) = node.connect("127.0.0.1:1".parse().expect("an address"));
        ask(&mut node, client, "REPLICAOF NO ONE", START);
        node
    });
}

#[test]
fn a_replica_whose_link_is_down() {
    check("replica, link down, replica-serve-stale-data no", || {
        replica(false, LinkState::Connect, &[])
    });
    check("replica, link down, replica-serve-stale-data yes", || {
        replica(true, LinkState::Connect, &[])
    });
}

#[test]
fn while_loading() {
    check("while loading", || {
        node(RedisConfig {
            loading_ms: 1000,
            ..RedisConfig::default()
        })
    });
}
