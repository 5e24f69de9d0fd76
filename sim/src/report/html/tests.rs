//! Pages over hand-built runs.

use super::{super::tests::twice, *};
use crate::{
    engine::Stats,
    fault::{Fault, Manner},
    history::{Event, History, Record, Tag},
    messages::Message,
    plan::{PLAN_VERSION, Plan, WorldOptions},
    run::Fingerprint,
    world::Moment,
};

fn run() -> Run {
    let (history, violations) = twice();
    Run {
        plan: Plan {
            version: PLAN_VERSION,
            scenario: "failover_mid_redemption".into(),
            seed: 7,
            lasts_ms: 40_000,
            world: WorldOptions::default(),
            operations: vec![],
            faults: vec![TimedFault::at(21_000, Fault::Kill { host: "redis-1".into() })],
        },
        history,
        marks: [("a code was redeemed", 2)].into(),
        moments: vec![
            Moment {
                at_ms: 900,
                host: "idp-a".into(),
                mark: "leader elected",
            },
            Moment {
                at_ms: 31_000,
                host: "idp-a".into(),
                mark: "lease lost",
            },
        ],
        aimed: Default::default(),
        violations,
        fingerprint: Fingerprint(0x1234),
        stats: Stats::default(),
        log: vec![],
        operators: Default::default(),
        messages: vec![Message {
            sent_ms: 20_995,
            arrived_ms: None,
            from: "idp-a",
            to: "redis-1",
            label: "GETDEL auth:oidc:code".into(),
            bytes: 60,
            routine: false,
        }],
    }
}

fn page(run: &Run) -> String {
    let kill = run.plan.faults[0].clone();
    failure_page(&FailurePage {
        run,
        title: "the Redis master dies holding a redemption",
        plant: Some((
            "redemption_without_ledger",
            "nothing but GETDEL keeps a code from being redeemed twice",
        )),
        claims: &[Claim {
            name: "CodeRedeemedOnce".into(),
            claim: "an authorization code yields tokens at most once".into(),
        }],
        marks: &[("the master was replaced", true)],
        replay: "cargo squall replay failover_mid_redemption --seed 7",
        trials: &[
            Trial {
                without: Without::Fault(kill),
                holds: Some(true),
            },
            Trial {
                without: Without::Plant,
                holds: Some(true),
            },
        ],
    })
}

/// What a reader sees between two places of a page: a line for each item, without the markup.
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
    insta::assert_snapshot!(visible(&page, "<section class=\"told\"", "<dt>Replay it"), @r#"
    The story: The Redis master dies holding a redemption.
    Planted bug: redemption_without_ledger: nothing but GETDEL keeps a code from being redeemed twice.
    Claimed: An authorization code yields tokens at most once.
    What happened: Code 4f2a09c1 was redeemed twice. It was certain at 24.009 s.
    What mattered: redis-1 is killed (21.000 s): leave it out, and the claim holds. Without the planted bug it holds as well.
    "#);
    insta::assert_snapshot!(visible(&page, "<ol class=\"events\"", "</ol>"), @r#"
    21.000 s ⚡ redis-1 is killed, with 1 operation in flight
    21.004 s ① ann redeems authorization code 4f2a09c1 at balancer ok, 14 ms
    23.250 s ⇄ sentinel-2 tells clients that the Redis master is now redis-2
    24.009 s ② mallory redeems authorization code 4f2a09c1 at idp-b ok, 9 ms
    24.009 s ✗ CodeRedeemedOnce does not hold
    "#);
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
    let faults = [
        (1000, Fault::Kill { host: host("redis-1") }),
        (
            2000,
            Fault::Cut {
                a: host("idp-a"),
                b: host("redis-1"),
            },
        ),
        (3000, Fault::Start { host: host("redis-2") }),
        (4000, Fault::Start { host: host("redis-1") }),
        (
            5000,
            Fault::Mend {
                a: host("redis-1"),
                b: host("idp-a"),
            },
        ),
        (
            6000,
            Fault::Mail {
                manner: Manner::Hanging,
            },
        ),
        (7000, Fault::Mail { manner: Manner::Erring }),
        (7500, Fault::DirectoryBusy { lasts_ms: 200 }),
        (8000, Fault::Heal),
        (9000, Fault::Pause { host: host("idp-b") }),
    ];
    let records = faults.into_iter().map(|(at_ms, fault)| Record {
        at_ms,
        who: "nemesis".into(),
        event: Event::Fault {
            fault,
            in_flight: 0,
            after: None,
        },
    });
    let history = History {
        records: records.collect(),
    };
    let spans: Vec<(u64, u64)> = trouble::troubles(&history, 10_000)
        .iter()
        .map(|t| (t.from_ms, t.to_ms))
        .collect();
    assert_eq!(
        spans,
        [
            (1000, 4000),
            (2000, 5000),
            (6000, 7000),
            (7000, 8000),
            (7500, 7700),
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
fn a_logout_is_evidence_without_being_an_operation() {
    let mut run = run();
    run.history.records.push(Record {
        at_ms: 32_000,
        who: "ben".into(),
        event: Event::LoggedOut {
            session: Tag("00c0ffee".into()),
        },
    });
    run.violations[0].evidence.push(run.history.records.len() - 1);
    run.violations[0].at_ms = 32_000;
    let page = page(&run);
    assert!(page.contains("ben: is logged out without asking for it (session 00c0ffee)"));
}

#[test]
fn a_sweep_names_what_failed_and_what_was_never_reached() {
    let data = SweepData {
        what: "2 scenarios, seeds 1..1301".into(),
        verdict: "something is violated".into(),
        good: false,
        replay: "cargo squall --seeds 1..1301".into(),
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
            what: "CodeRedeemedOnce".into(),
            example: "the code <4f2a09c1> was redeemed twice".into(),
            runs: 2,
            examples: vec![(
                "cargo squall replay swarm --seed 17".into(),
                Some("swarm-17.html".into()),
            )],
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
    ✗ CodeRedeemedOnce in swarm, 2 runs
    the code &lt;4f2a09c1&gt; was redeemed twice
    Open the report
    cargo squall replay swarm --seed 17 Copy
    "#);
    assert!(page.contains("61 different behaviours in 1,300 runs; the last new one in run 40."));
    assert!(page.contains("never"));
}
