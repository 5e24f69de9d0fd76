//! When the store forgot: read from what its nodes said of themselves and from what was done to them.

use super::SETTLES_MS;
use crate::{
    vocabulary::{Event, Fault, History, Persistence, Plan, StoreOption},
    world::hosts,
};
use spec::Forgetting;
use std::collections::BTreeSet;

/// Roles taken before this time, milliseconds, are those of the configuration.
const BOOTED_MS: u64 = 500;
/// What a master has acknowledged so long before replication was disturbed has reached its replicas, milliseconds: ten times
/// the longest delay of replication that worlds have.
const REPLICATED_MS: u64 = 3_000;
/// How long a command may be under way at a master that is none any more, milliseconds.
const UNDER_WAY_MS: u64 = 1_000;

/// When the store forgot.
pub(super) fn forgettings(plan: &Plan, history: &History) -> Vec<Forgetting> {
    match plan.world.store {
        StoreOption::Redis => of_redis(plan, history),
        StoreOption::Memory => of_memory(plan, history),
    }
}

/// The memory of a process ends with it: it is killed, or it stops.
fn of_memory(plan: &Plan, history: &History) -> Vec<Forgetting> {
    let replicas = plan.world.replica_hosts();
    let ends = history.records.iter().filter(|record| match &record.event {
        Event::Fault {
            fault: Fault::Kill { host } | Fault::PowerLoss { host },
            ..
        }
        | Event::Exit { host, .. } => replicas.contains(host),
        _ => false,
    });
    let forgotten = ends.map(|record| Forgetting {
        told_from_ms: 0,
        from_ms: record.at_ms,
        until_ms: record.at_ms,
    });
    forgotten.collect()
}

/// Redis forgets when another node becomes master, which has not heard all; for as long as there are two; and when a
/// master comes back from the dead: without a file it comes back empty, and its replicas with it (measured on Redis
/// 7.0.15).
fn of_redis(plan: &Plan, history: &History) -> Vec<Forgetting> {
    let mut masters: BTreeSet<&str> = BTreeSet::new();
    let mut died: BTreeSet<&str> = BTreeSet::new();
    let (mut disturbed_ms, mut healed_ms) = (None, None);
    let mut forgettings: Vec<Forgetting> = vec![];
    for record in &history.records {
        let at_ms = record.at_ms;
        match &record.event {
            Event::Role { host, role } if role == "master" => {
                masters.insert(host);
                if at_ms >= BOOTED_MS {
                    // Another one may have taken its place meanwhile: until the Sentinels say so, clients ask this one.
                    let empty = died.contains(host.as_str()) && plan.world.persistence == Persistence::None;
                    let since_ms = disturbed_ms.unwrap_or(at_ms);
                    forgettings.push(Forgetting {
                        told_from_ms: if empty {
                            0
                        } else {
                            since_ms.saturating_sub(REPLICATED_MS)
                        },
                        from_ms: at_ms.saturating_sub(UNDER_WAY_MS),
                        until_ms: u64::MAX,
                    });
                }
            }
            Event::Role { host, .. } => drop(masters.remove(host.as_str())),
            Event::Fault { fault, .. } => {
                if let Fault::Kill { host } | Fault::PowerLoss { host } = fault {
                    masters.remove(host.as_str());
                    died.insert(host);
                }
                if disturbs(fault) {
                    // What was healed long ago has nothing to do with this.
                    let is_new = healed_ms.take().is_some_and(|healed_ms| healed_ms + SETTLES_MS < at_ms);
                    disturbed_ms = disturbed_ms.filter(|_| !is_new).or(Some(at_ms));
                }
                if *fault == Fault::Heal {
                    healed_ms = Some(at_ms);
                }
            }
            _ => continue,
        }
        if masters.len() <= 1 {
            for open in forgettings.iter_mut().filter(|open| open.until_ms == u64::MAX) {
                open.until_ms = at_ms + UNDER_WAY_MS;
            }
        }
    }
    forgettings
}

/// Whether it keeps the nodes of the store from telling each other.
fn disturbs(fault: &Fault) -> bool {
    let touched = fault.hosts();
    !fault.repairs() && !touched.is_empty() && touched.iter().all(|host| host.starts_with(hosts::REDIS))
}
