//! Once everything has healed, Redis replication works again: one master, and a replica that receives its writes.
//! Nothing that the service does may prevent it.
//!
//! Source: inventory 37, 38, 39. Measured on Redis 7.0.15: an old master that comes back is demoted within 10.2 s, and
//! then copies the new one.
//!
//! Fairness. Everything has healed and stays so; the Sentinels reach each other and the nodes. TCP retransmits after
//! pauses that double, so a connection that got no answer for half a minute may wait for another half minute after
//! healing. The check is that of an operator ([`crate::vocabulary::Behaviour::CheckReplication`]): `ROLE` at both
//! nodes, a write, `WAIT`. The bound is about twice the longest time seen in 30 seeds of each scenario.

use crate::{
    property::{
        calm::{CUT_SHORT, UNHEALED, first_of},
        human, invocations,
        reading::calm_from_ms,
        violation,
    },
    store,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::time::Duration;

/// Property: after healing, Redis has one master and its replica receives its writes. See the module.
pub struct ReplicationCatchesUp {
    within_ms: u64,
}

impl ReplicationCatchesUp {
    /// Replication works within this time after healing.
    pub fn within(limit: Duration) -> ReplicationCatchesUp {
        ReplicationCatchesUp {
            within_ms: limit.as_millis() as u64,
        }
    }
}

impl Property<Login> for ReplicationCatchesUp {
    fn name(&self) -> String {
        "ReplicationCatchesUp".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "{} after everything healed, Redis is one master and a replica that follows",
            human(self.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let settled_ms = calm_from_ms(evidence.history, self.within_ms);
        for look in invocations(evidence.history) {
            // A check that begins later than that must succeed at its first try; where the way between the nodes is long, and
            // packets are late on it, at its second one.
            let world = &evidence.plan.world;
            let is_far = world.replication_ms >= FAR_MS && world.replication_late_ppm > 0;
            let tries_ms = if is_far { 2 * LOOK_MS + PAUSE_MS } else { LOOK_MS };
            let deadline_ms = settled_ms.unwrap_or(0).max(look.began_ms + tries_ms);
            if *look.op != Op::Store(store::Op::CheckReplication) {
                continue;
            }
            let excuse = first_of([
                (settled_ms.is_none(), UNHEALED),
                (deadline_ms > evidence.plan.lasts_ms, CUT_SHORT),
            ]);
            if !evidence.is_violated(!look.in_time(deadline_ms), excuse) {
                continue;
            }
            let what = format!(
                "{} looked at Redis from {} on, and by {} it was not one master and its replica: it {}",
                look.who,
                human(look.began_ms),
                human(deadline_ms),
                look.outcome()
            );
            return Err(violation(&self.name(), deadline_ms, look.records(), what).because(look.ending()));
        }
        Ok(())
    }
}

/// The longest time for one check, milliseconds.
const LOOK_MS: u64 = 3000;
/// From so long a way on a packet that is late takes longer than a check waits, milliseconds.
const FAR_MS: u64 = 200;
/// Between two checks, milliseconds.
const PAUSE_MS: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::{Fault, Seen};

    fn healed() -> Story {
        Story::new()
            .fault(1000, Fault::Kill { host: "redis-1".into() })
            .fault(30_000, Fault::Heal)
    }

    fn look(story: Story, from_ms: u64, to_ms: u64, seen: Seen) -> Story {
        story.op(
            (from_ms, to_ms),
            "operator",
            Op::Store(store::Op::CheckReplication),
            seen,
        )
    }

    fn claim() -> ReplicationCatchesUp {
        ReplicationCatchesUp::within(Duration::from_secs(20))
    }

    #[test]
    fn accepts_success_in_time_and_what_cannot_be_judged() {
        for story in [
            look(healed(), 35_000, 49_000, Seen::Ok),
            look(healed(), 60_000, 62_900, Seen::Ok),
            look(healed(), 118_000, 119_000, fail("two-masters")),
            look(Story::new(), 1000, 1100, Seen::Ok),
            look(
                Story::new().fault(500, Fault::Kill { host: "redis-1".into() }),
                1000,
                31_000,
                fail("no-master"),
            ),
        ] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn a_packet_may_be_late_on_a_long_way() {
        let far = |to_ms| {
            let mut story = look(healed(), 60_000, to_ms, Seen::Ok);
            story.world.replication_ms = FAR_MS;
            story.judged_by(&claim())
        };
        assert_eq!(far(66_900), Ok(()));
        assert!(far(67_100).is_err());
    }

    #[test]
    fn rejects_lateness_failure_and_no_end() {
        for (story, reason) in [
            (look(healed(), 35_000, 51_000, Seen::Ok), "late"),
            (
                look(healed(), 35_000, 65_000, fail("two-masters")),
                "failed-two-masters",
            ),
            (
                healed().unended(35_000, "operator", Op::Store(store::Op::CheckReplication)),
                "never-ended",
            ),
            (look(healed(), 60_000, 64_000, Seen::Ok), "late"),
        ] {
            assert_eq!(story.judged_by(&claim()).unwrap_err().reason, reason);
        }
    }
}
