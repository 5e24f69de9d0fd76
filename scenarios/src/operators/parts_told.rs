//! A part that fails has a line of its own before that of the request which it fails: operators look for "the store" or "the
//! directory", and there may be a thousand such requests.
//!
//! Source: `core/MESSAGES.md`, "Lines of the log"; inventory 56.
//!
//! Edges. A call that the plan lets fail fails above the part, which then has nothing to tell: such runs are not judged.

use crate::{
    property::{faults, violation},
    vocabulary::{Evidence, Fault, Violation},
};

/// How the line of the store begins, and that of the directory.
const OF_STORE: &str = "the store did not answer as it should cause=";
const OF_DIRECTORY: &str = "the directory failed cause=";
/// What the line of a request says of a failure of the store, and how the cause in the store's own line begins.
const OF_ANSWERS: [(&str, &str); 12] = [
    ("not done: refused: redis: READONLY ", "not done: refused: READONLY "),
    (
        "not done: refused: redis: NOREPLICAS ",
        "not done: refused: NOREPLICAS ",
    ),
    ("not done: refused: redis: LOADING ", "not done: refused: LOADING "),
    (
        "not done: refused: redis: MASTERDOWN ",
        "not done: refused: MASTERDOWN ",
    ),
    ("not done: refused: redis: OOM ", "not done: refused: OOM "),
    ("not done: refused: redis: MISCONF ", "not done: refused: MISCONF "),
    ("not done: refused: redis: BUSY ", "not done: refused: BUSY "),
    (
        "unexpected answer: redis: WRONGTYPE ",
        "not done: unexpected answer: WRONGTYPE ",
    ),
    ("unexpected answer: redis: ERR ", "not done: unexpected answer: ERR "),
    (
        "unexpected answer: redis: NOPERM ",
        "not done: unexpected answer: NOPERM ",
    ),
    (
        "outcome unknown: connection lost: redis: ",
        "outcome unknown: connection lost: ",
    ),
    (
        "outcome unknown: the store took longer ",
        "outcome unknown: the store took longer ",
    ),
];
/// How long before that of the request the line of the part may be, milliseconds: what follows a failure takes no longer.
const BEFORE_MS: u64 = 5_000;

/// Judges this for [`LogAsDocumented`](super::log_as_documented::LogAsDocumented).
pub(super) fn check(property: &str, evidence: &Evidence<'_>) -> Result<(), Violation> {
    let mut all = faults(evidence.history).map(|(_, _, fault)| fault);
    if all.any(|fault| matches!(fault, Fault::Call(_))) {
        return Ok(());
    }
    let lines = || evidence.operators.log.iter().map(|written| &written.line);
    for line in lines().filter(|line| line.text.starts_with("refused correlation=")) {
        let Some(begins) = line_of_part(&line.text) else {
            continue;
        };
        let mut before = lines().filter(|other| {
            other.host == line.host && (line.at_ms.saturating_sub(BEFORE_MS)..=line.at_ms).contains(&other.at_ms)
        });
        let is_told = before.any(|other| other.text.starts_with(&begins));
        if evidence.is_violated(!is_told, None) {
            let what = format!("{} blames a part that says nothing: {:?}", line.host, line.text);
            return Err(violation(property, line.at_ms, vec![], what).because("part-says-nothing"));
        }
    }
    Ok(())
}

/// How the line of the part begins that failed, if a request says that one did.
fn line_of_part(refused: &str) -> Option<String> {
    if refused.contains("the directory failed: ") {
        return Some(OF_DIRECTORY.to_owned());
    }
    let (_, cause) = OF_ANSWERS.iter().find(|(says, _)| refused.contains(says))?;
    Some(format!("{OF_STORE}{cause}"))
}

#[cfg(test)]
mod tests {
    use crate::{operators::log_as_documented::LogAsDocumented, property::testing::*, vocabulary::Fault};

    /// What is wrong with the line of a request at 9 s, if this line is before it.
    fn reason(at_ms: u64, line: &str) -> Result<(), String> {
        let cause = "counting mails: outcome unknown: connection lost: redis: EOF";
        let refused = format!(
            "refused correlation=0a1b0a1b0a1b0a1b method=POST path=/login/send status=503 error=temporarily-unavailable \
             cause={cause}"
        );
        let story = Story::new().fault(1000, Fault::Kill { host: "redis-1".into() });
        let story = story.logged_at(at_ms, "WARN", line).logged_at(9_000, "WARN", &refused);
        story.judged_by(&LogAsDocumented).map_err(|violation| violation.reason)
    }

    #[test]
    fn a_part_says_itself_that_it_failed() {
        let silent = Err("part-says-nothing".to_owned());
        let line = "the store did not answer as it should cause=outcome unknown: connection lost: EOF";
        assert_eq!(reason(8_900, line), Ok(()));
        assert_eq!(reason(3_000, line), silent, "of another request");
        let other = line.replace("connection lost: EOF", "the store took longer than 800 ms");
        assert_eq!(reason(8_900, &other), silent, "of another failure");
    }
}
