//! What operators have to go by: the log of the service's processes as production writes it, and the references that
//! people and clients got with an error.
//!
//! Both are the same whatever log somebody wants to see of a run, and neither belongs to the history: it tells what
//! happened, and a log what a process says of itself. No secret is in here: where a line had one, it says which kind.

use crate::log::LogLine;
use std::collections::BTreeMap;

/// What operators have to go by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operators {
    /// What the service's processes wrote, at the level that production runs with, in order.
    pub log: Vec<ServiceLine>,
    /// Errors that people and clients got, in order.
    pub errors: Vec<ReportedError>,
}

/// A line of the log of one of the service's processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// The line, without its secrets.
    pub line: LogLine,
    /// Which kinds of secrets were in it.
    pub secrets: Vec<&'static str>,
}

/// An error of the service's own making that somebody got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedError {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Who got it.
    pub who: String,
    /// Its status.
    pub status: u16,
    /// What the service calls the request by.
    pub reference: String,
    /// Whether that is where whoever got it can read it.
    pub shown: bool,
}

/// Secrets that somebody has had in hand, each with its kind.
pub type Secrets = BTreeMap<String, &'static str>;

/// Shorter than any secret.
const SECRET_LEN_MIN: usize = 6;

/// A line with the secrets in it, which are words of it, replaced by their kinds.
pub(crate) fn without_secrets(line: LogLine, secrets: &Secrets) -> ServiceLine {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words = line.text.split(|c| !is_part(c)).map(|word| word.trim_matches('.'));
    let candidates = words.filter(|word| word.len() >= SECRET_LEN_MIN);
    let found: Vec<(String, &'static str)> = candidates
        .filter_map(|word| Some((word.to_owned(), *secrets.get(word)?)))
        .collect();
    let text = found.iter().fold(line.text.clone(), |text, (secret, kind)| {
        text.replace(secret, &format!("({kind})"))
    });
    ServiceLine {
        line: LogLine { text, ..line },
        secrets: found.into_iter().map(|(_, kind)| kind).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine {
            at_ms: 1,
            host: "web-1".into(),
            level: "INFO",
            text: text.into(),
        }
    }

    #[test]
    fn secrets_are_found_as_words_and_taken_out() {
        let secrets = Secrets::from([("123456".into(), "ticket"), ("aB-_9.xyz".into(), "access token")]);
        let found = without_secrets(line("sent to=ann code=123456. bearer \"aB-_9.xyz\""), &secrets);
        assert_eq!(found.secrets, ["ticket", "access token"]);
        assert_eq!(found.line.text, "sent to=ann code=(ticket). bearer \"(access token)\"");
    }

    #[test]
    fn other_numbers_and_parts_of_words_are_none() {
        let secrets = Secrets::from([("123456".into(), "ticket"), ("".into(), "nothing")]);
        for text in ["waited_ms=1234567", "correlation=ab123456cd", "", "123-456"] {
            assert_eq!(without_secrets(line(text), &secrets).secrets, [""; 0], "{text}");
        }
    }
}
