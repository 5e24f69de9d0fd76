//! Marks for what the store took back in a run. A sweep shows in how many runs a failover had such an effect.
//!
//! Recording and checking cost about 3 % of a run (6 seeds of each scenario), so they are always done.

use super::slack_ms;
use crate::vocabulary::Plan;
use idp::leader::LEASE;
use sim::linear::{Call, Limits, Operation, Verdict, check};
use std::collections::BTreeMap;

/// An acknowledged write was gone.
pub const WRITE_LOST: &str = "the store lost a write";
/// A value that had been taken was there again.
pub const TAKEN_CAME_BACK: &str = "the store brought back what was taken";
/// A counter went back.
pub const COUNTED_BACK: &str = "the store counted back";
/// A lease that was held was granted to another holder, or shortened without its holder's knowledge.
pub const LEASE_LOST: &str = "the store forgot a lease";
/// An answer that no single store could have given, even if it may forget writes.
pub const UNEXPLAINED: &str = "the store told two histories";

/// Limit of the search for each key: enough for all but a few keys in thousands, and never more than a second.
const CONFIGURATIONS: usize = 2000;

/// The marks for the operations that were recorded in a run of a plan, each with the number of operations.
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
