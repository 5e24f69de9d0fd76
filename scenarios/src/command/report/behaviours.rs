//! What a run did that other runs may not have done.

use sim::{
    history::{Event, Seen},
    report::op_kind,
    run::Run,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// The behaviours of a run, as numbers that are equal for equal behaviours. A behaviour is one mark that
/// follows another on one host, a node that takes a role, or a way for a kind of operation to come out.
pub(crate) fn behaviours(run: &Run) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    let scenario = run.plan.scenario.as_str();
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for moment in &run.moments {
        let before = last.insert(&moment.host, moment.mark).unwrap_or("");
        seen.insert(number(&(scenario, "mark", before, moment.mark)));
    }
    for record in &run.history.records {
        match &record.event {
            Event::Ended { op, seen: came, .. } => {
                let (how, why) = match came {
                    Seen::Ok => ("ok", ""),
                    Seen::Fail(why) => ("fail", why.as_str()),
                    Seen::Unknown(why) => ("unknown", why.as_str()),
                };
                seen.insert(number(&(scenario, op_kind(op), how, why)));
            }
            Event::Role { host, role } => drop(seen.insert(number(&(scenario, "role", host, role)))),
            _ => {}
        }
    }
    seen.into_iter().collect()
}

/// Keys are fixed, so that equal values have equal numbers in every process.
fn number(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
