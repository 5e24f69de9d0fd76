//! The notation of steps, and how they are run. Between two steps may pass a second on a busy machine: what a step relies on (a
//! pause, an expiry) lasts longer.
//!
//! | a step | what happens |
//! |---|---|
//! | `1> SET k "a b"` | connection 1 (opened when it is first named) sends this request; quotes as in redis-cli |
//! | `1| *1\r\n$4` | it sends these bytes |
//! | `1% OBJECT IDLETIME k` | a request; of a number in the reply is compared whether it is more than one |
//! | `1# INFO stats; expired_keys` | a request; of the text in the reply the names of all fields are compared, and these fields |
//! | `1# INFO commandstats; *` | the same, with all fields; times of execution are left out |
//! | `1= CONFIG GET *` | a request; of the pairs in the reply the names are compared |
//! | `wait 300` | so many milliseconds pass |
//! | `replica` | a replica attaches, and from now on what it receives is compared |
//! | `ack` | it acknowledges what it has received, as a real one does: without a question that came last |
//! | `ack all` | it acknowledges everything |
//! | `long 200000` | connection 1 pushes so many elements to a list with one request, within twenty seconds |

use super::super::{
    server::{Server, request},
    stream,
};
use model_redis::resp::split_words;
use seams_os::clock::Stopwatch;
use std::collections::BTreeMap;

/// What the longest request may take, milliseconds. Redis takes less than a hundred; if each piece of it is read again with
/// every piece that follows, it is a minute.
const LONG_MS_MAX: u64 = 20_000;

/// How long a real server may take to close a connection, milliseconds.
const CLOSE_MS: u64 = 20;

/// How a reply is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Exactly,
    MoreThanOne,
    Fields,
    Names,
}

struct Replica {
    connection: usize,
    offset: u64,
    /// The offset before a question that came last.
    before_question: Option<u64>,
}

/// Runs the steps: each with what came back on all connections after it, as text.
pub(super) fn run(server: &mut dyn Server, steps: &str) -> Vec<(String, String)> {
    let mut connections: BTreeMap<String, usize> = BTreeMap::new();
    let mut replica: Option<Replica> = None;
    let mut answers = Vec::new();
    for step in steps.lines().map(str::trim).filter(|step| !step.is_empty()) {
        let (mut how, mut fields, mut asked) = (How::Exactly, "", String::new());
        let mut notes = String::new();
        match step.split_once(' ').unwrap_or((step, "")) {
            ("wait", ms) => server.wait(ms.parse().expect("wait MS")),
            ("replica", _) => {
                let (connection, offset) = stream::attach(server);
                let before_question = None;
                replica = Some(Replica {
                    connection,
                    offset,
                    before_question,
                });
            }
            ("ack", which) => {
                let replica = replica.as_ref().expect("a replica has attached");
                let offset = replica
                    .before_question
                    .filter(|_| which != "all")
                    .unwrap_or(replica.offset);
                server.send(replica.connection, &request(&["REPLCONF", "ACK", &offset.to_string()]));
            }
            ("long", count) => {
                let connection = connection(server, &mut connections, "1");
                notes = push_many(server, connection, count.parse().expect("long COUNT"));
            }
            (who, what) => {
                let (name, mark) = who.split_at(who.len() - 1);
                let (words, wanted) = match mark {
                    "#" => what.split_once("; ").expect("REQUEST; FIELDS"),
                    _ => (what, ""),
                };
                how = match mark {
                    "%" => How::MoreThanOne,
                    "=" => How::Names,
                    "#" => How::Fields,
                    ">" | "|" => How::Exactly,
                    _ => panic!("{step:?} is no step"),
                };
                (fields, asked) = (wanted, name.to_owned());
                let wire = match mark {
                    "|" => unescape(words),
                    _ => request(&split_words(words.as_bytes()).expect("balanced quotes")),
                };
                let connection = connection(server, &mut connections, name);
                server.send(connection, &wire);
                if mark == "|" {
                    server.wait(CLOSE_MS); // what closes the connection takes another turn of Redis's event loop
                }
            }
        }
        let mut texts = vec![notes];
        for (name, connection) in &connections {
            let received = server.receive(*connection);
            let how = if *name == asked { how } else { How::Exactly };
            let text = match how {
                How::Exactly => received.bytes.escape_ascii().to_string(),
                How::MoreThanOne => more_than_one(&received.bytes),
                How::Fields => selected(&received.bytes, fields),
                How::Names => names(&received.bytes),
            };
            let closed = if received.closed { " (closed)" } else { "" };
            if !text.is_empty() || received.closed {
                texts.push(format!("{name}: {text}{closed}"));
            }
        }
        texts.extend(replica.as_mut().and_then(|replica| replica.receives(server)));
        texts.retain(|text| !text.is_empty());
        answers.push((step.to_owned(), texts.join("; ")));
    }
    answers
}

fn connection(server: &mut dyn Server, connections: &mut BTreeMap<String, usize>, name: &str) -> usize {
    *connections.entry(name.to_owned()).or_insert_with(|| server.connect())
}

impl Replica {
    /// The commands that it has received since the last step, as text. SELECT and PING are left out.
    fn receives(&mut self, server: &mut dyn Server) -> Option<String> {
        let received = server.receive(self.connection);
        let commands = stream::commands_with_lengths(&received.bytes).expect("whole commands");
        let mut words = Vec::new();
        for (command, length) in commands {
            let text = command.iter().map(|word| word.escape_ascii().to_string());
            let text = text.collect::<Vec<_>>().join(" ");
            self.before_question = (text == "REPLCONF GETACK *").then_some(self.offset);
            self.offset += length as u64;
            if !stream::is_left_out(&command) {
                words.push(text);
            }
        }
        (!words.is_empty()).then(|| format!("to the replica: {}", words.join(", ")))
    }
}

fn push_many(server: &mut dyn Server, connection: usize, count: usize) -> String {
    let numbers = (0..count).map(|number| number.to_string());
    let words: Vec<String> = ["RPUSH", "long"]
        .into_iter()
        .map(str::to_owned)
        .chain(numbers)
        .collect();
    let (wire, watch) = (request(&words), Stopwatch::start());
    for piece in wire.chunks(16 * 1024) {
        if watch.elapsed_ms() > LONG_MS_MAX {
            return format!("takes more than {LONG_MS_MAX} ms");
        }
        server.send(connection, piece);
    }
    String::new()
}

/// `\r`, `\n` and `\x00` to `\xff` as bytes.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match (character, rest.clone().next()) {
            ('\\', Some('r')) => bytes.push(b'\r'),
            ('\\', Some('n')) => bytes.push(b'\n'),
            _ => {
                bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
                continue;
            }
        }
        rest.next();
    }
    bytes
}

/// Whether a number is more than one: a second may end between two steps. Anything else as it is.
fn more_than_one(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    let number = text.strip_prefix(':').and_then(|number| number.strip_suffix("\\r\\n"));
    match number.and_then(|number| number.parse::<i64>().ok()) {
        Some(2..) => ":(more than one)".to_owned(),
        Some(0 | 1) => ":(one or none)".to_owned(),
        _ => text,
    }
}

/// The names of all fields in a text of INFO, and the values of these; `*`: of all. Sorted, because Redis has them in the
/// order of a hash table in some sections.
fn selected(bytes: &[u8], wanted: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut fields: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let shown = wanted == "*" || wanted.split(' ').any(|one| one == name);
            Some(format!(
                "{name}{}",
                if shown {
                    format!("={}", without_times(value))
                } else {
                    String::new()
                }
            ))
        })
        // the connection that asks a real server whether it is idle
        .filter(|field| !field.starts_with("cmdstat_ping"))
        .collect();
    fields.sort();
    fields.join(" ")
}

/// Every second of the strings in a flat array, sorted.
fn names(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let strings = text.split("\r\n").skip(1).enumerate().filter(|(nth, _)| nth % 4 == 1);
    let mut names: Vec<&str> = strings.map(|(_, name)| name).collect();
    names.sort_unstable();
    names.join(" ")
}

fn without_times(value: &str) -> String {
    let parts = value.split(',').filter(|part| !part.starts_with("usec"));
    parts.collect::<Vec<_>>().join(",")
}
