//! A replica whose health is `ok` accepts people. Judged for [`HealthTells`](super::health_tells::HealthTells): the port for
//! people is one of the parts that may not work.
//!
//! Source: inventory 26 (the degraded state must not be hidden), 45 (a port that cannot be opened). Ready is healthy, and loaded,
//! and listening: a monitor, and whoever restarts replicas one after the other, believes the answer.
//!
//! Fairness. Judged is each answer `ok` at the operators' port, by whether the port for people was open at some moment between
//! the question and the answer, or within [`MOMENT_MS`] of them.

use super::health_answers::health_answers;
use crate::{
    property::violation,
    vocabulary::{Event, Evidence, Violation},
};
use std::collections::BTreeMap;

/// The port opens and closes, and the health changes, in one moment and not at once, milliseconds.
const MOMENT_MS: u64 = 100;

/// The first answer `ok` of a replica whose port is closed.
pub(super) fn check(property: &str, evidence: &Evidence<'_>) -> Result<(), Violation> {
    let open = open(evidence);
    for answer in health_answers(evidence.history) {
        if answer.says["status"] != "ok" {
            continue;
        }
        let was_open = open.get(answer.host).into_iter().flatten().any(|(from_ms, to_ms)| {
            *from_ms <= answer.at_ms + MOMENT_MS && answer.asked_ms <= to_ms.saturating_add(MOMENT_MS)
        });
        if evidence.is_violated(!was_open, None) {
            let what = format!("{} says that it is ok, and its port for people is closed", answer.host);
            return Err(violation(property, answer.at_ms, vec![answer.record], what).because("closed"));
        }
    }
    Ok(())
}

/// From when to when the port of each replica was open, milliseconds.
fn open<'a>(evidence: &'a Evidence<'_>) -> BTreeMap<&'a str, Vec<(u64, u64)>> {
    let mut open: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for record in &evidence.history.records {
        let Event::Ready { host, ready, .. } = &record.event else {
            continue;
        };
        let times = open.entry(host).or_default();
        match ready {
            true => times.push((record.at_ms, u64::MAX)),
            false => times
                .iter_mut()
                .for_each(|(_, to_ms)| *to_ms = (*to_ms).min(record.at_ms)),
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{availability::health_tells::HealthTells, property::testing::*};

    fn port(story: Story, at_ms: u64, ready: bool) -> Story {
        let (host, why) = ("idp-a".to_owned(), String::new());
        story.event(at_ms, "idp-a", Event::Ready { host, ready, why })
    }

    fn health(story: Story, at_ms: u64, status: &str) -> Story {
        story.health(at_ms, serde_json::json!({ "status": status }))
    }

    #[test]
    fn ok_is_said_only_while_the_port_is_open() {
        let closed = || port(port(Story::new(), 300, true), 9000, false);
        for (at_ms, status, holds) in [
            (250, "ok", true),
            (100, "ok", false),
            (5000, "ok", true),
            (9090, "ok", true),
            (9200, "ok", false),
            (9200, "degraded", true),
        ] {
            let judged = health(closed(), at_ms, status).judged_by(&HealthTells);
            assert_eq!(judged.is_ok(), holds, "{at_ms} {status}: {judged:?}");
        }
        let again = health(port(closed(), 12_000, true), 13_000, "ok");
        assert_eq!(again.judged_by(&HealthTells), Ok(()));
        assert!(health(Story::new(), 500, "ok").judged_by(&HealthTells).is_err());
    }
}
