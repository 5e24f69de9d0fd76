//! When the store forgot: read from what its nodes said of themselves and from what was done to them.

use super::SETTLES_MS;
use crate::{
    property::spans::spans,
    vocabulary::{Event, Fault, History, OwnFault, Persistence, Plan, StoreOption},
    world::hosts,
};
use spec::{Forgetting, Settings};
use std::collections::BTreeSet;

/// Roles taken before this time, milliseconds, are those of the configuration.
const BOOTED_MS: u64 = 500;
/// What a master has acknowledged so long before replication was disturbed has reached its replicas, milliseconds: ten times
/// the longest delay of replication that worlds have.
const REPLICATED_MS: u64 = 3_000;
/// How long a command may be under way at a master that is none any more, milliseconds.
const UNDER_WAY_MS: u64 = 1_000;
/// How long it takes until most Sentinels have heard of a new master, milliseconds: they tell each other every two seconds.
const HEARD_MS: u64 = 4_000;

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
    let mut promoted: Vec<&str> = vec![];
    for record in &history.records {
        let at_ms = record.at_ms;
        match &record.event {
            Event::Role { host, role } if role == "master" => {
                masters.insert(host);
                if at_ms >= BOOTED_MS {
                    // Another one may have taken its place meanwhile: until the Sentinels say so, clients ask this one.
                    let empty = died.contains(host.as_str()) && plan.world.persistence == Persistence::None;
                    let since_ms = disturbed_ms.unwrap_or(at_ms);
                    promoted.push(host);
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
    let looks_ms = Settings::default().get("looks at the Sentinels");
    for (forgetting, promoted) in forgettings.iter_mut().zip(promoted) {
        let from_ms = forgetting.from_ms + UNDER_WAY_MS;
        if is_followed(plan, history, promoted, (from_ms, forgetting.until_ms)) {
            let followed_ms = from_ms + HEARD_MS + looks_ms + UNDER_WAY_MS;
            forgetting.until_ms = forgetting.until_ms.min(followed_ms);
        }
    }
    forgettings
}

/// Whether every replica can find out which of two masters is the right one, and goes there: for as long as there are two, most
/// Sentinels, the new master and the replicas reach each other, and nothing is broken but nodes of the store, or links among
/// them.
fn is_followed(plan: &Plan, history: &History, promoted: &str, (from_ms, until_ms): (u64, u64)) -> bool {
    let spans = spans(history);
    let broken = (spans.iter())
        .filter(|span| span.from_ms <= until_ms && span.to_ms >= from_ms)
        .map(|span| span.fault);
    // The Sentinels that the new master does not reach: they tell each other through the nodes.
    let mut away = BTreeSet::new();
    for fault in broken {
        let touched = fault.hosts();
        let is_of_store = |host: &&str| host.starts_with(hosts::REDIS) || host.starts_with(hosts::SENTINEL);
        let concerns_it = touched.contains(&promoted);
        match fault {
            Fault::Own(OwnFault::Mail(_) | OwnFault::Analytics(_)) => {}
            _ if !touched.iter().all(is_of_store) => return false,
            Fault::Cut { .. } | Fault::CutOneWay { .. } if concerns_it => away.extend(touched),
            Fault::Cut { .. } | Fault::CutOneWay { .. } => {}
            Fault::Kill { .. } | Fault::PowerLoss { .. } if !concerns_it => away.extend(touched),
            _ => return false,
        }
    }
    let all = plan.world.sentinels;
    let away = away.iter().filter(|host| host.starts_with(hosts::SENTINEL)).count();
    2 * (all - away) > all
}

/// Whether it keeps the nodes of the store from telling each other.
fn disturbs(fault: &Fault) -> bool {
    let touched = fault.hosts();
    !fault.repairs() && !touched.is_empty() && touched.iter().all(|host| host.starts_with(hosts::REDIS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scenario::{cut, kill, latency, mail, ms, pause},
        vocabulary::Mode,
    };
    use sim::history::HistoryBuilder;

    /// `redis-1` is cut off from `redis-2` and two Sentinels at 10 s, `redis-2` is promoted at 14 s, and at 44 s all is mended.
    /// Returns when the store forgets no more what it is told.
    fn forgets_until_ms(more: &[(u64, Fault)]) -> u64 {
        let first = [
            cut("redis-1", "redis-2"),
            cut("redis-1", "sentinel-2"),
            cut("redis-1", "sentinel-3"),
        ];
        let first = first.into_iter().map(|fault| (10_000, fault));
        let role = |host: &str, role: &str| Event::Role {
            host: host.into(),
            role: role.into(),
        };
        let mut faults: Vec<(u64, Fault)> = first
            .chain(more.iter().cloned())
            .chain([(44_000, Fault::Heal)])
            .collect();
        faults.sort_by_key(|(at_ms, _)| *at_ms);
        let mut history = HistoryBuilder::default().event(0, "redis-1", role("redis-1", "master"));
        let mut is_promoted = false;
        for (at_ms, fault) in faults {
            if at_ms > 14_000 && !is_promoted {
                history = history.event(14_000, "redis-2", role("redis-2", "master"));
                is_promoted = true;
            }
            history = history.fault(at_ms, fault, 0);
        }
        let history = history.event(55_000, "redis-1", role("redis-1", "replica")).history();
        let forgettings = forgettings(&Plan::new("hand-built", 0, 60_000), &history);
        assert_eq!(forgettings.len(), 1, "{forgettings:?}");
        forgettings[0].until_ms
    }

    /// Once most Sentinels have heard of the new master, and everybody has looked.
    const FOLLOWED_MS: u64 = 14_000 + HEARD_MS + 5_000 + UNDER_WAY_MS;

    #[test]
    fn a_new_master_is_followed_by_whoever_can_learn_of_it_and_reach_it() {
        assert_eq!(forgets_until_ms(&[]), FOLLOWED_MS);
        for fault in [kill("sentinel-1"), cut("redis-1", "sentinel-1"), mail(Mode::Hanging)] {
            assert_eq!(forgets_until_ms(&[(20_000, fault.clone())]), FOLLOWED_MS, "{fault}");
        }
    }

    #[test]
    fn nobody_is_expected_to_follow_who_cannot() {
        for (what, faults) in [
            (
                "it does not reach most of them",
                vec![kill("sentinel-1"), cut("redis-2", "sentinel-2")],
            ),
            ("a replica does not reach it", vec![cut("idp-a", "redis-2")]),
            ("a replica does not reach a Sentinel", vec![cut("idp-b", "sentinel-3")]),
            ("a replica does nothing", vec![pause("idp-a")]),
            ("a replica is in other trouble", vec![cut("redis-1", "idp-a")]),
            ("a link is slow", vec![latency("redis-2", "sentinel-2", ms(900))]),
        ] {
            let faults: Vec<(u64, Fault)> = faults.into_iter().map(|fault| (20_000, fault)).collect();
            assert_eq!(
                forgets_until_ms(&faults),
                55_000 + UNDER_WAY_MS,
                "{what}: until the old master is told"
            );
        }
        assert_eq!(
            forgets_until_ms(&[(20_000, kill("redis-2"))]),
            20_000 + UNDER_WAY_MS,
            "it has died"
        );
    }
}
