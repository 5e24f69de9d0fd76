//! Tests of `excuses`.

use super::*;
use crate::property::Spared;
use serde_json::{Value, json};

/// Property: it judges nothing, and spares one thing in each run.
struct Idle;

impl Property<Shop> for Idle {
    fn claim(&self) -> String {
        "nothing is claimed".into()
    }
    fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
        evidence.spared("it is idle", Spared { things: 1, wrong: 0 });
        Ok(())
    }
}

/// A suite of one short scenario with this property besides another one.
fn with(property: impl Property<Shop> + 'static) -> Suite<Shop> {
    let short = Scenario::new("short", "one person buys a seat")
        .workload(Workload::people(1, Does::Shop).every(ms(500)))
        .always(TicketPrintedOnce)
        .always(property)
        .lasts(secs(2));
    Suite::new("shop", "A shop that sells numbered seats", "cargo shop").scenario(short)
}

fn read(output: &str) -> Value {
    serde_json::from_str(output).expect("JSON")
}

#[test]
fn what_is_judged_and_what_is_spared_is_summed_over_the_sweep() {
    let (conclusion, output) = typed(&["excuses", "--seeds", "3", "--json"]).unwrap();
    assert_eq!(conclusion, Conclusion::Held, "{output}");
    let all = read(&output);
    assert_eq!(all["runs"], json!({ "calm": 3, "rush": 3 }));
    let names: Vec<&str> = (all["properties"].as_array().expect("a list").iter())
        .map(|row| row["property"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["EverybodyBuys", "TicketPrintedOnce"]);
    let tickets = &all["properties"][1];
    let of = |scenario: &str| tickets["scenarios"][scenario]["judged"].as_u64().expect("a number");
    assert!(of("calm") > 0 && of("rush") > 0, "{tickets}");
    assert_eq!(tickets["judged"], of("calm") + of("rush"));
    // The same runs give the same counts, on any number of threads.
    let (_, again) = typed(&["excuses", "--seeds", "3", "--json", "--jobs", "1"]).unwrap();
    assert_eq!(read(&again), all);
}

#[test]
fn a_scenario_may_be_chosen() {
    let (_, output) = typed(&["excuses", "--seeds", "1", "--scenario", "rush"]).unwrap();
    assert!(
        output.contains("TicketPrintedOnce") && !output.contains("EverybodyBuys"),
        "{output}"
    );
    assert!(output.contains("Every property judged something"), "{output}");
}

#[test]
fn a_property_that_judges_nothing_fails_a_sweep_that_is_long_enough() {
    let tried = |seeds: &str| typed_to(&with(Idle), &["excuses", "--seeds", seeds]).unwrap();
    let (conclusion, output) = tried("49");
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    let (conclusion, output) = tried("50");
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
    assert!(output.contains("Idle never judged anything"), "{output}");
    assert!(output.contains("it is idle") && output.contains("100.0"), "{output}");
}

#[test]
fn a_violation_is_one_here_too() {
    struct Never;
    impl Property<Shop> for Never {
        fn claim(&self) -> String {
            "nobody does anything".into()
        }
        fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
            match evidence.is_violated(true, None) {
                true => Err(Violation::new(0, vec![], "somebody did something")),
                false => Ok(()),
            }
        }
    }
    let (conclusion, output) = typed_to(&with(Never), &["excuses", "--seeds", "1"]).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
}
