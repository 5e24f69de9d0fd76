//! The golden replies, put to the model and to the real server that is installed.

use super::{
    Agreement,
    arm::{Arm, ModelArm, request},
    process::Unavailable,
    real::{RealArm, RealRedis},
};
use crate::real_clock::wall_ms;
use model_redis::RedisConfig;

const VECTORS: &str = include_str!("../../../sim/models/redis/vectors/redis-7.0.15.txt");

/// A section of the file, and what brings an empty server to where it begins.
struct Section {
    title: &'static str,
    before: &'static [&'static str],
}

const fn section(title: &'static str) -> Section {
    Section { title, before: &[] }
}

/// A master that is not there: the link stays down.
const NO_MASTER: &str = "REPLICAOF 127.0.0.1 1";

/// What one server can be asked. Sections about pairs of nodes are put to the model alone, by its own
/// tests.
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

/// Puts all of them to both.
///
/// # Errors
/// There is no real server.
pub fn compare() -> Result<Agreement, Unavailable> {
    let mut agreement = Agreement::default();
    for section in SECTIONS {
        for protocol in ["RESP2", "RESP3"] {
            let rows = rows(section.title, protocol);
            let real = RealRedis::start(&[])?;
            let mut arm = RealArm::new(real.port()).map_err(|error| Unavailable::broken("redis-server", error))?;
            agreement = agreement.and(put("redis-server", &mut arm, section, protocol, &rows));
            let mut arm = ModelArm::new(RedisConfig::default(), wall_ms());
            agreement = agreement.and(put("the model", &mut arm, section, protocol, &rows));
        }
    }
    Ok(agreement)
}

fn put(who: &str, arm: &mut dyn Arm, section: &Section, protocol: &str, rows: &[Row]) -> Agreement {
    let (mut first, second) = (arm.connect(), arm.connect());
    for command in section.before {
        let words: Vec<&str> = command.split(' ').collect();
        arm.ask(first, &request(&words));
    }
    if protocol == "RESP3" {
        arm.ask(first, &request(&["HELLO", "3"]));
    }
    let (mut agreement, mut hung_up) = (Agreement::default(), false);
    for row in rows {
        if hung_up && !row.expected.starts_with("<EOF") {
            first = arm.connect();
        }
        if row.command.starts_with("(sleep") {
            arm.wait(40);
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
        let heard = arm.ask(connection, &wire);
        let answer = String::from_utf8_lossy(&heard.bytes)
            .replace('\r', "\\r")
            .replace('\n', "\\n");
        agreement.compared += 1;
        if !matches(command, row.expected, &answer, heard.closed) {
            agreement.differences.push(format!(
                "{}, {protocol}: {command}\n  expected {}\n  {who} answers {answer}{}",
                section.title,
                row.expected,
                if heard.closed { " and hangs up" } else { "" }
            ));
        }
        hung_up = heard.closed;
    }
    agreement
}

fn matches(command: &str, expected: &str, answer: &str, closed: bool) -> bool {
    match command {
        _ if expected.starts_with("<EOF") => answer.is_empty() && closed,
        "ROLE" if expected.contains("master") => {
            // how far its stream is, is a matter of the measurement
            let begins = "*3\\r\\n$6\\r\\nmaster\\r\\n:";
            answer.starts_with(begins) && expected.starts_with(begins)
        }
        "CLIENT ID" => answer.starts_with(':'),
        "ROLE" if expected.contains("slave") => {
            // which master it looks for is a matter of the measurement
            let begins = "*5\\r\\n$5\\r\\nslave\\r\\n$9\\r\\n127.0.0.1\\r\\n:";
            answer.starts_with(begins) && expected.starts_with(begins)
        }
        "PTTL n" | "PTTL k" | "PTTL e" => match (milliseconds(answer), milliseconds(expected)) {
            // time goes on between two questions
            (Some(answer), Some(expected)) => answer == expected || (answer > 0 && expected - answer < LATE_MS_MAX),
            _ => answer == expected,
        },
        _ => without_id(answer) == without_id(expected),
    }
}

/// How late a question may come after the one before, milliseconds.
const LATE_MS_MAX: i64 = 250;

fn milliseconds(reply: &str) -> Option<i64> {
    reply.strip_prefix(':')?.trim_end_matches("\\r\\n").parse().ok()
}

/// The number of a client is not something to compare.
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
