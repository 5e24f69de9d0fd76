//! What a run's store took back, as marks: a sweep shows in how many runs a failover did what it is there for.
//!
//! Listening and judging cost about 3 % of a run (6 seeds of each scenario), so it is always done.

use super::slack_ms;
use crate::vocabulary::Plan;
use idp::leader::LEASE;
use sim::linear::{Call, Limits, Operation, Verdict, check};
use std::collections::BTreeMap;

/// An acknowledged write was not there any more.
pub const WRITE_LOST: &str = "the store lost a write";
/// Something that had been taken was there again.
pub const TAKEN_CAME_BACK: &str = "the store brought back what was taken";
/// A counter went back.
pub const COUNTED_BACK: &str = "the store counted back";
/// A lease that was held was granted or shortened behind its holder's back.
pub const LEASE_LOST: &str = "the store forgot a lease";
/// An answer that no single store could have given, whatever it forgot.
pub const UNEXPLAINED: &str = "the store told two histories";

/// How far to search for each key: enough for all but a few keys in thousands, and never a second.
const CONFIGURATIONS: usize = 2000;

/// The marks of what was seen in a run of a plan, each with how many operations it stands for.
pub fn marks(operations: &[Operation], plan: &Plan) -> BTreeMap<&'static str, u64> {
    let limits = Limits {
        slack_ms: slack_ms(plan),
        configurations: CONFIGURATIONS,
    };
    let mut marks = BTreeMap::new();
    for (key, verdict) in check(operations, &limits).keys {
        let Verdict::Broken { undone, unexplained } = verdict else {
            continue;
        };
        let lease = key.starts_with(LEASE.prefix());
        for index in undone {
            let name = match operations[index].call {
                _ if lease => LEASE_LOST,
                Call::Take | Call::Release { .. } => TAKEN_CAME_BACK,
                Call::Count { .. } => COUNTED_BACK,
                _ => WRITE_LOST,
            };
            *marks.entry(name).or_default() += 1;
        }
        if !unexplained.is_empty() {
            *marks.entry(UNEXPLAINED).or_default() += unexplained.len() as u64;
        }
    }
    marks
}
