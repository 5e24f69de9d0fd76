//! When something was broken, and what that can do to the answers, as the specification reads it.

use super::{SETTLES_MS, forgetting::forgettings};
use crate::{
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
use sim::calls::CallFault;
use spec::{Settings, Touches, Trouble, Troubles};
use std::collections::BTreeMap;

/// How long it takes until all is as before after something that ends by itself, milliseconds.
const PASSES_MS: u64 = 2_000;

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
    let unnoticed: Vec<Stopped<'_>> = stops(history).into_iter().filter(|stop| stop.is_unnoticed).collect();
    troubles.extend(unnoticed.iter().flat_map(|stop| of_stop(plan, stop)));
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
            // Its clients have to connect again, and some find another master meanwhile.
            (Some(lasts_ms), _) if asks_for_new_connections(fault) => from_ms + lasts_ms + SETTLES_MS,
            (Some(lasts_ms), _) => from_ms + lasts_ms + PASSES_MS,
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
            touches = of_clock(plan, &faults, host, off.unsigned_abs(), touches);
        }
        if touches != Touches::default() {
            troubles.push(Trouble {
                from_ms: *from_ms,
                until_ms,
                touches,
            });
        }
    }
    Troubles {
        forgettings: forgettings(plan, history),
        started_ms: started_ms(plan, history),
        spans: troubles,
    }
}

/// What can happen because a replica stops while another one serves: it is not there for those who ask it alone, until it has
/// started again; its jobs are somebody else's; and a request that comes in the moment in which it closes connections may be
/// lost. All else goes on.
fn of_stop(plan: &Plan, stop: &Stopped<'_>) -> Vec<Trouble> {
    let away = Trouble {
        from_ms: stop.from_ms,
        until_ms: stop.started_ms.saturating_add(PASSES_MS),
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
fn of_clock(plan: &Plan, faults: &[(u64, &Fault)], host: &str, off_ms: u64, touches: Touches) -> Touches {
    let slack_ms = Settings::default().get("disagreement of clocks");
    let is_of_store = |fault: &Fault| {
        let is_clock = matches!(fault, Fault::ClockOffset { .. } | Fault::ClockJump { .. });
        is_clock && fault.hosts().iter().any(|host| host.starts_with(hosts::REDIS))
    };
    let is_set_right = plan.world.replica_hosts().iter().any(|replica| replica == host)
        && !plan.world.redis_hosts().is_empty()
        && !faults.iter().any(|(_, fault)| is_of_store(fault));
    let near_ms = off_ms.min(NEAR_MS);
    Touches {
        clocks_ms: off_ms,
        dates_ms: if is_set_right && off_ms <= slack_ms {
            near_ms
        } else {
            off_ms
        },
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
    let directory = Touches {
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
        Fault::DiskError { .. } | Fault::DiskSlow { .. } => return directory,
        Fault::Own(OwnFault::Directory(_)) => return directory,
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
        clocks_ms: 0,
        dates_ms: 0,
        leader_ms: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{ms, no_descriptors, power_loss, redis_refuses, sentinel_refuses, start, stop};
    use sim::history::HistoryBuilder;

    fn spans(faults: impl IntoIterator<Item = (u64, Fault)>) -> Vec<(u64, u64)> {
        let history = faults
            .into_iter()
            .fold(HistoryBuilder::default(), |history, (at_ms, fault)| {
                history.fault(at_ms, fault, 0)
            });
        let troubles = troubles(&Plan::new("hand-built", 0, 200_000), &history.history());
        troubles
            .spans
            .iter()
            .map(|span| (span.from_ms, span.until_ms))
            .collect()
    }

    /// The balancer keeps connections of which nobody has told it that they have ended, if no replica is left to tell it.
    #[test]
    fn only_a_power_loss_of_all_replicas_is_felt_until_kept_connections_have_ended() {
        let lose = |b_ms: u64| {
            let at = [(1_000, power_loss("idp-a")), (b_ms, power_loss("idp-b"))];
            let back = ["idp-a", "idp-b"].map(|host| (b_ms + 3_000, start(host)));
            spans(at.into_iter().chain(back))
        };
        assert_eq!(lose(1_000), [(1_000, 4_000 + KEPT_MS); 2]);
        let apart_ms = 1_000 + KEPT_MS;
        let settled_ms = apart_ms + 3_000 + SETTLES_MS;
        assert_eq!(lose(apart_ms), [(1_000, settled_ms), (apart_ms, settled_ms)]);
        let one = spans([(1_000, power_loss("idp-a")), (4_000, start("idp-a"))]);
        assert_eq!(one, [(1_000, 4_000 + SETTLES_MS)]);
    }

    /// `idp-a` is asked to end at 20 s, and starts again at 26 s.
    fn restarted(other_closes_ms: u64) -> Vec<Trouble> {
        let ready = |host: &str, ready| Event::Ready {
            host: host.to_owned(),
            ready,
            why: String::new(),
        };
        let history = HistoryBuilder::default()
            .event(300, "idp-a", ready("idp-a", true))
            .event(300, "idp-b", ready("idp-b", true))
            .event(other_closes_ms, "idp-b", ready("idp-b", false))
            .fault(20_000, stop("idp-a"), 1)
            .fault(26_000, start("idp-a"), 1);
        troubles(&Plan::new("hand-built", 0, 200_000), &history.history()).spans
    }

    #[test]
    fn a_stop_touches_little_while_another_replica_serves_and_as_much_as_a_kill_otherwise() {
        let unnoticed = restarted(30_000);
        let lost = |touches: &Touches| touches.service || touches.store || touches.directory || touches.mail;
        let spans: Vec<_> = (unnoticed.iter())
            .map(|span| (span.from_ms, span.until_ms, lost(&span.touches), span.touches.stops))
            .collect();
        assert_eq!(
            spans,
            [
                (19_975, 20_010, true, false),
                (21_975, 22_010, true, false),
                (20_000, 28_000, false, true),
            ]
        );
        let noticed = restarted(22_000);
        assert_eq!(noticed.len(), 1);
        assert_eq!((noticed[0].from_ms, noticed[0].until_ms), (20_000, 26_000 + SETTLES_MS));
        assert!(noticed[0].touches.service);
    }

    #[test]
    fn a_replicas_clock_does_no_harm_within_the_disagreement_and_a_wrong_one_does_not_lead() {
        let of = |host: &str, offset_ms: i64| {
            let host = host.to_owned();
            let history = HistoryBuilder::default().fault(1_000, Fault::ClockOffset { host, offset_ms }, 1);
            let touches = troubles(&Plan::new("hand-built", 0, 200_000), &history.history()).spans[0].touches;
            (touches.clocks_ms, touches.dates_ms, touches.leader_ms)
        };
        assert_eq!(of("idp-a", -300_000), (300_000, 2_000, 2_000));
        assert_eq!(of("idp-a", 300_001), (300_001, 300_001, 2_000));
        assert_eq!(of("idp-a", 500), (500, 500, 500));
        assert_eq!(of("redis-1", 60_000), (60_000, 60_000, 60_000));
    }

    /// A process without descriptors goes on with what is open: its directory is a file, and clocks are nobody's connection.
    #[test]
    fn a_process_without_descriptors_is_in_trouble_with_whatever_is_connected_to() {
        let fault = no_descriptors("idp-a", ms(3_000));
        let touched = touches(&fault);
        assert!(touched.store && touched.service && touched.mail && touched.analytics);
        assert!(!touched.directory && !touched.jobs && touched.clocks_ms == 0);
        assert_eq!(spans([(1_000, fault)]), [(1_000, 4_000 + PASSES_MS)]);
    }

    /// A slow link breaks nothing if that is so little, but what was broken ends when it is fast again.
    #[test]
    fn a_harmful_fault_ends_with_one_that_would_be_harmless() {
        let link = |added_ms| Fault::Latency {
            a: "idp-a".into(),
            b: "redis-1".into(),
            added_ms,
        };
        let faults = [(1_000, link(50)), (2_000, link(500)), (9_000, link(0))];
        let history = faults
            .into_iter()
            .fold(HistoryBuilder::default(), |history, (at_ms, fault)| {
                history.fault(at_ms, fault, 0)
            });
        let plan = Plan::new("hand-built", 0, 200_000);
        let troubles = troubles_but_for(
            &plan,
            &history.history(),
            |fault| matches!(fault, Fault::Latency { added_ms, .. } if *added_ms <= 60),
        );
        let spans: Vec<(u64, u64)> = troubles
            .spans
            .iter()
            .map(|span| (span.from_ms, span.until_ms))
            .collect();
        assert_eq!(spans, [(2_000, 9_000 + SETTLES_MS)]);
    }

    /// Whoever asks once a closed connection has been noticed is answered.
    #[test]
    fn closed_connections_are_felt_no_longer_than_it_takes_to_notice() {
        let refuses = |why| spans([(1_000, redis_refuses("redis-1", why, ms(40)))]);
        assert_eq!(refuses(Refusal::ClosedConnections), [(1_000, 1_040)]);
        assert_eq!(refuses(Refusal::Permission), [(1_000, 1_040 + SETTLES_MS)]);
        // Whoever found no master may have closed its port, and the balancer looks again later.
        let asked = spans([(1_000, sentinel_refuses("sentinel-1", ms(40)))]);
        assert_eq!(asked, [(1_000, 1_040 + SETTLES_MS)]);
    }
}
