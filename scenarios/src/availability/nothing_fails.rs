//! Where nothing is broken, everything works, and at the first try.
//!
//! Source: inventory 33. It keeps the other claims honest: a service that refuses everything breaks
//! none of them.
//!
//! Edges. Presenting a code with a wrong verifier is meant to fail. Operations that had not ended
//! when the run did are not judged.

use crate::{
    property::{faults, invocations, violation},
    redemption,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};

/// See the module.
pub struct NothingFails;

impl Property<Login> for NothingFails {
    fn name(&self) -> String {
        "NothingFails".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "while nothing is broken, every operation succeeds at the first try".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let first_fault_ms = faults(evidence.history)
            .map(|(at_ms, ..)| at_ms)
            .next()
            .unwrap_or(u64::MAX);
        for invocation in invocations(evidence.history) {
            let meant_to_fail = matches!(
                invocation.op,
                Op::Redemption(redemption::Op::Redeem { rightful: false, .. })
            );
            let Some(end) = invocation.end else { continue };
            if invocation.ok() || meant_to_fail || end.at_ms >= first_fault_ms {
                continue;
            }
            let what = format!(
                "{} {}, which {}",
                invocation.who,
                sim::service::Op::describe(invocation.op),
                invocation.outcome()
            );
            return Err(
                violation(&self.name(), end.at_ms, invocation.records(), what).because(format!(
                    "{}-{}",
                    invocation.kind(),
                    invocation.ending()
                )),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        directory, people,
        property::testing::*,
        vocabulary::{Fault, OwnFault, Seen},
    };

    #[test]
    fn accepts_success_and_what_is_meant_to_fail() {
        let story = Story::new()
            .op((0, 900), "ann", Op::People(people::Op::LogIn), Seen::Ok)
            .op((10, 20), "ann", redeem("c1", "balancer", false), fail("invalid_grant"))
            .fault(
                1000,
                Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms: 10 })),
            )
            .op((990, 1001), "ben", Op::People(people::Op::OpenLogin), unknown());
        assert_eq!(story.judged_by(&NothingFails), Ok(()));
    }

    #[test]
    fn rejects_a_failure_and_a_doubt() {
        for seen in [fail("server_error"), unknown()] {
            let story = Story::new().op((0, 9), "ann", Op::People(people::Op::OpenLogin), seen);
            assert!(story.judged_by(&NothingFails).is_err());
        }
    }
}
