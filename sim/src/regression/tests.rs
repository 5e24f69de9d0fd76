use super::*;
use crate::{
    fault::{Fault, TimedFault},
    history::{Event, Record, Seen},
    judge::judge,
    plan::Operation,
    property::{Evidence, Kind, Property, Violation},
    scenario::{Scenario, secs},
    shrink::shrink_failure,
    suite::{PlantedBug, Suite},
    testing::{Does, Opening, Shop, Ticket},
};
use std::{collections::BTreeSet, fs, ops::ControlFlow, path::Path};

/// Property: no purchase fails.
struct PurchasesWork;

impl Property<Shop> for PurchasesWork {
    fn name(&self) -> String {
        "PurchasesWork".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "nobody fails to buy a seat".into()
    }
    fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
        let fails = |event: &Event<Shop>| matches!(event, Event::Ended { seen, .. } if *seen != Seen::Ok);
        let records = &evidence.history.records;
        let failed = records.iter().position(|record| fails(&record.event));
        failed.map_or(Ok(()), |place| Err(violation(self.name(), records, place)))
    }
}

/// Property: a shop prints each ticket once.
struct TicketsOnce;

impl Property<Shop> for TicketsOnce {
    fn name(&self) -> String {
        "TicketsOnce".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a shop prints each ticket once".into()
    }
    fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
        let records = &evidence.history.records;
        let mut printed = BTreeSet::new();
        let again = records.iter().position(|record| match record.event {
            Event::Own(Ticket::Printed { seat }) => !printed.insert((&record.who, seat)),
            _ => false,
        });
        again.map_or(Ok(()), |place| Err(violation(self.name(), records, place)))
    }
}

fn violation(property: String, records: &[Record<Shop>], place: usize) -> Violation {
    let at_ms = records[place].at_ms;
    Violation {
        property,
        reason: "broken".into(),
        what: format!("something went wrong at {}", records[place].who),
        at_ms,
        evidence: vec![place],
    }
}

fn suite() -> Suite<Shop> {
    let calm = Scenario::new("calm", "people buy seats").lasts(secs(5));
    Suite::new("shop", "two shops that sell seats", "cargo shop")
        .scenario(calm.always(PurchasesWork).always(TicketsOnce))
        .bug(PlantedBug {
            name: "old_ticket",
            title: "every third ticket is that of the sale before",
            covers: &[7],
            scenario: "calm",
            detected_by: "TicketsOnce",
            bug: crate::testing::Mistake::RepeatsSeats,
        })
}

/// A plan with one purchase and nothing else.
fn calm() -> Plan<Shop> {
    let ann = Operation {
        at_ms: 1000,
        who: "ann".into(),
        does: Does::Shop,
    };
    Plan {
        operations: vec![ann],
        ..Plan::new("calm", 1, 5_000)
    }
}

/// An entry of a bug that was fixed: its run has no violation.
fn mended_of(plan: Plan<Shop>) -> Regression<Shop> {
    let suite = suite();
    let scenario = suite.find_scenario("calm").expect("it is there");
    let run = judge(scenario, &plan, None, &Default::default()).expect("it runs");
    Regression {
        version: REGRESSION_VERSION,
        name: "calm".into(),
        what: "ann could not buy a seat".into(),
        covers: vec![33],
        bug: None,
        build: None,
        fingerprint: run.fingerprint.to_string(),
        broke: Reason {
            property: "TicketsOnce".into(),
            reason: "broken".into(),
        },
        meaning: Meaning::of(scenario, &run),
        plan,
    }
}

fn mended() -> Regression<Shop> {
    mended_of(calm())
}

fn replayed(entry: &Regression<Shop>) -> Replayed {
    replay(&suite(), entry).expect("it can be replayed").0
}

#[test]
fn equal_runs_are_the_same_and_others_may_mean_the_same() {
    let mut entry = mended();
    assert_eq!(replayed(&entry), Replayed::Same);
    entry.fingerprint = "0123456789abcdef".into();
    let (came_to, today) = replay(&suite(), &entry).unwrap();
    assert_eq!(came_to, Replayed::SameMeaning);
    let text = came_to.describe(suite().command);
    assert!(text.contains("`cargo shop save --refresh FILE`"), "{text}");
    assert_eq!(today, mended(), "recorded anew");
}

#[test]
fn a_run_that_does_not_get_there_has_diverged_and_has_not_passed() {
    let mut entry = mended();
    entry.fingerprint = "0123456789abcdef".into();
    entry.meaning.decisive.insert("the master was replaced".into());
    entry.meaning.hit.insert("redis-1 is killed".into());
    entry.meaning.ended.insert("refund".into(), [3, 0, 0]);
    let replayed = replayed(&entry);
    assert!(!replayed.passed());
    let Replayed::Diverged { lost } = &replayed else {
        panic!("{replayed:?}");
    };
    assert_eq!(
        lost[..],
        [
            "not reached: the master was replaced",
            "hit nobody: redis-1 is killed",
            "never succeeded: refund"
        ]
    );
    assert!(replayed.describe("cargo shop").starts_with("diverged"));
}

#[test]
fn a_planted_bug_that_is_not_detected_is_told_from_a_run_that_diverged() {
    // Without people nobody meets the bug.
    let mut entry = mended_of(Plan::new("calm", 1, 5_000));
    entry.bug = Some("old_ticket".into());
    assert!(matches!(replayed(&entry), Replayed::NotDetected { .. }));
    entry.meaning.decisive.insert("a seat was sold".into());
    assert!(matches!(replayed(&entry), Replayed::Diverged { .. }));
    entry.bug = Some("nobody".into());
    assert!(replay(&suite(), &entry).unwrap_err().to_string().contains("old_ticket"));
}

#[test]
fn a_failing_plan_is_made_small_recorded_and_replayed() {
    let suite = suite();
    let (scenario, bug) = (&suite.scenarios()[0], &suite.bugs()[0]);
    let mut plan = calm();
    plan.operations
        .extend([("ben", 2_100), ("cleo", 3_200)].map(|(who, at_ms)| Operation {
            at_ms,
            who: who.into(),
            does: Does::BuySeats { seats: 3, every_ms: 9 },
        }));
    plan.world.quorum = 3;
    plan.world.opening.push(Opening {
        row: "a".into(),
        due_ms: 4_000,
    });
    let pause = Fault::Pause { host: "redis-2".into() };
    plan.faults = vec![TimedFault::at(2_500, pause), TimedFault::at(4_900, Fault::Heal)];
    let reason = mended().broke;
    let shrunk = shrink_failure(scenario, &plan, Some(bug), &reason, 200, |_| ControlFlow::Continue(()));
    let shrunk = shrunk.expect("it fails");
    assert!(shrunk.finished);
    assert_eq!(
        shrunk.after.to_string(),
        "1 person, 1 operation, 0 faults, 0 repairs, 2.000 s"
    );

    let entry = record(&suite, "old-ticket", &shrunk.plan, Some(bug), None).expect("it fails");
    assert_eq!((&entry.broke, &entry.covers[..]), (&reason, &[7][..]));
    assert_eq!(replayed(&entry), Replayed::Same);
    let without = Regression { bug: None, ..entry };
    assert!(replayed(&without).passed(), "without the bug everything holds");
}

#[test]
fn what_holds_and_what_needs_no_bug_is_refused() {
    let suite = suite();
    assert!(matches!(
        record(&suite, "calm", &calm(), None, None),
        Err(RegressionError::Holds)
    ));
    let mut plan = calm();
    let kill = Fault::Kill { host: "shop-1".into() };
    plan.faults = vec![TimedFault::at(500, kill)];
    let refused = record(&suite, "old-ticket", &plan, Some(&suite.bugs()[0]), None);
    assert!(matches!(
        refused,
        Err(RegressionError::FailsWithout { bug: "old_ticket", .. })
    ));
    let entry = record(&suite, "killed", &plan, None, None).expect("it fails");
    assert!(
        matches!(replayed(&entry), Replayed::Violated(_)),
        "it is not mended yet"
    );
}

#[test]
fn an_entry_is_read_as_it_was_written_and_spoilt_files_are_refused() {
    let entry = Regression {
        bug: Some("old_ticket".into()),
        ..mended()
    };
    let text = entry.to_text();
    let path = Path::new("0001-calm.toml");
    assert_eq!(Regression::from_text(&text, path).unwrap(), entry);
    let twice = text.replace("scenario = ", "bug = \"old_ticket\"\nscenario = ");
    let refused = Regression::<Shop>::from_text(&twice, path).unwrap_err().to_string();
    assert!(
        refused.contains("0001-calm.toml") && refused.contains("Move them"),
        "{refused}"
    );
    let first = text.replace("version = 2", "version = 1").replace("bug = ", "plant = ");
    assert_eq!(Regression::from_text(&first, path).unwrap(), entry, "version 1");
    for (from, to, expected) in [
        ("# end of regression", "", "is torn"),
        ("version = 2", "version = 7", "has version 7"),
        ("name = ", "nmae = ", "unknown field `nmae`"),
        ("lasts_ms = 5000", "lasts_ms = \"long\"", "line"),
    ] {
        assert!(text.contains(from), "{from}\n{text}");
        let error = Regression::<Shop>::from_text(&text.replacen(from, to, 1), path);
        let error = error.expect_err(to).to_string();
        assert!(error.contains(expected) && error.contains("0001-calm.toml"), "{error}");
    }
}

#[test]
fn plans_and_entries_are_distinguished_and_numbers_follow() {
    let folder = std::env::temp_dir().join(format!("sim-regressions-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let plan = folder.join("plan.toml");
    calm().write(&plan).unwrap();
    assert!(open::<Shop>(&plan).unwrap().entry.is_none());
    fs::remove_file(&plan).unwrap();
    let first = file_name(&folder, "calm").unwrap();
    assert!(first.ends_with("0001-calm.toml"));
    mended().write(&first).unwrap();
    assert_eq!(open::<Shop>(&first).unwrap().entry, Some(mended()));
    assert!(file_name(&folder, "again").unwrap().ends_with("0002-again.toml"));
    assert_eq!(read_all::<Shop>(&folder).unwrap().len(), 1);
    fs::remove_dir_all(&folder).unwrap();
}
