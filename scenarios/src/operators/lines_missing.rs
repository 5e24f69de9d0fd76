//! Lines that must be there: what a replica does with its port, and that it stops, can be seen from outside, and its log says
//! so.
//!
//! Source: `core/MESSAGES.md`; inventory 26 and 38: an operator who asks why a port is closed reads it in the log of that moment.

use super::log_as_documented::SUPERVISOR;
use crate::{
    property::violation,
    vocabulary::{Event, Evidence, Violation},
};
use sim::history::{CLOSED_DEGRADED, CLOSED_STOPPING, RETURNED};
use std::collections::BTreeMap;

/// What says that a port opens.
const OPENS: [&str; 2] = ["ready", "recovered: opening the port for logins again"];
/// Why a port closes, as the harness says it, and how the line begins that tells it.
const CLOSES: [(&str, &str); 2] = [
    (CLOSED_DEGRADED, "degraded: closing the port for logins"),
    (CLOSED_STOPPING, "stopping"),
];
/// So much earlier or later than the event its line may be, milliseconds: both are of one moment, and a real process is seen
/// from outside.
const MOMENT_MS: u64 = 1_000;

/// Judges this for [`LogAsDocumented`](super::log_as_documented::LogAsDocumented): the first line that is missing.
pub(super) fn check(property: &str, evidence: &Evidence<'_>) -> Result<(), Violation> {
    // Since when the state of each port has been as it is.
    let mut since: BTreeMap<&str, u64> = BTreeMap::new();
    for (place, record) in evidence.history.records.iter().enumerate() {
        let at_ms = record.at_ms;
        let says = |host: &str, from_ms: u64, begins: &[&str]| {
            evidence.operators.log.iter().map(|written| &written.line).any(|line| {
                line.host == host
                    && (from_ms..=at_ms + MOMENT_MS).contains(&line.at_ms)
                    && begins.iter().any(|begins| line.text.starts_with(begins))
            })
        };
        let mut excuse = None;
        let (host, is_told, what) = match &record.event {
            // A port that cannot be opened at first opens long after that was told.
            Event::Ready { host, ready: true, .. } => {
                let from_ms = since.insert(host, at_ms).unwrap_or_default();
                (host, says(host, from_ms, &OPENS), "opens its port")
            }
            Event::Ready {
                host,
                ready: false,
                why,
            } => {
                since.insert(host, at_ms);
                let Some((_, begins)) = CLOSES.iter().find(|(reason, _)| reason == why) else {
                    continue;
                };
                let from_ms = at_ms.saturating_sub(MOMENT_MS);
                (host, says(host, from_ms, &[begins]), "closes its port")
            }
            Event::Exit { host, how } if how == RETURNED => {
                excuse = has_failed_to_start(evidence, host, at_ms).then_some(HAD_ENDED);
                (host, says(host, at_ms.saturating_sub(MOMENT_MS), &["stopped"]), "ends")
            }
            _ => continue,
        };
        if evidence.is_violated(!is_told, excuse) {
            let what = format!("{host} {what}, and its log does not say so");
            return Err(violation(property, at_ms, vec![place], what).because("not-told"));
        }
    }
    Ok(())
}

const HAD_ENDED: &str = "the process had ended before, because it could not start";

/// Whether no process is there at a moment that could tell anything: the last one could not start, and the next one has not been
/// started yet.
fn has_failed_to_start(evidence: &Evidence<'_>, host: &str, at_ms: u64) -> bool {
    let log = evidence.operators.log.iter().map(|written| &written.line);
    let mut before = log.filter(|line| line.host == host && line.at_ms <= at_ms).rev();
    before.next().is_some_and(|last| last.text.starts_with(SUPERVISOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{operators::log_as_documented::LogAsDocumented, property::testing::*};
    use sim::history::CLOSED_ENDED;

    fn port(story: Story, at_ms: u64, ready: bool, why: &str) -> Story {
        let (host, why) = ("idp-a".to_owned(), why.to_owned());
        story.event(at_ms, "idp-a", Event::Ready { host, ready, why })
    }

    fn says(story: Story, at_ms: u64, level: &'static str, text: &str) -> Story {
        story.logged_at(at_ms, level, text)
    }

    fn reason(story: Story) -> Result<(), String> {
        story.judged_by(&LogAsDocumented).map_err(|violation| violation.reason)
    }

    #[test]
    fn a_port_that_opens_or_closes_is_told() {
        let opened = || port(Story::new(), 500, true, "");
        let told = || says(opened(), 500, "INFO", "ready");
        assert_eq!(reason(told()), Ok(()));
        let untold = Err("not-told".to_owned());
        assert_eq!(reason(opened()), untold);
        let closed = |story| port(story, 9000, false, CLOSED_STOPPING);
        assert_eq!(reason(closed(told())), untold);
        assert_eq!(reason(says(closed(told()), 9000, "INFO", "stopping")), Ok(()));
        assert_eq!(reason(says(closed(told()), 7000, "INFO", "stopping")), untold);
        let killed = port(told(), 9000, false, CLOSED_ENDED);
        assert_eq!(reason(killed), Ok(()), "it could not say so");
        // It is told once for each time that it opens.
        let again = port(says(closed(told()), 9000, "INFO", "stopping"), 12_000, true, "");
        assert_eq!(reason(again), untold);
    }

    #[test]
    fn an_end_is_told() {
        let ended = |how: &str| {
            let (host, how) = ("idp-a".to_owned(), how.to_owned());
            let stops = says(Story::new(), 2000, "INFO", "stopping");
            stops.event(3000, "idp-a", Event::Exit { host, how })
        };
        assert_eq!(reason(ended("signal: 9")), Ok(()));
        assert_eq!(reason(ended(RETURNED)), Err("not-told".into()));
        assert_eq!(reason(says(ended(RETURNED), 3000, "INFO", "stopped")), Ok(()));
        // Nobody is there who could say it.
        let (host, how) = ("idp-a".to_owned(), RETURNED.to_owned());
        let failed = says(Story::new(), 2500, "ERROR", SUPERVISOR);
        let ended = failed.event(3000, "idp-a", Event::Exit { host, how });
        assert_eq!(reason(ended), Ok(()));
    }
}
