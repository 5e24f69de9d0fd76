//! Tests of limits: memory, time and time-outs.

use super::config::{Moment, PersistenceMode, RedisConfig};
use super::disk::Disk;
use super::eviction::Policy;
use super::node::{ClientId, Node};
use super::resp::{encode_request, split_words};
use bytes::BytesMut;
use std::sync::Arc;

const START: Moment = Moment {
    wall_ms: 1_790_000_000_000,
    mono_ms: 1_000,
};

fn later(ms: u64) -> Moment {
    Moment {
        wall_ms: START.wall_ms + ms as i64,
        mono_ms: START.mono_ms + ms,
    }
}

fn boot(config: RedisConfig, disk: Disk) -> (Node, ClientId) {
    let hex = || "0123456789".repeat(4);
    let mut node = Node::boot(config, disk, START, hex, Arc::new(|_| {}));
    let (client, _) = node.connect("127.0.0.1:1".parse().expect("an address"));
    (node, client)
}

fn ask(node: &mut Node, client: ClientId, command: &str, now: Moment) -> String {
    let mut wire = BytesMut::new();
    encode_request(&split_words(command.as_bytes()).expect("balanced quotes"), &mut wire);
    node.feed(client, &wire, now);
    String::from_utf8_lossy(&node.take_output(client).0).into_owned()
}

#[test]
fn the_key_not_used_for_longest_goes() {
    let policy = Policy::AllKeysLru;
    let config = RedisConfig {
        maxmemory: 1_000_000,
        maxmemory_policy: policy,
        ..RedisConfig::default()
    };
    let (mut node, client) = boot(config, Disk::new());
    for nth in 0..2000 {
        let now = later(nth);
        assert_eq!(
            ask(&mut node, client, &format!("SET key{nth} 0123456789"), now),
            "+OK\r\n"
        );
        assert_eq!(
            ask(&mut node, client, "GET key0", now),
            "$10\r\n0123456789\r\n",
            "used all the time"
        );
    }
    let left: usize = ask(&mut node, client, "DBSIZE", later(2000))[1..]
        .trim()
        .parse()
        .expect("a number");
    assert!((500..1500).contains(&left), "{left} keys are left");
    assert_eq!(ask(&mut node, client, "EXISTS key1999", later(2000)), ":1\r\n");
    let (early, late) = (
        ask_many(&mut node, client, 1..200),
        ask_many(&mut node, client, 1800..2000),
    );
    assert!(early < late, "{early} early ones and {late} late ones are left");
}

fn ask_many(node: &mut Node, client: ClientId, keys: std::ops::Range<u64>) -> usize {
    let exists = |nth: u64| ask(node, client, &format!("EXISTS key{nth}"), later(2000)) == ":1\r\n";
    keys.map(exists).filter(|there| *there).count()
}

#[test]
fn a_volatile_policy_spares_what_has_no_expiry() {
    let config = RedisConfig {
        maxmemory: 950_000,
        maxmemory_policy: Policy::VolatileTtl,
        ..RedisConfig::default()
    };
    let (mut node, client) = boot(config, Disk::new());
    ask(&mut node, client, "SET volatile 0123456789 EX 1000", START);
    let full = (0..1000)
        .position(|nth| ask(&mut node, client, &format!("SET key{nth} 0123456789"), START).starts_with("-OOM"));
    assert!(full.is_some_and(|written| written > 100), "full after {full:?}");
    assert_eq!(ask(&mut node, client, "EXISTS volatile", START), ":0\r\n");
    assert_eq!(ask(&mut node, client, "EXISTS key0", START), ":1\r\n");
}

#[test]
fn a_script_that_does_not_end_is_ended() {
    let config = RedisConfig {
        lua_time_limit_ms: 1,
        ..RedisConfig::default()
    };
    let (mut node, client) = boot(config, Disk::new());
    let killed = "-ERR Script killed by user with SCRIPT KILL... script: ";
    for body in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
    ] {
        let reply = ask(&mut node, client, &format!("EVAL \"{body}\" 0"), START);
        assert!(reply.starts_with(killed), "{reply}");
    }
    assert_eq!(ask(&mut node, client, "EVAL \"return 1\" 0", START), ":1\r\n");
}

#[test]
fn a_pause_holds_back_and_lets_go() {
    let (mut node, client) = boot(RedisConfig::default(), Disk::new());
    let (other, wake) = node.connect("127.0.0.1:2".parse().expect("an address"));
    assert_eq!(ask(&mut node, client, "CLIENT PAUSE 100 WRITE", START), "+OK\r\n");
    assert_eq!(ask(&mut node, other, "GET k", START), "$-1\r\n");
    assert_eq!(ask(&mut node, other, "SET k v", START), "");
    // Nothing wakes it before the pause ends: a server that looks again and again serves nobody else.
    let mut woken = std::pin::pin!(wake.notified());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(woken.as_mut().poll(&mut context).is_pending());
    assert_eq!(node.wait_until(other), Some(START.mono_ms + 100));
    node.wait_expired(other, later(100));
    node.pump(other, later(100));
    assert_eq!(&node.take_output(other).0[..], b"+OK\r\n");
}

#[test]
fn a_pause_holds_back_the_question_for_acknowledgements() {
    let (mut node, client) = boot(RedisConfig::default(), Disk::new());
    let [waiting, writing, replica] = [2, 3, 4].map(|port| node.connect(([127, 0, 0, 1], port).into()).0);
    ask(&mut node, replica, "PSYNC ? -1", START);
    assert_eq!(ask(&mut node, waiting, "SET k v", START), "+OK\r\n");
    assert_eq!(ask(&mut node, client, "CLIENT PAUSE 100 WRITE", START), "+OK\r\n");
    node.take_output(replica);
    assert_eq!(ask(&mut node, waiting, "WAIT 1 0", START), "");
    assert_eq!(ask(&mut node, writing, "SET k w", START), "");
    let (asked, _) = node.take_output(replica);
    assert!(asked.is_empty(), "{}", asked.escape_ascii());
    assert_eq!(node.cron(START), Some(START.mono_ms + 100), "then it is asked");
    node.cron(later(100));
    node.pump(writing, later(100));
    let (asked, _) = node.take_output(replica);
    let asked = asked.escape_ascii().to_string();
    assert!(
        asked.contains("SET") && asked.ends_with("GETACK\\r\\n$1\\r\\n*\\r\\n"),
        "{asked}"
    );
}

/// As processCommand does it: what is refused is refused at once, everything else waits, and continues in order. (A real
/// server in this state answers nobody, so it is not among the comparisons.)
#[test]
fn a_pause_of_everything_holds_back_even_its_end() {
    let (mut node, client) = boot(RedisConfig::default(), Disk::new());
    let [one, other] = [2, 3].map(|port| node.connect(([127, 0, 0, 1], port).into()).0);
    assert_eq!(ask(&mut node, client, "CLIENT PAUSE 100", START), "+OK\r\n");
    assert_eq!(ask(&mut node, other, "PING", START), "");
    assert_eq!(ask(&mut node, one, "CLIENT UNPAUSE", START), "");
    assert!(ask(&mut node, client, "NOSUCH", START).starts_with("-ERR unknown command"));
    assert!(ask(&mut node, client, "GET", START).starts_with("-ERR wrong number"));
    assert_eq!(ask(&mut node, client, "PING", later(100)), "+PONG\r\n", "it is over");
    assert_eq!(node.released, [other, one], "in the order in which they came");
}

#[test]
fn a_blocked_client_gets_an_error_when_the_role_changes() {
    let (mut node, client) = boot(RedisConfig::default(), Disk::new());
    let (other, _) = node.connect("127.0.0.1:2".parse().expect("an address"));
    assert_eq!(ask(&mut node, other, "BLPOP list 0", START), "");
    ask(&mut node, client, "REPLICAOF 127.0.0.1 1", START);
    let (reply, closing) = node.take_output(other);
    assert!(reply.starts_with(b"-UNBLOCKED force unblock") && closing);
}

#[test]
fn a_snapshot_is_all_that_a_restart_brings_back() {
    let disk = Disk::new();
    let config = RedisConfig {
        persistence: PersistenceMode::Rdb {
            after_s: 60,
            changes: 2,
        },
        ..RedisConfig::default()
    };
    let (mut node, client) = boot(config.clone(), disk.clone());
    ask(&mut node, client, "SET code v", START);
    ask(&mut node, client, "RPUSH list a b", START);
    node.cron(later(60_000));
    let (mut early, reader) = boot(config.clone(), disk.clone());
    assert_eq!(ask(&mut early, reader, "DBSIZE", START), ":0\r\n", "not yet");
    node.cron(later(61_000));
    ask(&mut node, client, "GETDEL code", later(62_000));
    let (mut restarted, reader) = boot(config.clone(), disk.clone());
    assert_eq!(ask(&mut restarted, reader, "GET code", START), "$1\r\nv\r\n");
    assert_eq!(ask(&mut restarted, reader, "LLEN list", START), ":2\r\n");
    ask(&mut node, client, "SAVE", later(63_000));
    let (mut restarted, reader) = boot(config, disk);
    assert_eq!(ask(&mut restarted, reader, "GET code", START), "$-1\r\n");
}

#[test]
fn equal_nodes_choose_equally() {
    let choices = || {
        let (mut node, client) = boot(RedisConfig::default(), Disk::new());
        ask(&mut node, client, "SADD set a b c d e f g h", START);
        [
            "SPOP set",
            "SRANDMEMBER set 5",
            "EVAL \"return tostring({}) .. math.random(100)\" 0",
        ]
        .map(|command| ask(&mut node, client, command, START))
    };
    assert_eq!(choices(), choices());
}
