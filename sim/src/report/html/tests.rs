//! Pages about histories that are written by hand.

use super::{super::tests::twice, *};
use crate::{
    engine::{ArrivalOrder, Order, Stats},
    fault::Fault,
    history::{Event, History, Record, Seen},
    messages::Message,
    run::Fingerprint,
    testing::{Did, HistoryBuilder, Shop, Ticket, Trouble, hosts, plan},
    world::MarkRecord,
};

fn run() -> Run<Shop> {
    let (history, violations) = twice();
    let mut plan = plan(40_000);
    plan.faults = vec![TimedFault::at(21_000, Fault::Kill { host: "redis-1".into() })];
    let mark = |at_ms, mark| MarkRecord {
        at_ms,
        host: "shop-1".into(),
        mark,
    };
    Run {
        plan,
        hosts: hosts(),
        history,
        marks: [("a seat was sold", 2)].into(),
        mark_records: vec![mark(900, "shift begins"), mark(31_000, "shift ends")],
        tallies: Default::default(),
        calls: vec![],
        triggered: Default::default(),
        violations,
        fingerprint: Fingerprint(0x1234),
        stats: Stats::default(),
        log: vec![],
        operators: Default::default(),
        overheard: vec![],
        messages: vec![Message {
            sent_ms: 20_995,
            arrived_ms: None,
            from: "shop-1".into(),
            to: "redis-1".into(),
            label: "GETDEL shop:seat".into(),
            bytes: 60,
            routine: false,
        }],
    }
}

fn page(run: &Run<Shop>) -> String {
    let kill = run.plan.faults[0].clone();
    failure_page(&FailurePage {
        run,
        title: "the Redis master dies holding a purchase",
        bug: Some(("redis_alone", "nothing but GETDEL keeps a seat from being sold twice")),
        build: Some("0123456789ab"),
        claims: &[Claim {
            name: "SeatSoldOnce".into(),
            claim: "a seat is sold at most once".into(),
        }],
        marks: &[("the master was replaced", true)],
        command: "cargo shop",
        replay: "cargo shop replay failover_mid_sale --seed 7",
        trials: &[
            Trial {
                without: Without::Fault(kill),
                holds: Some(true),
            },
            Trial {
                without: Without::Bug,
                holds: Some(true),
            },
        ],
    })
}

/// The text that a reader sees between two places of a page: one line for each item, without the markup.
fn visible(page: &str, from: &str, to: &str) -> String {
    let start = page.find(from).unwrap_or_else(|| panic!("{from} is on the page"));
    let end = page[start..].find(to).map_or(page.len(), |length| start + length);
    let mut text = String::new();
    for part in page[start..end].split('<').skip(1) {
        let (tag, words) = part.split_once('>').unwrap_or((part, ""));
        match tag {
            "/dd" | "/li" | "/p" | "/h3" | "/div" => text.push('\n'),
            "/dt" => text.push_str(": "),
            "/a" | "/span" | "/code" if !words.starts_with([' ', '.', ',', ':']) => text.push(' '),
            _ => {}
        }
        text.push_str(words);
    }
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_summary_answers_what_a_stranger_asks() {
    let page = page(&run());
    insta::assert_snapshot!(visible(&page, "<section class=\"summary\"", "<dt>Replay it"), @r#"
    The story: The Redis master dies holding a purchase.
    Planted bug: redis_alone: nothing but GETDEL keeps a seat from being sold twice.
    Claimed: A seat is sold at most once.
    What happened: Seat 12 was sold twice. It was certain at 24.009 s.
    What mattered: redis-1 is killed (21.000 s): leave it out, and the claim holds. Without the planted bug it holds as well.
    "#);
    insta::assert_snapshot!(visible(&page, "<ol class=\"events\"", "</ol>"), @r#"
    21.000 s ⚡ redis-1 is killed, with 1 operation in flight
    21.004 s ① ann buys seat 12 ok, 14 ms
    23.250 s ⇄ sentinel-2 tells clients that the Redis master is now redis-2
    24.009 s ② mallory buys seat 12 ok, 9 ms
    24.009 s ✗ SeatSoldOnce does not hold
    "#);
}

#[test]
fn the_summary_has_the_orders_that_are_not_the_defaults() {
    assert!(!page(&run()).contains("<dt>Order"));
    let mut run = run();
    run.plan.order = Order::Priorities;
    run.plan.arrival_order = ArrivalOrder::Shuffled;
    insta::assert_snapshot!(visible(&page(&run), "<dt>Order", "<dt>Claimed"), @"
    Order: Tasks that can run at the same time run by priorities that sometimes change; packets that arrive in the same millisecond are delivered in a random order that TCP permits.
    ");
}

#[test]
fn equal_runs_give_equal_bytes() {
    assert_eq!(page(&run()), page(&run()));
}

#[test]
fn whatever_people_are_called_stays_text() {
    let mut run = run();
    let evil = "</script><script>alert('&')</script>";
    for record in &mut run.history.records {
        if record.who == "ann" {
            record.who = evil.into();
        }
    }
    run.violations[0].what = evil.into();
    run.plan.scenario = evil.into();
    run.messages[0].label = evil.into();
    let page = page(&run);
    assert!(!page.contains("<script>alert"), "escaped in the page and in the data");
    assert_eq!(
        page.matches("</script>").count(),
        2,
        "the data and the script, and no more"
    );
    assert!(page.contains("&lt;script&gt;alert") && page.contains("\\u003cscript\\u003ealert"));
}

#[test]
fn nothing_on_a_page_comes_from_elsewhere() {
    let page = page(&run());
    for attribute in [
        " src=",
        "href=\"http",
        "href=\"//",
        "url(",
        "@import",
        "<link",
        "<base",
        "<iframe",
    ] {
        assert!(!page.contains(attribute), "{attribute}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_fault_lasts_until_it_is_repaired() {
    let host = |name: &str| name.to_owned();
    let (a, b) = (|| host("shop-1"), || host("redis-1"));
    let jam = |jams| Fault::Own(Trouble::Printer { jams });
    let faults = [
        (1000, Fault::Kill { host: b() }),
        (2000, Fault::Cut { a: a(), b: b() }),
        (3000, Fault::Start { host: host("redis-2") }),
        (4000, Fault::Start { host: b() }),
        (5000, Fault::Mend { a: b(), b: a() }),
        (6000, jam(true)),
        (7000, jam(true)),
        (7500, Fault::Own(Trouble::OutOfPaper { lasts_ms: 200 })),
        (7600, jam(false)),
        (7700, Fault::Pause { host: a() }),
        (7800, Fault::Kill { host: a() }),
        (8000, Fault::Heal),
        (9000, Fault::Pause { host: host("shop-2") }),
    ];
    let history = faults
        .into_iter()
        .fold(HistoryBuilder::new(), |history, (at_ms, fault)| {
            history.fault(at_ms, fault, 0)
        });
    let spans: Vec<(u64, u64)> = span::faults(&history.history(), 10_000)
        .iter()
        .map(|span| (span.from_ms, span.to_ms))
        .collect();
    assert_eq!(
        spans,
        [
            (1000, 4000),
            (2000, 5000),
            (6000, 7000),
            (7000, 7600),
            (7500, 7700),
            (7700, 7800),
            (7800, 8000),
            (9000, 10_000)
        ]
    );
}

#[test]
fn a_run_that_held_and_an_empty_one_are_pages_too() {
    let mut run = run();
    run.violations.clear();
    assert!(page(&run).contains("✓ held"));
    run.history = History::default();
    run.plan.lasts_ms = 0;
    run.messages.clear();
    assert!(page(&run).contains("The plan"));
}

#[test]
fn an_observation_is_evidence_without_being_an_operation() {
    let mut run = run();
    run.history.records.push(Record {
        at_ms: 32_000,
        who: "cleo".into(),
        event: Event::Own(Ticket::Revoked { seat: 12 }),
    });
    run.violations[0].evidence.push(run.history.records.len() - 1);
    run.violations[0].at_ms = 32_000;
    let page = page(&run);
    assert!(page.contains("cleo: loses seat 12"));
    assert!(
        page.contains("data-lane=\"cleo\""),
        "who did nothing has a lane as well"
    );
}

#[test]
fn the_timeline_is_made_of_what_the_world_declares() {
    let mut run = run();
    for (at_ms, ticket) in [(5000, Ticket::Printed { seat: 12 }), (6000, Ticket::Checked)] {
        let (who, event) = ("printer".into(), Event::Own(ticket));
        run.history.records.push(Record { at_ms, who, event });
    }
    let model = Model::of(&run);
    let names: Vec<&str> = model.hosts.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "balancer shop-1 shop-2 redis-1 redis-2 sentinel-1 sentinel-2 sentinel-3 printer people attackers"
    );
    assert_eq!(model.kinds, ["shop", "buy", "look", "printer", "sentinel"]);
    let quiet = model.hosts.iter().filter(|lane| lane.is_quiet);
    assert_eq!(
        quiet.map(|lane| lane.name.as_str()).collect::<Vec<_>>(),
        ["people", "attackers"]
    );
    let printer = &model.hosts[8];
    assert_eq!(printer.ticks.len(), 1, "what is routine is no tick");
    let claimed = &model.hosts[1].states[0];
    assert_eq!(
        (claimed.from_ms, claimed.to_ms, claimed.kind),
        (900, 31_000, span::StateKind::Claimed("on duty"))
    );
    let page = page(&run);
    assert!(page.contains("on duty") && page.contains("<option value=\"printer\">"));
}

#[test]
fn only_what_the_service_takes_time_for_is_its_latency() {
    let mut run = run();
    run.history = HistoryBuilder::new()
        .op((0, 9000), "ann", Did::Shop, Seen::Ok)
        .op((0, 80), "ann", Did::Buy { seat: 1 }, Seen::Ok)
        .history();
    run.violations.clear();
    assert!(page(&run).contains("longest: 80 ms"));
}

#[test]
fn a_sweep_names_what_failed_and_what_was_never_reached() {
    let data = SweepData {
        what: "2 scenarios, seeds 1..1301".into(),
        verdict: "something is violated".into(),
        good: false,
        replay: "cargo shop --seeds 1..1301".into(),
        scenarios: vec![SweepScenario {
            name: "swarm".into(),
            title: "everything at random".into(),
            runs: 1300,
            simulated_ms: 117_000_000,
            faults: (5200, 3100),
            violated: 2,
            doubts: vec![],
        }],
        failures: vec![SweepFailure {
            scenario: "swarm".into(),
            what: "SeatSoldOnce".into(),
            example: "the seat <12> was sold twice".into(),
            runs: 2,
            examples: vec![("cargo shop replay swarm --seed 17".into(), Some("swarm-17.html".into()))],
        }],
        marks: vec![SweepMark {
            scenario: "swarm".into(),
            mark: "the master was replaced".into(),
            reached: 0,
            of: 1300,
        }],
        behaviours: vec![(1, 40), (2, 55), (40, 61), (1300, 61)],
    };
    let page = sweep_page(&data);
    insta::assert_snapshot!(visible(&page, "<article", "</article>"), @r#"
    ✗ SeatSoldOnce in swarm, 2 runs
    the seat &lt;12&gt; was sold twice
    Open the report
    cargo shop replay swarm --seed 17 Copy
    "#);
    assert!(page.contains("61 different behaviours in 1,300 runs; the last new one in run 40."));
    assert!(page.contains("never"));
}
