//! The information that operators have: the log of the service's processes at production's level, and the references
//! that people and clients got with errors.
//!
//! Both are the same whatever log is requested of a run. They do not belong to the history, because the history says
//! what happened, and a log says what a process writes about itself. They contain no secrets: where a line had one, its
//! kind is recorded instead.

use crate::log::LogLine;
use std::collections::BTreeMap;

/// The information that operators have of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operators {
    /// The lines of the service's processes at production's level, in order.
    pub log: Vec<ServiceLine>,
    /// Errors that people and clients got, in order.
    pub errors: Vec<ReportedError>,
}

/// A line of the log of one of the service's processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// The line, without its secrets.
    pub line: LogLine,
    /// The kinds of secrets that were in it.
    pub secrets: Vec<&'static str>,
}

/// An error that the service itself made and that somebody got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedError {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The person or client who got it.
    pub who: String,
    /// Its HTTP status.
    pub status: u16,
    /// The identifier that the service gave to the request.
    pub reference: String,
    /// Whether the reference is on the page or in the answer, where its receiver can read it.
    pub shown: bool,
}

/// Secrets that people, clients or attackers have had in the run, each with its kind.
pub type Secrets = BTreeMap<String, &'static str>;

/// Length of the shortest word that can be a secret, characters.
const SECRET_LEN_MIN: usize = 6;

/// The words of a text that are long enough to be a secret.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words = text.split(move |c| !is_part(c)).map(|word| word.trim_matches('.'));
    words.filter(|word| word.len() >= SECRET_LEN_MIN)
}

/// The text with each word that is a secret replaced by its kind, and the kinds.
pub(crate) fn take_out(text: &str, secrets: &Secrets) -> (String, Vec<&'static str>) {
    let found: Vec<(&str, &'static str)> = words(text)
        .filter_map(|word| Some((word, *secrets.get(word)?)))
        .collect();
    let cleared = found.iter().fold(text.to_owned(), |text, (secret, kind)| {
        text.replace(secret, &format!("({kind})"))
    });
    (cleared, found.into_iter().map(|(_, kind)| kind).collect())
}

/// The line with each word that is a secret replaced by its kind.
pub fn without_secrets(line: LogLine, secrets: &Secrets) -> ServiceLine {
    let (text, secrets) = take_out(&line.text, secrets);
    ServiceLine {
        line: LogLine { text, ..line },
        secrets,
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
