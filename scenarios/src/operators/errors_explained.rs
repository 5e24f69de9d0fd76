//! The reference of an error page leads to a line of the log that names the part that failed, and names the right one.
//!
//! Source: inventory 56 (a cause was swallowed, and the operators had a reference that led to nothing) and 59 (the
//! second of two faults could not be distinguished from the first).
//!
//! Fairness. The property judges errors with a reference: the service's own, not the balancer's. Each must have a line
//! of a replica's log with that reference. If the service says that it cannot do its work at the moment (5xx), the
//! person must have been able to read the reference, and the line must name the part that failed, in any wording: the
//! store, the directory or a queue. A part that no fault of the run can have hit so far must not be blamed. Every fault
//! except those of the directory, the mail relay and the analytics hook may hit the store, because the store is far away,
//! behind Sentinels and clocks.
//!
//! Edges. If a line names several parts, it is enough that one of them was in trouble. A request without an answer has
//! no reference.

use crate::{
    property::{faults, invocations, reading::Invocation, violation},
    vocabulary::{Evidence, Fault, Kind, Login, Operators, OwnFault, Property, ReportedError, Violation},
};
use std::collections::BTreeMap;

/// Property: the log explains every error that has a reference. See the module.
pub struct ErrorsExplained;

/// A part of the service: its names in the log, and whether a fault may hit it.
struct Part {
    names: &'static [&'static str],
    may_hit: fn(&Fault) -> bool,
}

const PARTS: [Part; 3] = [
    Part {
        names: &["the store", "redis", "sentinel", "the master"],
        may_hit: |fault| !of_the_directory(fault) && !of_others(fault),
    },
    Part {
        names: &["the directory"],
        may_hit: of_the_directory,
    },
    Part {
        names: &["queue", "a twin of this attempt", "every port for logins"],
        may_hit: |_| true,
    },
];

/// Whether a line blames nothing, or something that one of these faults may have hit.
pub(super) fn blamed<'a>(line: &str, faults: impl Iterator<Item = &'a Fault> + Clone) -> bool {
    let named = PARTS
        .iter()
        .filter(|part| part.names.iter().any(|name| line.contains(name)));
    let mut named = named.peekable();
    named.peek().is_none() || named.any(|part| faults.clone().any(|fault| (part.may_hit)(fault)))
}

fn of_the_directory(fault: &Fault) -> bool {
    if let Fault::Call(call) = fault {
        return call.call.starts_with("directory ");
    }
    matches!(
        fault,
        Fault::Own(OwnFault::Directory(_)) | Fault::DiskError { .. } | Fault::DiskSlow { .. }
    )
}

/// Whether it is the mail relay or the analytics hook that behaves in another way.
fn of_others(fault: &Fault) -> bool {
    matches!(fault, Fault::Own(OwnFault::Mail(_) | OwnFault::Analytics(_)))
}

/// Whether a line names a request that nobody can have been told of: a reference is 16 hexadecimal digits.
fn lacks_reference(line: &str) -> bool {
    let Some((_, rest)) = line.split_once("correlation=") else {
        return false;
    };
    let reference = rest.split(' ').next().unwrap_or_default();
    reference.len() != 16 || !reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Property<Login> for ErrorsExplained {
    fn name(&self) -> String {
        "ErrorsExplained".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "for the reference of every error, the log names what failed".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let unnamed = evidence
            .operators
            .log
            .iter()
            .find(|written| lacks_reference(&written.line.text));
        if let Some(written) = unnamed {
            let what = format!(
                "{} logs a line whose reference is none: {:?}",
                written.line.host, written.line.text
            );
            return Err(violation(&self.name(), written.line.at_ms, vec![], what).because("line-without-reference"));
        }
        if evidence.operators.errors.is_empty() {
            return Ok(());
        }
        let log = by_reference(evidence.operators);
        for told in &evidence.operators.errors {
            evidence.judged(1);
            let Err((reason, why)) = explained(told, &log, evidence) else {
                continue;
            };
            let invocations = invocations(evidence.history);
            let theirs = |invocation: &&Invocation<'_>| {
                invocation.who == told.who && invocation.began_ms <= told.at_ms && told.at_ms <= invocation.ended_ms()
            };
            let records = invocations
                .iter()
                .filter(theirs)
                .flat_map(Invocation::records)
                .collect();
            let what = format!(
                "{} got a {} with the reference {}, {why}",
                told.who, told.status, told.reference
            );
            return Err(violation(&self.name(), told.at_ms, records, what).because(reason));
        }
        Ok(())
    }
}

/// Lines of the log by the references in them, for the references that somebody was given. A reference is a word of
/// letters and digits.
type Log<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// Built in one pass through the log: in a run with hundreds of errors, a search for each took longer than any other
/// property.
fn by_reference(operators: &Operators) -> Log<'_> {
    let told = operators.errors.iter().map(|told| (told.reference.as_str(), vec![]));
    let mut log: Log<'_> = told.collect();
    for written in &operators.log {
        let text = written.line.text.as_str();
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            if let Some(lines) = log.get_mut(word) {
                lines.push(text);
            }
        }
    }
    log
}

fn explained(told: &ReportedError, log: &Log<'_>, evidence: &Evidence<'_>) -> Result<(), (&'static str, String)> {
    let lines = log.get(told.reference.as_str()).map_or(&[][..], Vec::as_slice);
    let Some(last) = lines.last() else {
        return Err(("not-logged", "and no replica's log knows of it".into()));
    };
    if told.status < 500 {
        return Ok(());
    }
    if !told.shown {
        return Err(("not-shown", "which could not be read there".into()));
    }
    let names = |part: &&Part| {
        part.names
            .iter()
            .any(|name| lines.iter().any(|line| line.contains(name)))
    };
    let named: Vec<&Part> = PARTS.iter().filter(names).collect();
    if named.is_empty() {
        return Err(("no-cause", format!("and the log does not say what failed: {last:?}")));
    }
    let so_far = || faults(evidence.history).take_while(|(at_ms, ..)| *at_ms <= told.at_ms);
    let may_hit = |part: &&Part| so_far().any(|(.., fault)| (part.may_hit)(fault));
    match named.iter().any(may_hit) {
        true => Ok(()),
        false => Err((
            "another-cause",
            format!("and the log blames what no fault had hit: {last:?}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        people,
        property::testing::*,
        scenario::{directory_busy, mail, secs},
        vocabulary::{Mode, Op},
    };

    const LOCKED: &str = "refused correlation=0a1b0a1b0a1b0a1b status=503 cause=looking up the person: not done: the directory is locked";
    const LOST: &str =
        "refused correlation=0a1b0a1b0a1b0a1b status=503 cause=counting: outcome unknown: connection lost: redis: EOF";

    fn story() -> Story {
        hit_by(directory_busy(secs(5)))
    }

    fn only_mails_fail() -> Story {
        hit_by(mail(Mode::Failing))
    }

    fn hit_by(fault: Fault) -> Story {
        Story::new().fault(1000, fault).op(
            (2000, 3000),
            "ann",
            Op::People(people::Op::OpenLogin),
            fail("temporarily-unavailable"),
        )
    }

    #[test]
    fn accepts_what_is_explained() {
        for story in [
            story(),
            story()
                .error(3000, "ann", 503, "0a1b0a1b0a1b0a1b")
                .logged(2900, LOCKED, &[]),
            story().error(3000, "ann", 400, "0a1b0a1b0a1b0a1b").logged(
                2900,
                "refused correlation=0a1b0a1b0a1b0a1b error=expired",
                &[],
            ),
            story()
                .fault(2000, Fault::Kill { host: "redis-1".into() })
                .error(3000, "ann", 503, "0a1b0a1b0a1b0a1b")
                .logged(2900, LOST, &[]),
        ] {
            assert_eq!(story.judged_by(&ErrorsExplained), Ok(()));
        }
    }

    #[test]
    fn a_line_names_a_reference_or_none() {
        let logged = |line: &str| story().logged(2900, line, &[]).judged_by(&ErrorsExplained);
        assert_eq!(logged("taking a code correlation=0123456789abcdef failure=x"), Ok(()));
        assert!(logged("taking a code correlation= failure=x").is_err());
    }

    #[test]
    fn rejects_what_is_not() {
        let mut hidden = story()
            .error(3000, "ann", 503, "0a1b0a1b0a1b0a1b")
            .logged(2900, LOCKED, &[]);
        hidden.operators.errors[0].shown = false;
        let told = || story().error(3000, "ann", 503, "0a1b0a1b0a1b0a1b");
        for (story, reason) in [
            (
                told().logged(2900, &LOCKED.replace("0a1b0a1b0a1b0a1b", "ffffffffffffffff"), &[]),
                "not-logged",
            ),
            (hidden, "not-shown"),
            (
                told().logged(2900, "refused correlation=0a1b0a1b0a1b0a1b cause=internal error", &[]),
                "no-cause",
            ),
            (told().logged(2900, LOST, &[]), "another-cause"),
            (
                only_mails_fail()
                    .error(3000, "ann", 503, "0a1b0a1b0a1b0a1b")
                    .logged(2900, LOST, &[]),
                "another-cause",
            ),
        ] {
            let violation = story.judged_by(&ErrorsExplained).unwrap_err();
            assert_eq!((violation.reason.as_str(), violation.evidence), (reason, vec![1, 2]));
        }
    }
}
