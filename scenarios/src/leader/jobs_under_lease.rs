//! A leader begins nothing after its lease is over, or after it was asked to stop; and what it gives back it has.
//!
//! Source: inventory 29 and 30 (a leader by lease; no lease, no jobs), 34 (who is asked to end begins no new work);
//! `core/LIMITS.md`: lease, stopping.
//!
//! What a leader does is fenced in the directory as well, so somebody who goes on without a lease does no harm there; but the fence
//! is the second guard, and a mail that has been claimed is sent. So what is judged here is what a replica begins: each call of a
//! job, against the answers that the same process has got for its lease.
//!
//! Edges. A process knows when it asked for its lease, and when it was asked to stop. One whose calls to its store are
//! not seen, because it has another one than the world's, is not judged.

use crate::{
    property::{
        human,
        spans::{Span, spans},
        violation,
    },
    vocabulary::{CallRecord, Event, Evidence, Fault, Kind, Login, Property, Violation},
};
use sim::calls::Answered;
use std::collections::BTreeMap;

/// Property: what a leader begins, it begins under its lease. See the module.
pub struct JobsUnderLease;

/// What jobs ask of the directory.
const JOBS: [&str; 3] = ["directory due_reminders", "directory claim_reminder", "directory sweep"];
/// What every process asks its store by the clock.
const LOOKS: &str = "store health";
/// The question of whoever does not lead.
const ASKS: &str = "store put_if_absent auth:leader";
/// What a process does that will not lead.
const GIVES_BACK: &str = "store release auth:leader";
/// By how much a stop may be missed, milliseconds: tasks of one moment come in any order.
const MISSED_BY_MS: u64 = 1;

/// What a process knows of its lease.
#[derive(Default)]
struct Knows {
    /// When it asked for the lease that it may have got.
    asked_ms: Option<u64>,
    /// Until when it leads.
    until_ms: Option<u64>,
    /// How often it has given the lease back since it asked for it.
    given_back: u32,
}

/// Something that happens to a process.
enum Turn<'a> {
    Began(&'a CallRecord),
    Answered(&'a CallRecord),
    Stops,
    Ends,
}

impl Property<Login> for JobsUnderLease {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a leader begins nothing after its lease is over or after it was asked to stop".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let lease_ms = evidence.plan.world.lease_ms;
        let mut turns: BTreeMap<&str, Vec<(u64, Turn<'_>)>> = BTreeMap::new();
        let pauses = spans(evidence.history);
        for call in evidence.calls {
            let of_host = turns.entry(&call.host).or_default();
            of_host.push((call.at_ms, Turn::Began(call)));
            if let (Some(Answered::Well), Some(ended_ms)) = (call.answered, call.ended_ms) {
                of_host.push((ended_ms, Turn::Answered(call)));
            }
        }
        for record in &evidence.history.records {
            let (host, turn) = match &record.event {
                Event::Fault {
                    fault: Fault::Stop { host },
                    ..
                } => (host, Turn::Stops),
                Event::Exit { host, .. }
                | Event::Fault {
                    fault: Fault::Kill { host } | Fault::PowerLoss { host },
                    ..
                } => (host, Turn::Ends),
                _ => continue,
            };
            let at_ms = match turn {
                Turn::Stops => hears_ms(&pauses, host, record.at_ms),
                _ => record.at_ms,
            };
            turns.entry(host).or_default().push((at_ms, turn));
        }
        let is_seen = |turns: &[(u64, Turn<'_>)]| {
            let mut turns = turns.iter();
            turns.any(|(_, turn)| matches!(turn, Turn::Began(call) if call.call == LOOKS))
        };
        for (host, mut turns) in turns.into_iter().filter(|(_, turns)| is_seen(turns)) {
            turns.sort_by_key(|(at_ms, _)| *at_ms); // in the order of the calls, if they are of one moment
            let (mut knows, mut stops_ms, mut runs) = (Knows::default(), None, false);
            for (at_ms, turn) in turns {
                runs |= matches!(turn, Turn::Began(_));
                match turn {
                    Turn::Stops if runs => stops_ms = Some(at_ms),
                    Turn::Stops => {} // there is no process that could be asked
                    Turn::Ends => (knows, stops_ms, runs) = (Knows::default(), None, false),
                    Turn::Answered(call) => knows.hears(call, lease_ms),
                    Turn::Began(call) if JOBS.contains(&call.call) => {
                        let wrong = wrong(&knows, stops_ms, at_ms);
                        if evidence.is_violated(wrong.is_some(), None) {
                            let why = wrong.unwrap_or_default();
                            let what = format!("{host} begins \u{201c}{}\u{201d}, and {why}", call.call);
                            return Err(violation(&self.name(), at_ms, vec![], what).because("no-lease"));
                        }
                    }
                    // Whoever ends makes sure of it, and so does whoever has stopped leading and looks for the lease again.
                    Turn::Began(call) if call.call == GIVES_BACK && stops_ms.is_none() => {
                        if evidence.is_violated(knows.given_back > 1, None) {
                            let what =
                                format!("{host} gives a lease back again and again, and has not asked for it since");
                            return Err(violation(&self.name(), at_ms, vec![], what).because("given-back-again"));
                        }
                    }
                    Turn::Began(call) => knows.asks(call),
                }
            }
        }
        Ok(())
    }
}

/// When a host hears what it was told at a time: one that stands still does so when it goes on.
fn hears_ms(spans: &[Span<'_>], host: &str, at_ms: u64) -> u64 {
    let stands_still = |span: &&Span<'_>| {
        matches!(span.fault, Fault::Pause { host: of } if of == host) && (span.from_ms..span.to_ms).contains(&at_ms)
    };
    spans.iter().find(stands_still).map_or(at_ms, |span| span.to_ms)
}

impl Knows {
    fn asks(&mut self, call: &CallRecord) {
        // Only who does not lead asks for the lease.
        if call.call == ASKS {
            *self = Knows {
                asked_ms: Some(call.at_ms),
                ..Knows::default()
            };
        }
    }

    fn hears(&mut self, call: &CallRecord, lease_ms: u64) {
        match call.call {
            "directory begin_epoch" => self.until_ms = self.asked_ms.map(|asked_ms| asked_ms + lease_ms),
            GIVES_BACK => self.given_back += 1,
            "store renew auth:leader" if self.until_ms.is_some() => self.until_ms = Some(call.at_ms + lease_ms),
            _ => {}
        }
    }
}

fn wrong(knows: &Knows, stops_ms: Option<u64>, at_ms: u64) -> Option<String> {
    if let Some(stops_ms) = stops_ms.filter(|stops_ms| stops_ms + MISSED_BY_MS < at_ms) {
        return Some(format!("was asked to stop at {}", human(stops_ms)));
    }
    match knows.until_ms {
        None => Some("does not lead".into()),
        Some(until_ms) if until_ms <= at_ms => Some(format!("its lease was over at {}", human(until_ms))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::Story,
        scenario::{kill, pause, resume, start, stop},
    };

    /// Whose calls to the store are seen.
    fn watched() -> Story {
        Story::new().answered_call(500, "idp-a", "store health")
    }

    fn leads() -> Story {
        watched()
            .answered_call(1_000, "idp-a", "store put_if_absent auth:leader")
            .answered_call(1_010, "idp-a", "directory begin_epoch")
    }

    fn claims(story: Story, at_ms: u64) -> Result<(), Violation> {
        let story = story.answered_call(at_ms, "idp-a", "directory claim_reminder");
        story.judged_by(&JobsUnderLease)
    }

    fn lease_ms() -> u64 {
        Story::new().world.lease_ms
    }

    #[test]
    fn a_lease_is_over_when_it_is() {
        assert_eq!(claims(leads(), 1_000 + lease_ms() - 1), Ok(()));
        assert!(claims(leads(), 1_000 + lease_ms()).is_err());
        let renewed = || leads().answered_call(4_000, "idp-a", "store renew auth:leader");
        assert_eq!(claims(renewed(), 4_000 + lease_ms() - 1), Ok(()));
        assert!(claims(renewed(), 4_000 + lease_ms()).is_err());
    }

    #[test]
    fn who_does_not_lead_begins_nothing() {
        assert_eq!(claims(Story::new(), 2_000), Ok(()), "its store is another");
        assert!(claims(watched(), 2_000).is_err(), "it has not asked");
        let asks = watched().answered_call(1_000, "idp-a", "store put_if_absent auth:leader");
        assert!(claims(asks, 2_000).is_err(), "it has not got it");
        let asks_again = leads().answered_call(3_000, "idp-a", "store put_if_absent auth:leader");
        assert!(claims(asks_again, 3_500).is_err());
        let other = leads().answered_call(3_000, "idp-b", "store put_if_absent auth:leader");
        assert_eq!(claims(other, 3_500), Ok(()));
    }

    #[test]
    fn who_stops_begins_nothing() {
        assert_eq!(claims(leads().fault(2_000, stop("idp-a")), 2_001), Ok(()));
        assert!(claims(leads().fault(2_000, stop("idp-a")), 2_002).is_err());
        assert_eq!(claims(leads().fault(2_000, stop("idp-b")), 2_002), Ok(()));
    }

    #[test]
    fn a_lease_is_not_given_back_again_and_again() {
        let gives_back = |story: Story, at_ms| story.answered_call(at_ms, "idp-a", GIVES_BACK);
        let reason = |story: Story| story.judged_by(&JobsUnderLease).map_err(|violation| violation.reason);
        let twice = || gives_back(gives_back(leads(), 2_000), 2_010);
        assert_eq!(reason(twice()), Ok(()));
        assert_eq!(reason(gives_back(twice(), 5_000)), Err("given-back-again".into()));
        let asked = twice().answered_call(3_000, "idp-a", ASKS);
        assert_eq!(reason(gives_back(asked, 5_000)), Ok(()));
        let stops = twice().fault(4_000, stop("idp-a"));
        assert_eq!(reason(gives_back(stops, 4_100)), Ok(()));
    }

    #[test]
    fn who_stands_still_is_told_to_stop_when_it_goes_on() {
        let paused = || leads().fault(1_900, pause("idp-a")).fault(2_000, stop("idp-a"));
        let goes_on = || paused().fault(2_200, resume("idp-a"));
        assert_eq!(claims(goes_on(), 2_201), Ok(()));
        assert!(claims(goes_on(), 2_202).is_err());
        let another = leads().fault(1_900, pause("idp-b")).fault(2_000, stop("idp-a"));
        assert!(claims(another.fault(2_200, resume("idp-b")), 2_201).is_err());
    }

    #[test]
    fn another_process_knows_nothing_of_the_one_before() {
        let died = || leads().fault(1_500, kill("idp-a"));
        assert!(claims(died(), 2_000).is_err());
        let stopped_in_vain = died().fault(2_000, stop("idp-a")).fault(3_000, start("idp-a"));
        let leads_again = stopped_in_vain
            .answered_call(3_100, "idp-a", "store put_if_absent auth:leader")
            .answered_call(3_110, "idp-a", "directory begin_epoch");
        assert_eq!(claims(leads_again, 3_500), Ok(()));
    }
}
