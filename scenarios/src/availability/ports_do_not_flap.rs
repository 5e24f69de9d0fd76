//! A replica opens a port that it had closed because the store or the directory did not answer only after some good looks in a
//! row.
//!
//! Source: inventory 26; `core/LIMITS.md`: good looks. What fails most of the time answers now and then. If one answer opened the
//! port, it would open and close again and again, and each time the balancer would send people to a replica that fails them.
//!
//! Fairness. Judged is each time a port is opened again, by the looks at the part that the log had named when it was closed.
//!
//! Edges. If the log had named both parts, one of them may have been tolerated. What is refused to everybody (a store that is out
//! of memory, a directory that is locked or full) counts as an answer.

use crate::{
    property::violation,
    vocabulary::{CallRecord, Event, Evidence, Kind, Login, Property, Violation},
};
use sim::{calls::Answered, history::CLOSED_DEGRADED};
use spec::Settings;
use std::collections::BTreeMap;

/// Property: a port is opened again only after some good looks in a row. See the module.
pub struct PortsDoNotFlap;

const CLOSES: &str = "degraded: closing the port for logins reasons=";
/// The parts, as the log names them, and the looks at them.
const PARTS: [(&str, &str); 2] = [("store: ", "store health"), ("directory: ", "directory probe")];
/// What is refused to everybody.
const OF_ALL: [&str; 5] = ["OOM", "MISCONF", "NOREPLICAS", "is locked", "disk is full"];

impl Property<Login> for PortsDoNotFlap {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a port that was closed is opened again only after some good looks in a row".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let good = Settings::default().get("good looks") as usize;
        let mut closed: BTreeMap<&str, bool> = BTreeMap::new();
        for (index, record) in evidence.history.records.iter().enumerate() {
            let Event::Ready { host, ready, why } = &record.event else {
                continue;
            };
            let was_degraded = closed.insert(host, !ready && why == CLOSED_DEGRADED) == Some(true);
            if !(*ready && was_degraded) {
                continue;
            }
            let named = named(evidence, host, record.at_ms);
            let [(_, look)] = named[..] else {
                evidence.is_violated(false, Some("the log named several parts, or none"));
                continue;
            };
            let looks = evidence.calls.iter().filter(|call| {
                call.call == look && *call.host == **host && call.ended_ms.is_some_and(|ms| ms <= record.at_ms)
            });
            let looks: Vec<&CallRecord> = looks.collect();
            let last = &looks[looks.len().saturating_sub(good)..];
            if evidence.is_violated(!last.iter().all(|look| is_good(look)), None) {
                let what =
                    format!("{host} opens its port again, and one of the last {good} looks at what had failed did so");
                return Err(violation(&self.name(), record.at_ms, vec![index], what).because("opened-too-early"));
            }
        }
        Ok(())
    }
}

/// The parts that a replica's log named when it closed its port for the last time before.
fn named(evidence: &Evidence<'_>, host: &str, before_ms: u64) -> Vec<(&'static str, &'static str)> {
    let lines = evidence.operators.log.iter().map(|written| &written.line);
    let mut lines = lines.filter(|line| line.host == *host && line.at_ms <= before_ms);
    let reasons = lines.rfind(|line| line.text.starts_with(CLOSES));
    let reasons = reasons
        .and_then(|line| line.text.strip_prefix(CLOSES))
        .unwrap_or_default();
    let is_named = |(part, _): &(&str, &str)| reasons.split("; ").any(|reason| reason.starts_with(part));
    PARTS.into_iter().filter(is_named).collect()
}

fn is_good(look: &CallRecord) -> bool {
    let is_of_all = |failure: &String| OF_ALL.iter().any(|of_all| failure.contains(of_all));
    look.answered == Some(Answered::Well) || look.failure.as_ref().is_some_and(is_of_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::Story;

    /// A port that was closed at 10 s is opened at 20 s, after these looks at the store.
    fn opens(why: &str, looks: &[(u64, Result<(), &str>)]) -> Result<(), String> {
        let port = |ready: bool, why: &str| Event::Ready {
            host: "idp-a".into(),
            ready,
            why: why.into(),
        };
        let mut story = Story::new()
            .event(300, "idp-a", port(true, ""))
            .event(10_000, "idp-a", port(false, why))
            .event(20_000, "idp-a", port(true, ""));
        story = story.logged(
            10_000,
            "degraded: closing the port for logins reasons=store: no sentinel names a master",
            &[],
        );
        for (at_ms, look) in looks {
            story = match look {
                Ok(()) => story.answered_call(*at_ms, "idp-a", "store health"),
                Err(why) => story.call_from(*at_ms, *at_ms, "store health", why),
            };
        }
        story.judged_by(&PortsDoNotFlap).map_err(|violation| violation.reason)
    }

    const DOWN: Result<(), &str> = Err("not done: no sentinel names a master");

    #[test]
    fn accepts_good_looks_and_what_is_refused_to_everybody() {
        assert_eq!(
            opens(
                CLOSED_DEGRADED,
                &[(16_000, DOWN), (17_500, Ok(())), (18_600, Ok(())), (19_700, Ok(()))]
            ),
            Ok(())
        );
        let full = Err("not done: refused: redis: OOM command not allowed");
        assert_eq!(
            opens(CLOSED_DEGRADED, &[(17_500, full), (18_600, Ok(())), (19_700, Ok(()))]),
            Ok(())
        );
        assert_eq!(opens("it has ended", &[(19_700, DOWN)]), Ok(()), "it was started again");
    }

    #[test]
    fn rejects_one_good_look_and_a_failure_among_them() {
        let early = Err("opened-too-early".to_owned());
        assert_eq!(
            opens(CLOSED_DEGRADED, &[(17_500, DOWN), (18_600, DOWN), (19_700, Ok(()))]),
            early
        );
        assert_eq!(
            opens(CLOSED_DEGRADED, &[(17_500, Ok(())), (18_600, DOWN), (19_700, Ok(()))]),
            early
        );
    }
}
