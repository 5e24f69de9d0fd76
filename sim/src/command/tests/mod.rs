//! Tests of the commands as functions, on a suite for the shop of the harness's own tests: two scenarios, two
//! properties, one planted bug.

mod calls;
mod cli;
mod excuses;
mod explore;
mod merge;
mod shrink;

use super::{Conclusion, Trouble};
use crate::{
    history::{Event, Seen},
    plan::{Operation, Plan},
    property::{Evidence, Kind, Property, Violation},
    scenario::{Dice, Faults, Scenario, Workload, kill, ms, secs, start},
    suite::{Load, PlantedBug, Suite},
    testing::{Did, Does, Shop, Ticket},
};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Captures the text that [`super::say`] would print.
pub(super) fn capture(text: &str) {
    println!("{text}");
    SAID.with_borrow_mut(|said| said.push_str(&format!("{text}\n")));
}

/// Property: no two tickets of a process are for one seat.
struct TicketPrintedOnce;

impl Property<Shop> for TicketPrintedOnce {
    fn name(&self) -> String {
        "TicketPrintedOnce".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a ticket is printed at most once".into()
    }
    fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
        let mut printed = BTreeMap::new();
        for (index, record) in evidence.history.records.iter().enumerate() {
            match record.event {
                Event::Ready { ready: true, .. } => printed.retain(|(host, _), _| *host != record.who),
                // A shop without the planted bug notes no ticket: each of its sales could have been one too many.
                Event::Ended { .. } => evidence.judged(1),
                Event::Own(Ticket::Printed { seat }) => {
                    if let Some(before) = printed.insert((record.who.clone(), seat), index) {
                        return Err(Violation {
                            property: self.name(),
                            reason: "twice".into(),
                            what: format!("{} printed two tickets for seat {seat}", record.who),
                            at_ms: record.at_ms,
                            evidence: vec![before, index],
                        });
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Property: while nothing is broken, every purchase succeeds.
struct EverybodyBuys;

impl Property<Shop> for EverybodyBuys {
    fn name(&self) -> String {
        "EverybodyBuys".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        "everybody buys what they want".into()
    }
    fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
        let mut excuse = None;
        for (index, record) in evidence.history.records.iter().enumerate() {
            match &record.event {
                Event::Fault { .. } => excuse = Some("something broke"),
                Event::Ended { seen, .. } if evidence.is_violated(*seen != Seen::Ok, excuse) => {
                    return Err(Violation {
                        property: self.name(),
                        reason: String::new(),
                        what: format!("{} bought nothing", record.who),
                        at_ms: record.at_ms,
                        evidence: vec![index],
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The suite of the tests.
pub(super) fn suite() -> Suite<Shop> {
    let sold = "a seat was sold";
    let calm = Scenario::new("calm", "people buy seats, and nothing breaks")
        .workload(Workload::people(4, Does::Shop).every(ms(500)))
        .always(TicketPrintedOnce)
        .eventually(EverybodyBuys)
        .sometimes(sold, move |view| view.marks.contains_key(sold))
        .lasts(secs(6));
    let rush = Scenario::new("rush", "a shop is killed while people buy seats")
        .faults(
            Faults::new()
                .at(secs(4)..secs(5), kill("shop-1"))
                .then(ms(500), start("shop-1"))
                .heal_at(secs(7)),
        )
        .drawn(crowd)
        .drawn_plainly(crowd)
        .always(TicketPrintedOnce)
        .sometimes(sold, move |view| view.marks.contains_key(sold))
        .lasts(secs(8));
    Suite::new("shop", "A shop that sells numbered seats", "cargo shop")
        .scenario(calm)
        .scenario(rush)
        .bug(PlantedBug {
            name: "same_ticket_twice",
            title: "every third ticket is that of the sale before",
            covers: &[],
            scenario: "rush",
            detected_by: "TicketPrintedOnce",
            bug: crate::testing::Mistake::RepeatsSeats,
        })
        .load(Load {
            what: "purchases",
            people: |count| Workload::people(count, Does::Shop),
            scenario: "rush",
        })
        .calm_scenario("calm")
        .sizes(vec![("three Sentinels", Default::default())])
}

/// A plan with several people who buy three seats each, and one who buys one.
fn crowd(seed: u64, plan: &mut Plan<Shop>) {
    let mut dice = Dice::of(seed, "crowd");
    for who in ["ann", "ben", "cleo", "dan"] {
        let (seats, every_ms) = (3, 100);
        plan.operations.push(Operation {
            at_ms: dice.between(1000, 6000),
            who: who.into(),
            does: Does::BuySeats { seats, every_ms },
        });
    }
    let at_ms = dice.between(1000, 6000);
    plan.operations.push(Operation {
        at_ms,
        who: "eve".into(),
        does: Does::Shop,
    });
}

/// Runs a command line; returns its conclusion and its output, or the reason why it failed.
fn typed(args: &[&str]) -> Result<(Conclusion, String), String> {
    typed_to(&suite(), args)
}

fn typed_to(suite: &Suite<Shop>, args: &[&str]) -> Result<(Conclusion, String), String> {
    SAID.take();
    let words = std::iter::once(suite.name).chain(args.iter().copied());
    let matches = super::cli::command(suite)
        .try_get_matches_from(words)
        .map_err(|error| error.to_string())?;
    match super::cli::run(suite, &matches) {
        Ok(conclusion) => Ok((conclusion, SAID.take())),
        Err(Trouble(what)) => Err(what),
    }
}

/// Makes an empty folder for one test.
fn scratch(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("sim-command-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// Reads a file of JSON.
fn json(file: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(file).expect("the file is there")).expect("JSON")
}

/// A sweep's JSON without the values that differ from day to day.
fn without_times(file: &Path) -> serde_json::Value {
    let mut value = json(file);
    assert!(value["wall_seconds"].take().is_number());
    assert!(value["cpu_seconds"].take().is_number());
    value
}

/// Without the bug all properties hold, and people buy seats.
#[test]
fn the_suite_is_sound() {
    for scenario in suite().scenarios() {
        for seed in 1..5 {
            let run = super::perform::perform(scenario, &scenario.plan(seed), None, &Default::default());
            let run = run.unwrap_or_else(|Trouble(what)| panic!("{what}"));
            assert!(run.violations.is_empty(), "{:?}", run.violations);
            let bought = |event: &Event<Shop>| {
                matches!(
                    event,
                    Event::Ended {
                        op: Did::Buy { .. },
                        ..
                    }
                )
            };
            assert!(run.history.records.iter().any(|record| bought(&record.event)));
        }
    }
}
