//! Once everything has healed, every replica serves logins: each one by itself, not only those that the balancer
//! chooses.
//!
//! Source: inventory 26, 33, 34, 37, 43 (a replica that is broken but keeps its port open is hidden by the other
//! replica, which answers in its place).
//!
//! Fairness. Everything has healed, stays so, and had time to settle; the probe reaches the replica over a link that
//! loses nothing, and tries again when the page asks for it. Bounds are about twice the longest time seen in 30 seeds
//! of each scenario.
//!
//! Edges. The property judges the logins of probes ([`Behaviour::Availability(availability::Behaviour::LogInAt)`]) that
//! began after settling and whose deadline is before the end of the run. Nobody else sees their codes, so no theft
//! excuses a failure.

use crate::{
    availability, people,
    property::{bound::Bound, calm::Calm, human, invocations},
    vocabulary::{Behaviour, Evidence, Kind, Login, Op, Property, Violation},
};
use std::{collections::BTreeMap, time::Duration};

/// Property: after healing, a login at each replica alone succeeds. See the module.
pub struct EveryReplicaServes(Bound);

impl EveryReplicaServes {
    /// A login at any one replica takes no longer than this, once everything has healed and settled.
    pub fn within(limit: Duration) -> EveryReplicaServes {
        EveryReplicaServes(Bound::within(limit, 20_000))
    }

    /// How long the world needs to settle after healing.
    pub fn settling(self, settle: Duration) -> EveryReplicaServes {
        EveryReplicaServes(self.0.settling(settle))
    }
}

impl Property<Login> for EveryReplicaServes {
    fn name(&self) -> String {
        "EveryReplicaServes".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "from {} after everything healed, a login at each replica alone succeeds within {}",
            human(self.0.settle_ms),
            human(self.0.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let calm = Calm::of_each_replica(evidence, self.0.settle_ms);
        let operations = evidence.plan.operations.iter();
        let probes: BTreeMap<&str, &str> = operations
            .filter_map(|operation| match &operation.does {
                Behaviour::Availability(availability::Behaviour::LogInAt { replica }) => {
                    Some((operation.who.as_str(), replica.as_str()))
                }
                _ => None,
            })
            .collect();
        for login in invocations(evidence.history)
            .iter()
            .filter(|invocation| *invocation.op == Op::People(people::Op::LogIn))
        {
            let Some(replica) = probes.get(login.who) else {
                continue;
            };
            let deadline_ms = login.began_ms + self.0.within_ms;
            let excuse = calm.excuse(login.began_ms, login.ended_ms().min(deadline_ms));
            if !evidence.is_violated(!login.in_time(deadline_ms), excuse) {
                continue;
            }
            let what = format!(
                "a login at {replica} alone, begun at {} with nothing left in the way,",
                human(login.began_ms)
            );
            return Err(login.missed(&self.name(), deadline_ms, &what));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::{Fault, Operation, Seen};

    fn healed() -> Story {
        let mut story = Story::new()
            .fault(1000, Fault::Kill { host: "idp-b".into() })
            .fault(30_000, Fault::Heal);
        story.operations.push(Operation {
            at_ms: 0,
            who: "probe-b".into(),
            does: Behaviour::Availability(availability::Behaviour::LogInAt {
                replica: "idp-b".into(),
            }),
        });
        story
    }

    fn claim() -> EveryReplicaServes {
        EveryReplicaServes::within(Duration::from_secs(10)).settling(Duration::from_secs(10))
    }

    #[test]
    fn accepts_success_trouble_and_what_is_not_its_business() {
        for story in [
            healed().op((41_000, 45_000), "probe-b", Op::People(people::Op::LogIn), Seen::Ok),
            healed().op(
                (39_000, 60_000),
                "probe-b",
                Op::People(people::Op::LogIn),
                fail("gave up"),
            ),
            healed().unended(111_000, "probe-b", Op::People(people::Op::LogIn)),
            healed().op((41_000, 45_000), "ann", Op::People(people::Op::LogIn), fail("gave up")),
            healed()
                .op(
                    (41_000, 45_000),
                    "probe-b",
                    Op::People(people::Op::LogIn),
                    fail("gave up"),
                )
                .fault(119_000, Fault::Kill { host: "mail".into() }),
        ] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn rejects_failure_doubt_lateness_and_no_end() {
        for (story, reason) in [
            (
                healed().op(
                    (41_000, 45_000),
                    "probe-b",
                    Op::People(people::Op::LogIn),
                    fail("gave up"),
                ),
                "failed-gave-up",
            ),
            (
                healed().op((41_000, 45_000), "probe-b", Op::People(people::Op::LogIn), unknown()),
                "in-doubt",
            ),
            (
                healed().op((41_000, 52_000), "probe-b", Op::People(people::Op::LogIn), Seen::Ok),
                "late",
            ),
            (
                healed().unended(41_000, "probe-b", Op::People(people::Op::LogIn)),
                "never-ended",
            ),
        ] {
            assert_eq!(story.judged_by(&claim()).unwrap_err().reason, reason);
        }
    }
}
