//! What each fault can do, and until when.

use super::*;
use crate::scenario::{
    disk_slow, kill, ms, no_descriptors, pause, power_loss, redis_refuses, resume, sentinel_refuses, start, stop,
};
use sim::history::HistoryBuilder;

fn spans(faults: impl IntoIterator<Item = (u64, Fault)>) -> Vec<(u64, u64)> {
    let history = faults
        .into_iter()
        .fold(HistoryBuilder::default(), |history, (at_ms, fault)| {
            history.fault(at_ms, fault, 0)
        });
    let troubles = troubles(&Plan::new("hand-built", 0, 200_000), &history.history());
    let all = troubles.spans.iter().filter(|span| !span.touches.stale);
    all.map(|span| (span.from_ms, span.until_ms)).collect()
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

#[test]
fn what_is_sent_once_may_be_lost_on_connections_that_a_power_loss_has_left() {
    let lost = |fault: Fault| {
        let history = HistoryBuilder::default()
            .fault(1_000, fault, 1)
            .fault(4_000, start("idp-a"), 1);
        let troubles = troubles(&Plan::new("hand-built", 0, 200_000), &history.history());
        let stale = |at_ms| troubles.any(at_ms, at_ms, |touches| touches.stale);
        (stale(4_000 + KEPT_MS), stale(4_001 + KEPT_MS))
    };
    assert_eq!(lost(power_loss("idp-a")), (true, false));
    assert_eq!(lost(kill("idp-a")), (false, false), "it has said so");
}

#[test]
fn who_was_paused_while_the_master_was_replaced_does_not_know_it() {
    let touches_store = |paused: &str, promoted_ms| {
        let role = Event::Role {
            host: "redis-2".into(),
            role: "master".into(),
        };
        let history = HistoryBuilder::default()
            .fault(1_000, pause(paused), 1)
            .event(promoted_ms, "redis-2", role)
            .fault(9_000, resume(paused), 1);
        let troubles = troubles(&Plan::new("hand-built", 0, 200_000), &history.history());
        troubles.any(9_000, 9_000, |touches| touches.store)
    };
    assert!(touches_store("idp-a", 5_000));
    assert!(!touches_store("idp-a", 500) && !touches_store("idp-a", 9_500));
    assert!(!touches_store("mail", 5_000));
}

#[test]
fn whoever_is_under_way_when_a_pause_begins_may_find_their_deadline_passed() {
    let touched = |lasts_ms: u64| {
        let history =
            HistoryBuilder::default()
                .fault(1_000, pause("idp-a"), 1)
                .fault(1_000 + lasts_ms, resume("idp-a"), 1);
        let troubles = troubles(&Plan::new("hand-built", 0, 200_000), &history.history());
        [(500, 9_500), (1_001, 9_500)].map(|(from_ms, to_ms)| {
            let any = |which: fn(&Touches) -> bool| troubles.any(from_ms, to_ms, which);
            (any(|touches| touches.store), any(|touches| touches.directory))
        })
    };
    assert_eq!(touched(8_000), [(true, true), (false, false)]);
    assert_eq!(touched(999), [(true, false), (false, false)]);
    assert_eq!(touched(799), [(false, false); 2]);
}

/// `idp-a` is asked to end at 20 s, and starts again at 26 s.
fn restarted(other_closes_ms: u64) -> Vec<Trouble> {
    restarted_while(other_closes_ms, &[])
}

fn restarted_while(other_closes_ms: u64, others: &[(u64, Fault)]) -> Vec<Trouble> {
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
    let history = (others.iter().cloned()).fold(history, |history, (at_ms, fault)| history.fault(at_ms, fault, 1));
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
    // It starts when it can use the directory.
    let is_away = |span: &&Trouble| span.touches.stops;
    let slow = |at_ms: u64| [(at_ms, disk_slow("idp-a", ms(1_000), ms(2_000)))];
    let later = restarted_while(30_000, &slow(25_000));
    assert_eq!(
        later.iter().find(is_away).unwrap().until_ms,
        25_000 + 3_000 + 2 * PASSES_MS
    );
    let other_time = restarted_while(30_000, &slow(10_000));
    assert_eq!(other_time.iter().find(is_away).unwrap().until_ms, 28_000);
    let noticed = restarted(22_000);
    assert_eq!(noticed.len(), 1);
    assert_eq!((noticed[0].from_ms, noticed[0].until_ms), (20_000, 26_000 + SETTLES_MS));
    assert!(noticed[0].touches.service);
}

#[test]
fn a_port_that_a_fault_has_closed_is_excused_until_it_is_open_and_no_longer_than_looks_may_take() {
    let closed = |closed_ms: u64, opened_ms: Option<u64>, why: &str| {
        let port = |ready: bool, why: &str| Event::Ready {
            host: "idp-a".into(),
            ready,
            why: why.into(),
        };
        let fails = Fault::DiskError {
            host: "idp-a".into(),
            after_commit: false,
            lasts_ms: 9_000,
        };
        let history = HistoryBuilder::default().fault(1_000, fails, 1);
        let mut history = history.event(closed_ms, "idp-a", port(false, why));
        if let Some(opened_ms) = opened_ms {
            history = history.event(opened_ms, "idp-a", port(true, ""));
        }
        troubles(&Plan::new("hand-built", 0, 200_000), &history.history()).spans[0].until_ms
    };
    let of = |opened_ms: Option<u64>, why: &str| closed(8_000, opened_ms, why);
    assert_eq!(of(Some(12_600), CLOSED_DEGRADED), 12_600 + PASSES_MS);
    assert_eq!(of(Some(9_500), CLOSED_DEGRADED), 10_000 + PASSES_MS, "before the end");
    assert_eq!(of(Some(12_600), "its process ended"), 10_000 + PASSES_MS);
    let latest_ms = 10_000 + 3 * (1_000 + 3 * 800) + PASSES_MS;
    assert_eq!(of(Some(40_000), CLOSED_DEGRADED), latest_ms);
    assert_eq!(of(None, CLOSED_DEGRADED), latest_ms);
    // The look that was under way when the fault ended closed it.
    let later = |opened_ms: Option<u64>| closed(11_500, opened_ms, CLOSED_DEGRADED);
    assert_eq!(later(Some(14_700)), 14_700 + PASSES_MS);
    assert_eq!(later(None), 1_500 + latest_ms);
    assert_eq!(closed(13_401, Some(14_000), CLOSED_DEGRADED), 10_000 + PASSES_MS);
}

#[test]
fn a_replicas_clock_does_no_harm_within_the_disagreement_and_a_wrong_one_does_not_lead() {
    let of = |host: &str, offset_ms: i64| {
        let host = host.to_owned();
        let history = HistoryBuilder::default().fault(1_000, Fault::ClockOffset { host, offset_ms }, 1);
        let touches = troubles(&Plan::new("hand-built", 0, 200_000), &history.history()).spans[0].touches;
        (touches.clocks_ms, touches.dates_ms, touches.leader_ms, touches.ahead_ms)
    };
    assert_eq!(of("idp-a", -300_000), (300_000, 2_000, 2_000, 0));
    assert_eq!(of("idp-a", 300_001), (300_001, 300_001, 2_000, 300_001));
    assert_eq!(of("idp-a", 500), (500, 500, 500, 500));
    assert_eq!(of("redis-1", 60_000), (60_000, 60_000, 60_000, 0));
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
