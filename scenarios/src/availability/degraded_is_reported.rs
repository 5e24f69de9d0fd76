//! A replica that cannot reach Redis says so and closes its port to the balancer. It opens the port again by itself.
//!
//! Source: inventory 26 (the degraded state must be neither sticky nor hidden), 38. Measured on nginx 1.22.1: it passes
//! a 503 on to the client and does not eject the replica, so a degraded replica must close its port.
//!
//! Fairness. Redis is out of reach without a break for the whole bound; after healing nothing breaks again. A replica
//! checks Redis every second and closes its port after six seconds without it; after healing it was ready within 1.4 s
//! (8 seeds of each of two scenarios).
//!
//! Nor may it close its port too early: a store that has failed for less time than `core/LIMITS.md` says ("degraded") may be
//! in a failover. What has failed before, and has worked since, does not count.
//!
//! Edges. A short outage does not count: a normal failover takes two to three seconds. A replica that was killed or
//! paused is not judged until everything has healed.

use crate::{
    property::{
        calm::{CUT_SHORT, UNHEALED, first_of},
        faults, human,
        spans::{lasting_since_ms, spans},
        violation,
    },
    store::unreachable::blind,
    vocabulary::{Event, Evidence, Fault, History, Kind, Login, Property, Violation},
};
use sim::history::CLOSED_DEGRADED;
use spec::Settings;
use std::time::Duration;

/// Property: a replica without Redis closes its port, and opens it again after healing. See the module.
pub struct DegradedIsReported {
    within_ms: u64,
    recovers_ms: u64,
}

impl DegradedIsReported {
    /// The replica reports it within this time after Redis went out of reach.
    pub fn within(limit: Duration) -> DegradedIsReported {
        DegradedIsReported {
            within_ms: limit.as_millis() as u64,
            recovers_ms: 30_000,
        }
    }
    /// The replica is ready again within this time after everything has healed.
    pub fn recovers_within(self, limit: Duration) -> DegradedIsReported {
        DegradedIsReported {
            recovers_ms: limit.as_millis() as u64,
            ..self
        }
    }
}

/// Whether a replica's port is open at `at_ms`, according to the port events up to then; open before the first of them.
fn ready(history: &History, replica: &str, at_ms: u64) -> bool {
    let mut ready = true;
    for record in history.records.iter().take_while(|record| record.at_ms <= at_ms) {
        match &record.event {
            Event::Ready { host, ready: says, .. } if host == replica => ready = *says,
            _ => {}
        }
    }
    ready
}

/// How long a fault may be felt after its end, milliseconds: a failover may be under way, and its next try is far off.
const FELT_MS: u64 = 30_000;
/// The same of a fault that replaces no node.
const FELT_BRIEFLY_MS: u64 = 5_000;

/// Since when something has been broken without a break, at a time; `None` if nothing was.
fn broken_since_ms(history: &History, at_ms: u64) -> Option<u64> {
    let broken = spans(history).into_iter().map(|span| {
        let felt_ms = match span.fault {
            Fault::RedisRefuses { .. } | Fault::Own(_) | Fault::DiskError { .. } => FELT_BRIEFLY_MS,
            _ => FELT_MS,
        };
        (span.from_ms, span.to_ms.saturating_add(felt_ms))
    });
    lasting_since_ms(broken, at_ms)
}

/// A port that closes although nothing has been broken for long enough.
fn closed_too_early(name: &str, evidence: &Evidence<'_>) -> Result<(), Violation> {
    let history = evidence.history;
    let tolerated_ms = Settings::default().get("degraded");
    for (place, record) in history.records.iter().enumerate() {
        let closed = match &record.event {
            Event::Ready {
                host,
                ready: false,
                why,
            } if why == CLOSED_DEGRADED => host,
            _ => continue,
        };
        let began = broken_since_ms(history, record.at_ms);
        let early = began.is_none_or(|began_ms| record.at_ms < began_ms + tolerated_ms);
        if evidence.is_violated(early, None) {
            let what = format!(
                "{closed} closes its port, and nothing had been broken for {}",
                human(tolerated_ms)
            );
            return Err(violation(name, record.at_ms, vec![place], what).because("closed-too-early"));
        }
    }
    Ok(())
}

impl Property<Login> for DegradedIsReported {
    fn name(&self) -> String {
        "DegradedIsReported".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "a replica without Redis says so within {} and is ready again {} after healing",
            human(self.within_ms),
            human(self.recovers_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let (history, lasts_ms) = (evidence.history, evidence.plan.lasts_ms);
        let nodes = evidence.plan.world.redis_hosts();
        closed_too_early(&self.name(), evidence)?;
        for replica in &evidence.plan.world.replica_hosts() {
            for (from_ms, to_ms) in blind(history, &nodes, replica) {
                let deadline_ms = from_ms + self.within_ms;
                let excuse = first_of([
                    (deadline_ms > lasts_ms, CUT_SHORT),
                    (deadline_ms > to_ms, "a shorter outage"),
                ]);
                if evidence.is_violated(ready(history, replica, deadline_ms), excuse) {
                    let what = format!(
                        "{replica} has not reached Redis since {} and does not say so",
                        human(from_ms)
                    );
                    return Err(violation(&self.name(), deadline_ms, vec![], what).because("blind-and-ready"));
                }
            }
            let Some((healed_ms, _, last)) = faults(history).last() else {
                continue;
            };
            let deadline_ms = healed_ms + self.recovers_ms;
            let excuse = first_of([(*last != Fault::Heal, UNHEALED), (deadline_ms > lasts_ms, CUT_SHORT)]);
            if evidence.is_violated(!ready(history, replica, deadline_ms), excuse) {
                let what = format!(
                    "{replica} is not ready {} after everything healed",
                    human(self.recovers_ms)
                );
                return Err(violation(&self.name(), deadline_ms, vec![], what).because("healed-and-not-ready"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::*,
        scenario::redis_refuses,
        vocabulary::{Fault, Refusal},
    };

    fn outage(story: Story, from_ms: u64, heals_ms: u64) -> Story {
        let cut = |node: &str| Fault::Cut {
            a: "idp-a".into(),
            b: node.into(),
        };
        story
            .fault(from_ms, cut("redis-1"))
            .fault(from_ms, cut("redis-2"))
            .fault(heals_ms, Fault::Heal)
    }

    fn says(story: Story, at_ms: u64, ready: bool) -> Story {
        let (host, why) = ("idp-a".to_owned(), CLOSED_DEGRADED.to_owned());
        story.event(at_ms, "idp-a", Event::Ready { host, ready, why })
    }

    fn claim() -> DegradedIsReported {
        DegradedIsReported::within(Duration::from_secs(10)).recovers_within(Duration::from_secs(15))
    }

    #[test]
    fn accepts_a_report_a_recovery_and_a_short_outage() {
        let reported = says(says(outage(Story::new(), 1000, 30_000), 8000, false), 32_000, true);
        let short = outage(Story::new(), 1000, 5000);
        for story in [reported, short] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn what_worked_meanwhile_begins_anew() {
        let refused = |story: Story, at_ms| {
            let refuses = |node: &str| redis_refuses(node, Refusal::Permission, Duration::from_secs(4));
            story.fault(at_ms, refuses("redis-1")).fault(at_ms, refuses("redis-2"))
        };
        let twice = |again_ms, closes_ms| {
            let story = refused(refused(Story::new(), 1000), again_ms).fault(60_000, Fault::Heal);
            says(says(story, closes_ms, false), 62_000, true)
                .judged_by(&claim())
                .is_ok()
        };
        assert!(!twice(20_000, 21_500) && !twice(20_000, 25_999));
        assert!(twice(20_000, 26_000));
        assert!(twice(9_000, 10_500), "it may not have worked in between");
    }

    #[test]
    fn rejects_silence_lateness_and_stickiness() {
        let silent = outage(Story::new(), 1000, 30_000);
        let late = says(says(outage(Story::new(), 1000, 30_000), 11_500, false), 32_000, true);
        let sticky = says(outage(Story::new(), 1000, 30_000), 8000, false);
        let early = says(says(outage(Story::new(), 1000, 30_000), 6900, false), 32_000, true);
        for story in [silent, late, sticky, early] {
            assert!(story.judged_by(&claim()).is_err());
        }
    }
}
