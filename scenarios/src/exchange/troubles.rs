//! When something was broken, and what that can do to the answers, as the specification reads it.

use super::{SETTLES_MS, forgetting::forgettings};
use crate::{
    directory,
    property::{
        spans::keeps_lock_until_ms,
        stops::{Stopped, stops},
    },
    vocabulary::{Event, Fault, History, OwnFault, Plan, Refusal},
    world::{
        calls::{Purpose, purpose},
        hosts,
    },
};
use sim::{calls::CallFault, history::CLOSED_DEGRADED};
use spec::{Settings, Touches, Trouble, Troubles};
use std::collections::BTreeMap;

/// How long it takes until all is as before after something that ends by itself, milliseconds.
const PASSES_MS: u64 = 2_000;

/// How many calls to the store a look at health makes.
const LOOK_CALLS: u64 = 3;

/// For how long nginx keeps an idle connection to an upstream (`keepalive_timeout`), milliseconds.
const KEPT_MS: u64 = 60_000;

/// When something was broken, and what that can do: from each fault to its end, and until all has settled.
pub(crate) fn troubles(plan: &Plan, history: &History) -> Troubles {
    troubles_but_for(plan, history, |_| false)
}

/// The same, if some faults break nothing.
pub(crate) fn troubles_but_for(plan: &Plan, history: &History, is_harmless: fn(&Fault) -> bool) -> Troubles {
    let faults: Vec<(u64, &Fault)> = crate::property::faults(history)
        .map(|(at_ms, _, fault)| (at_ms, fault))
        .filter(|(_, fault)| fault.repairs() || !is_harmless(fault)) // a repair is kept: it may end a fault that does harm
        .collect();
    let mut troubles = vec![];
    let unnoticed: Vec<Stopped<'_>> = stops(history).into_iter().filter(Stopped::is_unnoticed).collect();
    let mut jumped_ms: BTreeMap<&str, i64> = BTreeMap::new();
    for (index, (from_ms, fault)) in faults.iter().enumerate() {
        let is_unnoticed =
            |stop: &Stopped<'_>| stop.from_ms == *from_ms && matches!(fault, Fault::Stop { host } if host == stop.host);
        if fault.repairs() || unnoticed.iter().any(is_unnoticed) {
            continue;
        }
        let later = &faults[index + 1..];
        let end = later
            .iter()
            .find(|(_, end)| **end == Fault::Heal || fault.is_ended_by(end));
        let until_ms = match (fault.lasts_ms(), end) {
            // Whoever asks once they have noticed is answered over a new connection.
            (Some(lasts_ms), _) if closes_connections(fault) => from_ms + lasts_ms,
            // The last commit that it is slow for ends later.
            (Some(lasts_ms), _) if let Fault::DiskSlow { by_ms, .. } = fault => from_ms + lasts_ms + by_ms + PASSES_MS,
            // Its clients have to connect again, and some find another master meanwhile.
            (Some(lasts_ms), _) if asks_for_new_connections(fault) => from_ms + lasts_ms + SETTLES_MS,
            // Whoever could not read its keys tries again, and then looks whether all is well.
            (Some(lasts_ms), _) if touches(fault).keys => from_ms + lasts_ms + SETTLES_MS,
            (Some(lasts_ms), _) => reopened_ms(history, from_ms + lasts_ms) + PASSES_MS,
            (None, Some((end_ms, _))) if all_lose_power(plan, &faults, index) => end_ms + KEPT_MS,
            (None, Some((end_ms, _))) => end_ms + SETTLES_MS,
            (None, None) => u64::MAX,
        };
        let mut touches = touches(fault);
        touches.directory |= keeps_lock_until_ms(&faults, index).is_some();
        if let Fault::ClockOffset { host, offset_ms: by_ms } | Fault::ClockJump { host, by_ms } = fault {
            let off = jumped_ms.entry(host).or_default();
            *off = match fault {
                Fault::ClockJump { .. } => *off + by_ms,
                _ => *by_ms,
            };
            touches = of_clock(plan, &faults, host, *off, touches);
        }
        if let (Fault::PowerLoss { host }, Some((end_ms, _))) = (fault, end)
            && plan.world.replica_hosts().contains(host)
        {
            // Nobody has told the balancer that its connections to it have ended.
            troubles.push(Trouble {
                from_ms: *from_ms,
                until_ms: end_ms + KEPT_MS,
                touches: Touches {
                    stale: true,
                    ..Touches::default()
                },
            });
        }
        if let (Fault::Pause { host }, Some((end_ms, _))) = (fault, end)
            && plan.world.replica_hosts().contains(host)
        {
            touches.store |= promoted(history, *from_ms, *end_ms); // it has missed that there is another master
            troubles.push(of_pause(*from_ms, *end_ms));
        }
        if touches != Touches::default() {
            troubles.push(Trouble {
                from_ms: *from_ms,
                until_ms,
                touches,
            });
        }
    }
    let directory: Vec<Trouble> = troubles.iter().filter(|one| one.touches.directory).cloned().collect();
    troubles.extend(unnoticed.iter().flat_map(|stop| of_stop(plan, stop, &directory)));
    Troubles {
        forgettings: forgettings(plan, history),
        started_ms: started_ms(plan, history),
        spans: troubles,
    }
}

/// What can happen because a replica stops while another one serves: it is not there for those who ask it alone, until it has
/// started again, which it does when it can use the directory; its jobs are somebody else's; and a request that comes in the
/// moment in which it closes connections may be lost. All else goes on.
fn of_stop(plan: &Plan, stop: &Stopped<'_>, directory: &[Trouble]) -> Vec<Trouble> {
    let starts = directory
        .iter()
        .filter(|broken| (broken.from_ms..=broken.until_ms).contains(&stop.started_ms));
    let started_ms = starts.fold(stop.started_ms, |latest_ms, broken| latest_ms.max(broken.until_ms));
    let away = Trouble {
        from_ms: stop.from_ms,
        until_ms: started_ms.saturating_add(PASSES_MS),
        touches: Touches {
            jobs: true,
            stops: true,
            ..Touches::default()
        },
    };
    let closings = stop.closings(plan).map(|(from_ms, until_ms)| Trouble {
        from_ms,
        until_ms,
        touches: Touches {
            service: true,
            ..Touches::default()
        },
    });
    closings.into_iter().chain([away]).collect()
}

/// What a pause does to a request that is under way when it begins: what the request waits for has a deadline, which may have
/// passed when the process wakes. A request that comes later, or while the process sleeps, begins to wait afterwards.
fn of_pause(from_ms: u64, end_ms: u64) -> Trouble {
    let documented = Settings::default();
    let outlasts = |deadline| end_ms - from_ms >= documented.get(deadline);
    Trouble {
        from_ms,
        until_ms: from_ms,
        touches: Touches {
            store: outlasts("a call to the store"),
            directory: outlasts("the directory's lock"),
            ..Touches::default()
        },
    }
}

/// Whether another node of the store became master meanwhile.
fn promoted(history: &History, from_ms: u64, to_ms: u64) -> bool {
    history.records.iter().any(|record| match &record.event {
        Event::Role { role, .. } => role == "master" && (from_ms..=to_ms).contains(&record.at_ms),
        _ => false,
    })
}

/// Whether all replicas lose power within the time for which the balancer keeps an idle connection. It then has connections to
/// all of them of which nobody has told it that they have ended; the first request that is sent on one fails on each, both
/// replicas count as failed, and there is no live upstream (as real nginx does: the sequence "both close on reuse" of the
/// conformance tests).
fn all_lose_power(plan: &Plan, faults: &[(u64, &Fault)], one: usize) -> bool {
    let (at_ms, fault) = faults[one];
    let lost = |replica: &String| {
        faults.iter().any(|(other_ms, fault)| {
            matches!(fault, Fault::PowerLoss { host } if host == replica) && other_ms.abs_diff(at_ms) < KEPT_MS
        })
    };
    matches!(fault, Fault::PowerLoss { .. }) && plan.world.replica_hosts().iter().all(lost)
}

/// When the last port is opened again that was closed because its replica called itself degraded, when a fault ended or by the look
/// that was under way then: it is opened after some good looks (`core/LIMITS.md`), and no excuse lasts longer than they may take.
/// Without such a port: when it ended.
fn reopened_ms(history: &History, ended_ms: u64) -> u64 {
    let documented = Settings::default();
    let look_ms = documented.get("looks at health") + LOOK_CALLS * documented.get("a call to the store");
    let opens_ms = documented.get("good looks") * look_ms;
    // Each port that is closed, and by when it is open.
    let mut closed: BTreeMap<&str, u64> = BTreeMap::new();
    let mut opened_ms = ended_ms;
    for record in &history.records {
        match &record.event {
            Event::Ready {
                host,
                ready: false,
                why,
            } if why == CLOSED_DEGRADED && record.at_ms <= ended_ms + look_ms => {
                closed.insert(host, ended_ms.max(record.at_ms) + opens_ms);
            }
            Event::Ready { host, ready: true, .. } => {
                if let Some(latest_ms) = closed.remove(host.as_str()) {
                    opened_ms = opened_ms.max(record.at_ms.min(latest_ms));
                }
            }
            _ => {}
        }
    }
    closed.into_values().fold(opened_ms, u64::max)
}

fn asks_for_new_connections(fault: &Fault) -> bool {
    matches!(fault, Fault::RedisRefuses { .. } | Fault::SentinelRefuses { .. })
}

fn closes_connections(fault: &Fault) -> bool {
    let why = Refusal::ClosedConnections;
    matches!(fault, Fault::RedisRefuses { why: theirs, .. } if *theirs == why)
}

/// A replica whose clock is nearer to that of Redis goes by its own, and no answer is on its way for longer, milliseconds.
const NEAR_MS: u64 = 2_000;

/// What a clock that is so far off can do besides. All replicas go by the clock of Redis, as long as theirs is not too far from it
/// (`core/LIMITS.md`, "Clocks").
fn of_clock(plan: &Plan, faults: &[(u64, &Fault)], host: &str, ahead_ms: i64, touches: Touches) -> Touches {
    let off_ms = ahead_ms.unsigned_abs();
    let slack_ms = Settings::default().get("disagreement of clocks");
    let is_of_store = |fault: &Fault| {
        let is_clock = matches!(fault, Fault::ClockOffset { .. } | Fault::ClockJump { .. });
        is_clock && fault.hosts().iter().any(|host| host.starts_with(hosts::REDIS))
    };
    let is_replica = plan.world.replica_hosts().iter().any(|replica| replica == host);
    let is_set_right =
        is_replica && !plan.world.redis_hosts().is_empty() && !faults.iter().any(|(_, fault)| is_of_store(fault));
    let near_ms = off_ms.min(NEAR_MS);
    Touches {
        clocks_ms: off_ms,
        dates_ms: if is_set_right && off_ms <= slack_ms {
            near_ms
        } else {
            off_ms
        },
        ahead_ms: if is_replica { ahead_ms.max(0).unsigned_abs() } else { 0 },
        leader_ms: if is_set_right { near_ms } else { off_ms },
        ..touches
    }
}

/// When every replica has opened its port for the first time, and the balancer has noticed.
fn started_ms(plan: &Plan, history: &History) -> u64 {
    let opened = |host: &String| {
        let mut records = history.records.iter();
        let found =
            records.find(|record| matches!(&record.event, Event::Ready { host: of, ready: true, .. } if of == host));
        found.map(|record| record.at_ms)
    };
    let all: Option<Vec<u64>> = plan.world.replica_hosts().iter().map(opened).collect();
    all.and_then(|all| all.into_iter().max())
        .map_or(u64::MAX, |ms| ms + plan.world.fail_timeout_ms)
}

/// What a fault can do. The mail relay and the analytics hook are nobody's business but the mails'.
pub(crate) fn touches(fault: &Fault) -> Touches {
    let of_directory = Touches {
        directory: true,
        ..Touches::default()
    };
    let mail = Touches {
        mail: true,
        ..Touches::default()
    };
    let analytics = Touches {
        analytics: true,
        ..Touches::default()
    };
    match fault {
        Fault::DiskError { .. } | Fault::DiskSlow { .. } => return of_directory,
        // Whoever starts meanwhile does not serve, and goes on trying.
        Fault::Own(OwnFault::Directory(directory::Fault::SigningKeyDamaged { .. })) => {
            return Touches {
                keys: true,
                stops: true,
                ..Touches::default()
            };
        }
        Fault::Own(OwnFault::Directory(_)) => return of_directory,
        Fault::Own(OwnFault::Mail(_)) => return mail,
        Fault::Own(OwnFault::Analytics(_)) => return analytics,
        // The process reaches nothing new, whatever it is. Its directory is open already, and so is what the jobs are done with
        // but for the store and the relay.
        Fault::NoDescriptors { .. } => {
            return Touches {
                store: true,
                service: true,
                mail: true,
                analytics: true,
                ..Touches::default()
            };
        }
        _ => {}
    }
    if let Fault::Call(call) = fault {
        return of_call(call);
    }
    let touched = fault.hosts();
    let any = |of: fn(&str) -> bool| touched.iter().any(|host| of(host));
    if any(|host| host == hosts::ANALYTICS) {
        return analytics;
    }
    if any(|host| host == hosts::MAIL) {
        return mail;
    }
    let is_clock = matches!(fault, Fault::ClockOffset { .. } | Fault::ClockJump { .. });
    let store = any(|host| host.starts_with(hosts::REDIS) || host.starts_with(hosts::SENTINEL));
    Touches {
        store,
        service: !store && !is_clock,
        ..Touches::default()
    }
}

/// What it can do when something becomes of one call: whoever waits for it may be told "not now", or wait for longer than a
/// balancer does.
fn of_call(call: &CallFault) -> Touches {
    let purpose = purpose(&call.call);
    let is_waited_for = matches!(purpose, Purpose::Login | Purpose::Store);
    Touches {
        store: is_waited_for && call.call.starts_with("store"),
        directory: is_waited_for && call.call.starts_with("directory"),
        // A replica that fails while it starts opens its port later.
        service: (is_waited_for && call.by_ms > 0) || purpose == Purpose::Replica,
        mail: purpose == Purpose::Mail || call.call.starts_with("mail"),
        analytics: purpose == Purpose::Analytics,
        jobs: purpose == Purpose::Leader,
        stops: false,
        stale: false,
        keys: false,
        clocks_ms: 0,
        dates_ms: 0,
        ahead_ms: 0,
        leader_ms: 0,
    }
}

#[cfg(test)]
mod tests;
