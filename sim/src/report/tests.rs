//! Stories about histories that are written by hand.

use super::*;
use crate::{
    fault::Fault,
    history::{Event, History, Seen},
    plan::Operation,
    property::Violation,
    testing::{Did, Does, HistoryBuilder, Shop, Ticket, hosts, plan},
    world::HostKind,
};

/// 1. ann goes shopping; 2. the master dies during her purchase; 3. mallory buys the same seat.
pub(in crate::report) fn twice() -> (History<Shop>, Vec<Violation>) {
    let buy = Did::Buy { seat: 12 };
    let history = HistoryBuilder::new()
        .op((2000, 21_060), "ann", Did::Shop, Seen::Ok)
        .op((2000, 2031), "ann", Did::Look, Seen::Ok)
        .op((20_990, 21_004), "ann", buy.clone(), Seen::Ok)
        .fault(21_000, Fault::Kill { host: "redis-1".into() }, 1)
        .sentinel(22_250, "sentinel-2", "+sdown master seats 10.0.0.1 6379")
        .sentinel(22_300, "sentinel-2", "+new-epoch 1")
        .sentinel(23_250, "sentinel-2", "+switch-master seats 10.0.0.1 6379 10.0.0.2 6379")
        .op((24_000, 24_009), "mallory", buy, Seen::Ok)
        .unended(24_100, "ben", Did::Look)
        .fault(30_000, Fault::Heal, 1)
        .history();
    let violation = Violation {
        property: "SeatSoldOnce".into(),
        reason: String::new(),
        what: "seat 12 was sold twice".into(),
        at_ms: 24_009,
        evidence: vec![5, 10, 11],
    };
    (history, vec![violation])
}

/// The story of a history in the shop's world.
fn story<'a>(
    history: &'a History<Shop>,
    violations: &'a [Violation],
    hosts: &'a [(String, HostKind)],
) -> Story<'a, Shop> {
    Story {
        history,
        plan: None,
        hosts,
        violations,
        log: &[],
        brief: false,
    }
}

fn rendered(history: &History<Shop>, violations: &[Violation], brief: bool) -> String {
    let hosts = hosts();
    let story = story(history, violations, &hosts);
    Story { brief, ..story }.render(&Look::PLAIN)
}

#[test]
fn a_stranger_can_read_what_went_wrong() {
    let ((history, violations), hosts) = (twice(), hosts());
    let log = [LogRow {
        at_ms: 21_002,
        host: "shop-1",
        text: "WARN store: outcome unknown",
    }];
    let story = story(&history, &violations, &hosts);
    let story = Story { log: &log, ..story };
    insta::assert_snapshot!(story.render(&Look::PLAIN), @r#"
             time  who          what                                                               outcome
          2.000 s  ann          goes shopping
          2.031 s  ann            looks at the seats                                               ok, 31 ms
         20.990 s  ann            buys seat 12
    ──── 21.000 s  redis-1 is killed, with 1 operation in flight ─────────────────────────────────────────────────
         21.002 s  shop-1       │ WARN store: outcome unknown
    ✗    21.004 s  ann            buys seat 12                                                     ok, 14 ms
         21.060 s  ann          goes shopping: done                                                ok, 19.0 s
         22.250 s  sentinel-2   no longer hears from the master redis-1 (+sdown)
    ──── 23.250 s  sentinel-2 tells clients that the Redis master is now redis-2 ─────────────────────────────────
    ✗    24.009 s  mallory      buys seat 12                                                       ok, 9 ms
    ✗    24.009 s  SeatSoldOnce does not hold: seat 12 was sold twice
         24.100 s  ben          looks at the seats                                                 no answer until the end
    ──── 30.000 s  everything heals ──────────────────────────────────────────────────────────────────────────────
                   (left out: minor messages of the Sentinels, 1)
    "#);
    insta::assert_snapshot!(story.evidence(&violations[0], &Look::PLAIN), @r#"
    ✗    21.004 s  ann          buys seat 12                                                       ok, 14 ms
    ──── 23.250 s  sentinel-2 tells clients that the Redis master is now redis-2 ─────────────────────────────────
    ✗    24.009 s  mallory      buys seat 12                                                       ok, 9 ms
    "#);
}

#[test]
fn what_is_alike_is_counted_unless_it_is_evidence() {
    let looks = (0..10).fold(HistoryBuilder::new(), |history, n| {
        history.op((1000 * n, 1000 * n + 5), "ann", Did::Look, Seen::Ok)
    });
    let violations = [Violation {
        property: "P".into(),
        reason: String::new(),
        what: "q".into(),
        at_ms: 8005,
        evidence: vec![17],
    }];
    let history = looks.history();
    insta::assert_snapshot!(rendered(&history, &[], false), @r#"
       time  who          what                                                               outcome
    0.005 s  ann          looks at the seats                                                 ok, 5 ms
                          ⋮ and 9 more like it, the last at 9.005 s
    "#);
    insta::assert_snapshot!(rendered(&history, &violations, false), @r#"
             time  who          what                                                               outcome
          0.005 s  ann          looks at the seats                                                 ok, 5 ms
                                ⋮ and 7 more like it, the last at 7.005 s
    ✗     8.005 s  ann          looks at the seats                                                 ok, 5 ms
    ✗     8.005 s  P does not hold: q
          9.005 s  ann          looks at the seats                                                 ok, 5 ms
    "#);
}

#[test]
fn observations_that_are_alike_are_counted_too() {
    let jams = (0..5).fold(HistoryBuilder::new(), |history, n| {
        history.event(1000 * n, "printer", Event::Own(Ticket::Jammed))
    });
    insta::assert_snapshot!(rendered(&jams.history(), &[], false), @r#"
       time  who          what                                                               outcome
    0.000 s  printer      the printer jams                                                   jammed
                          ⋮ and 4 more like it, the last at 4.000 s
    "#);
}

/// ann's trip succeeds; ben's purchase may have failed.
fn trips() -> HistoryBuilder {
    let trip = |history: HistoryBuilder, at: u64, who: &str, seat, seen| {
        history
            .op((at, at + 30), who, Did::Shop, Seen::Ok)
            .op((at, at + 9), who, Did::Look, Seen::Ok)
            .op((at + 10, at + 20), who, Did::Buy { seat }, seen)
            .event(at + 25, "printer", Event::Own(Ticket::Printed { seat }))
            .event(at + 26, "printer", Event::Own(Ticket::Checked))
    };
    let history = trip(HistoryBuilder::new(), 1000, "ann", 7, Seen::Ok);
    let refused = Seen::Fail("sold".into());
    let history = history.op((1100, 1120), "mallory", Did::Buy { seat: 7 }, refused);
    trip(history, 2000, "ben", 8, Seen::Unknown("504".into()))
}

#[test]
fn a_compound_operation_in_which_nothing_happened_is_one_row() {
    insta::assert_snapshot!(rendered(&trips().history(), &[], true), @r#"
       time  who          what                                                               outcome
    1.030 s  ann          shops, with seat 7                                                 ok, 30 ms
    2.000 s  ben          goes shopping
    2.020 s  ben            buys seat 8                                                      unknown: 504, 10 ms
    2.025 s  printer      the ticket for seat 8 is printed
    2.030 s  ben          goes shopping: done                                                ok, 30 ms
             (in one row each: shopping trips in which nothing happened, 1)
             (left out: looks at the seats, 2)
             (left out: attempts of attackers that were refused, 1)
             (left out: tickets that were valid, 2)
    "#);
}

#[test]
fn what_happened_meanwhile_is_an_event_in_a_compound_operation() {
    let whole = |history: HistoryBuilder| rendered(&history.history(), &[], true).contains("shops, with seat 7");
    assert!(whole(trips()));
    let jam = Event::Own(Ticket::Jammed);
    assert!(whole(trips().event(1015, "printer", jam)), "nobody's in particular");
    let revoked = Event::Own(Ticket::Revoked { seat: 7 });
    assert!(!whole(trips().event(1025, "ann", revoked)), "something that she saw");
    assert!(!whole(trips().fault(1015, Fault::Heal, 1)), "a change of the world");
    let twice = trips().op((1005, 1008), "ann", Did::Shop, Seen::Ok);
    assert!(!whole(twice), "two at the same time");
    assert!(!whole(trips().unended(1015, "ann", Did::Look)), "a step without an end");
}

#[test]
fn the_plan_says_who_attacks() {
    let refused = Seen::Fail("sold".into());
    let history = HistoryBuilder::new().op((5, 9), "eve", Did::Buy { seat: 7 }, refused);
    let (history, hosts) = (history.history(), hosts());
    let shown = |does| {
        let mut plan = plan(1000);
        let who = "eve".to_owned();
        plan.operations = vec![Operation { at_ms: 1, who, does }];
        let story = story(&history, &[], &hosts);
        let story = Story {
            plan: Some(&plan),
            brief: true,
            ..story
        };
        story.render(&Look::PLAIN)
    };
    let snipe = Does::Snipe {
        victim: "ann".into(),
        after_ms: vec![],
    };
    assert!(shown(snipe).contains("(left out: attempts of attackers that were refused, 1)"));
    let buys = Does::BuySeats { seats: 1, every_ms: 1 };
    assert!(shown(buys).contains("buys seat 7"));
}

#[test]
fn colours_are_for_terminals() {
    let ((history, violations), hosts) = (twice(), hosts());
    let story = story(&history, &violations, &hosts);
    let look = Look {
        colour: true,
        width: 80,
    };
    assert!(story.render(&look).contains("\u{1b}[1;31m✗\u{1b}[0m"));
    assert!(!story.render(&Look::PLAIN).contains('\u{1b}'));
}

#[test]
fn durations_are_brief() {
    assert_eq!(duration(31), "31 ms");
    assert_eq!(duration(2450), "2.4 s");
    assert_eq!(seconds(21_004), "21.004 s");
}
