//! Replies and effects of the real server, command by command (measured by `vectors/measure.py`).

use super::config::{Moment, RedisConfig};
use super::disk::Disk;
use super::node::{ClientId, Node};
use super::resp::{encode_request, split_words};
use bytes::BytesMut;
use std::sync::Arc;

const START: Moment = Moment {
    wall_ms: 1_790_000_000_000,
    mono_ms: 1_000,
};

/// Commands whose replies (or parts of them) have no order.
const UNORDERED: &[&str] = &[
    "smembers",
    "sunion",
    "sinter",
    "sdiff",
    "hgetall",
    "hkeys",
    "hvals",
    "keys",
    "scan",
    "hscan",
    "sscan",
    "zscan",
    "pubsub",
    "spop",
    "srandmember",
    "config",
    "(sleep",
];

struct World {
    node: Node,
    now: Moment,
    first: ClientId,
    second: ClientId,
    replica: ClientId,
}

impl World {
    fn new(resp3: bool) -> World {
        let mut n = 0;
        let hex = move || {
            n += 1;
            format!("{n:040x}")
        };
        let mut node = Node::boot(RedisConfig::default(), Disk::new(), START, hex, Arc::new(|_| {}));
        let address = "127.0.0.1:1".parse().expect("an address");
        let [first, second, replica] = [(); 3].map(|()| node.connect(address).0);
        let now = START;
        let mut world = World {
            node,
            now,
            first,
            second,
            replica,
        };
        if resp3 {
            world.ask(first, "HELLO 3");
            world.ask(second, "HELLO 3");
        } else {
            world.ask(replica, "PSYNC ? -1");
            world.ask(replica, "REPLCONF ACK 0");
        }
        world.ask(first, "SET __select x");
        world.ask(first, "DEL __select");
        world.effects();
        world
    }

    fn ask(&mut self, client: ClientId, command: &str) -> String {
        self.send(client, command);
        self.output(client)
    }

    fn send(&mut self, client: ClientId, command: &str) {
        let mut wire = BytesMut::new();
        encode_request(&split_words(command.as_bytes()).expect("balanced quotes"), &mut wire);
        self.node.feed(client, &wire, self.now);
    }

    fn output(&mut self, client: ClientId) -> String {
        shown(&self.node.take_output(client).0)
    }

    fn effects(&mut self) -> String {
        self.output(self.replica)
    }

    fn sleep(&mut self, ms: u64) {
        self.now.wall_ms += ms as i64;
        self.now.mono_ms += ms;
        self.node.cron(self.now);
        for client in [self.first, self.second] {
            self.node.wait_expired(client, self.now);
            self.node.pump(client, self.now);
        }
    }
}

/// As measure.py writes it.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

fn same(name: &str, one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.split("\\r\\n").map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (one, other) = (timeless(one), timeless(other));
    one == other || UNORDERED.contains(&name) && sorted(&one) == sorted(&other)
}

/// Without current wall-clock times: thirteen digits that begin with 17.
fn timeless(text: &str) -> String {
    let digits =
        |part: &str| part.len() == 13 && part.starts_with("17") && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text
        .split("\\r\\n")
        .map(|part| if digits(part) { "(now)" } else { part });
    parts.collect::<Vec<_>>().join("\\r\\n")
}

fn check(file: &str) {
    let (mut wrong, mut rows) = (vec![], 0);
    for resp3 in [false, true] {
        let mut world = World::new(resp3);
        for line in file.lines() {
            if line.starts_with("##") {
                world = World::new(resp3);
            }
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let [command, two, three, effects] = fields[..] else {
                panic!("not measured: {line:?}")
            };
            if let Some(ms) = command.strip_prefix("(sleep ") {
                world.sleep(ms.trim_end_matches(')').parse().expect("milliseconds"));
            }
            let (mut client, mut how, mut rest) = (world.first, "", command);
            while let Some((tag, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                match tag {
                    "1" => client = world.first,
                    "2" => client = world.second,
                    _ => how = tag,
                }
                rest = after.trim_start();
            }
            if how != "r" && !command.starts_with("(sleep") {
                world.send(client, rest);
            }
            let reply = if how == "b" || command.starts_with("(sleep") {
                String::new()
            } else {
                world.output(client)
            };
            let name = rest.split(' ').next().unwrap_or("").to_ascii_lowercase();
            let expected = if resp3 { three } else { two };
            rows += 1;
            if !same(&name, &reply, expected) {
                wrong.push(format!(
                    "RESP{} {command}\n   expected {expected}\n   answered {reply}",
                    2 + i32::from(resp3)
                ));
            }
            let sent = world.effects();
            if !resp3 && !same(&name, &sent, effects) {
                wrong.push(format!(
                    "effects of {command}\n   expected {effects}\n   sent     {sent}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {rows} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Checks a file that is not in the repository: `SQUALL_VECTORS=/tmp/random.txt cargo test -p model-redis --lib vectors -- --ignored`.
#[test]
#[ignore = "for files that measure.py has just filled in"]
fn measured_just_now() {
    let paths = std::env::var("SQUALL_VECTORS").expect("SQUALL_VECTORS names files");
    for path in paths.split(' ') {
        check(&std::fs::read_to_string(path).expect(path));
    }
}

macro_rules! families {
    ($($family:ident)*) => {
        $(#[test]
        fn $family() {
            check(include_str!(concat!("../vectors/commands/", stringify!($family), ".txt")));
        })*
    };
}
families!(random strings keys lists hashes sets zsets blocking sessions scripts memory);
