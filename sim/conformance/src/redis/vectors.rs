//! The golden vectors (replies measured once, on 7.0.15), checked against the model and against the installed server.

use super::{
    real::{RealServer, RedisProcess},
    server::{ModelServer, Server, request},
};
use crate::{Agreement, Unavailable};
use model_redis::RedisConfig;
use seams_os::clock::wall_ms;

const VECTORS: &str = include_str!("../../../models/redis/vectors/redis-7.0.15.txt");

/// A section of the file, and the commands that bring an empty server to the state in which it begins.
struct Section {
    title: &'static str,
    before: &'static [&'static str],
}

const fn section(title: &'static str) -> Section {
    Section { title, before: &[] }
}

/// A master that does not exist: the link stays down.
const NO_MASTER: &str = "REPLICAOF 127.0.0.1 1";

/// Sections for a single server. Those about pairs of nodes are checked by the model's own tests.
const SECTIONS: &[Section] = &[
    section("SET / NX"),
    section("INCR / INCRBY"),
    section("MULTI / EXEC"),
    section("HELLO / CLIENT"),
    section("HELLO 3 reply"),
    section("protocol errors ("),
    section("protocol errors 2"),
    section("inline"),
    section("GET / POST"),
    Section {
        title: "replica, link down, replica-serve-stale-data no",
        before: &["CONFIG SET replica-serve-stale-data no", NO_MASTER],
    },
    Section {
        title: "replica, link down, replica-serve-stale-data yes",
        before: &[NO_MASTER],
    },
];

struct Row {
    command: &'static str,
    expected: &'static str,
}

fn rows(title: &str, protocol: &str) -> Vec<Row> {
    let lines = VECTORS
        .lines()
        .skip_while(|line| !line.starts_with(&format!("## {title}")))
        .skip(1);
    lines
        .take_while(|line| !line.starts_with("##"))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            (fields.next()? == protocol).then_some(())?;
            Some(Row {
                command: fields.next()?,
                expected: fields.next()?,
            })
        })
        .collect()
}

/// Checks all of them against both.
///
/// # Errors
/// There is no real server.
pub fn compare() -> Result<Agreement, Unavailable> {
    let mut agreement = Agreement::default();
    for section in SECTIONS {
        for protocol in ["RESP2", "RESP3"] {
            let rows = rows(section.title, protocol);
            let real = RedisProcess::start(&[])?;
            let mut server =
                RealServer::new(real.port()).map_err(|error| Unavailable::broken("redis-server", error))?;
            agreement = agreement.and(check("redis-server", &mut server, section, protocol, &rows));
            let mut server = ModelServer::new(RedisConfig::default(), wall_ms());
            agreement = agreement.and(check("the model", &mut server, section, protocol, &rows));
        }
    }
    Ok(agreement)
}

fn check(who: &str, server: &mut dyn Server, section: &Section, protocol: &str, rows: &[Row]) -> Agreement {
    let (mut first, second) = (server.connect(), server.connect());
    for command in section.before {
        let words: Vec<&str> = command.split(' ').collect();
        server.ask(first, &request(&words));
    }
    if protocol == "RESP3" {
        server.ask(first, &request(&["HELLO", "3"]));
    }
    let (mut agreement, mut closed) = (Agreement::default(), false);
    for row in rows {
        if closed && !row.expected.starts_with("<EOF") {
            first = server.connect();
        }
        if row.command.starts_with("(sleep") {
            server.wait(40);
            continue;
        }
        let (connection, command) = match row.command.strip_prefix("[c2] ") {
            Some(command) => (second, command),
            None => (first, row.command),
        };
        let wire = match command.strip_prefix("[raw] ") {
            Some(raw) => raw.replace("\\r", "\r").replace("\\n", "\n").into_bytes(),
            None => format!("{command}\r\n").into_bytes(), // inline: Redis splits and unquotes the words
        };
        let received = server.ask(connection, &wire);
        let answer = String::from_utf8_lossy(&received.bytes)
            .replace('\r', "\\r")
            .replace('\n', "\\n");
        agreement.compared += 1;
        if !matches(command, row.expected, &answer, received.closed) {
            agreement.differences.push(format!(
                "{}, {protocol}: {command}\n  expected {}\n  {who} replies {answer}{}",
                section.title,
                row.expected,
                if received.closed {
                    " and closes the connection"
                } else {
                    ""
                }
            ));
        }
        closed = received.closed;
    }
    agreement
}

fn matches(command: &str, expected: &str, answer: &str, closed: bool) -> bool {
    match command {
        _ if expected.starts_with("<EOF") => answer.is_empty() && closed,
        "ROLE" if expected.contains("master") => {
            // the offset depends on the measurement
            let begins = "*3\\r\\n$6\\r\\nmaster\\r\\n:";
            answer.starts_with(begins) && expected.starts_with(begins)
        }
        "CLIENT ID" => answer.starts_with(':'),
        "ROLE" if expected.contains("slave") => {
            // the master's port depends on the measurement
            let begins = "*5\\r\\n$5\\r\\nslave\\r\\n$9\\r\\n127.0.0.1\\r\\n:";
            answer.starts_with(begins) && expected.starts_with(begins)
        }
        "PTTL n" | "PTTL k" | "PTTL e" => match (milliseconds(answer), milliseconds(expected)) {
            // time passes between the two questions
            (Some(answer), Some(expected)) => answer == expected || (answer > 0 && expected - answer < LATE_MS_MAX),
            _ => answer == expected,
        },
        _ => without_id(answer) == without_id(expected),
    }
}

/// How much later a question may come than in the measurement, milliseconds.
const LATE_MS_MAX: i64 = 250;

fn milliseconds(reply: &str) -> Option<i64> {
    reply.strip_prefix(':')?.trim_end_matches("\\r\\n").parse().ok()
}

/// Without the client's number, which differs each time.
fn without_id(reply: &str) -> String {
    match reply.split_once("$2\\r\\nid\\r\\n:") {
        Some((before, after)) => format!("{before}id{}", after.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => reply.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_section_is_empty() {
        for section in SECTIONS {
            let rows = ["RESP2", "RESP3"].map(|protocol| rows(section.title, protocol).len());
            assert!(rows.iter().sum::<usize>() > 0, "{}", section.title);
        }
    }

    #[test]
    fn the_number_of_a_client_is_not_compared() {
        assert!(matches(
            "HELLO",
            "$2\\r\\nid\\r\\n:7\\r\\nx",
            "$2\\r\\nid\\r\\n:123\\r\\nx",
            false
        ));
        assert!(!matches(
            "HELLO",
            "$2\\r\\nid\\r\\n:7\\r\\nx",
            "$2\\r\\nid\\r\\n:7\\r\\ny",
            false
        ));
    }
}
