//! Exactly one thing fails, everywhere: the sweep over every call, and what only it and the pauses between calls detect.

mod common;

use scenarios::vocabulary::{Fault, Plan, TimedFault, Trigger};
use sim::calls::{CallFault, CallOutcome, Moment};
use std::path::Path;

/// The calm stories that the sweep is made of.
const STORIES: [&str; 3] = ["one_login", "one_reminder", "one_wrong_code"];

/// Two stories of one login, whole: about two minutes of processor time in this build. The nightly sweep has all stories
/// and more seeds.
#[test]
fn two_stories_of_one_login_hold_whatever_one_call_comes_to() {
    let failures = common::scratch("calls-failures");
    let failures = failures.to_str().expect("a readable path");
    let stories = ["--scenario", STORIES[0], "--scenario", STORIES[1]];
    let output = common::squall(&[&["calls", "--failures", failures], &stories[..]].concat());
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The command says so itself: a call that no story makes needs a reason, and one with a reason must not be made.
#[test]
fn every_call_is_made_by_a_story_or_has_a_reason() {
    let output = common::squall(&["calls", "--sample", "6"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("calls, and not:"), "{told}");
}

/// A story in which something becomes of one call.
fn struck(scenario: &str, call: &str, outcome: CallOutcome, error: &str, by_ms: u64) -> Plan {
    let scenario = common::scenario(scenario);
    let mut plan = scenario.plan(1);
    let run = common::perform(&scenario, &plan, None);
    let made = run.calls.iter().find(|record| record.call == call);
    let host = &made.unwrap_or_else(|| panic!("{call} is not made")).host;
    let fault = Fault::Call(CallFault {
        host: host.to_string(),
        call: call.into(),
        outcome,
        error: error.into(),
        by_ms,
    });
    let after = Some(Trigger::at(Moment::Before.event(host, call)));
    plan.faults = vec![
        TimedFault { at_ms: 0, fault, after },
        TimedFault::at(20_000, Fault::Heal),
    ];
    plan
}

#[test]
fn a_call_that_is_struck_is_the_same_run_each_time_and_another_one_than_in_calm() {
    let scenario = common::scenario("one_login");
    let plan = struck(
        "one_login",
        "directory redeem",
        CallOutcome::AnswerLost,
        "SQLITE_IOERR_FSYNC",
        0,
    );
    let again = Plan::from_text(&plan.to_text(), Path::new("here")).expect("it was written here");
    assert_eq!(plan, again);
    let [first, second] = [&plan, &again].map(|plan| common::perform(&scenario, plan, None));
    assert_eq!(first.history, second.history);
    assert_eq!(first.fingerprint, second.fingerprint);
    common::must_hold(&first);
    assert!(first.triggered.values().all(Option::is_some));
    let calm = common::perform(&scenario, &scenario.plan(1), None);
    assert_ne!(first.fingerprint, calm.fingerprint);
}

#[test]
fn where_time_passes_between_calls_a_run_depends_on_its_plan_alone_too() {
    let scenario = common::scenario("swarm");
    let plan = |percent| {
        let mut plan = scenario.plan(3);
        (plan.world.call_pause_percent, plan.world.call_pause_ms_max) = (percent, 20);
        plan
    };
    let run = |percent| common::perform(&scenario, &plan(percent), None);
    let (one, other) = (run(60), run(60));
    assert_eq!(one.history, other.history);
    assert_eq!(one.fingerprint, other.fingerprint);
    common::must_hold(&one);
    // However long a pause might be, one that is never drawn changes nothing; and old plans do not say a word of it.
    let mut old = plan(0);
    old.world.call_pause_ms_max = 0;
    assert!(!old.to_text().contains("call_pause"));
    assert_eq!(run(0).fingerprint, common::perform(&scenario, &old, None).fingerprint);
    assert_ne!(one.fingerprint, run(0).fingerprint);
}

/// Nobody is refused in calm, nor in the run that only the sweep performs, unless the bug is there.
#[test]
fn a_taking_that_is_repeated_is_detected_where_exactly_its_answer_is_lost() {
    let (scenario, bug) = (common::scenario("one_login"), common::bug("unknown_taking_repeated"));
    let plan = struck(
        "one_login",
        "store take auth:oidc:code",
        CallOutcome::AnswerLost,
        "reset",
        0,
    );
    common::must_hold(&common::perform(&scenario, &plan, None));
    common::must_hold(&common::perform(&scenario, &scenario.plan(1), Some(&bug)));
    let run = common::perform(&scenario, &plan, Some(&bug));
    let broken: Vec<&str> = run
        .violations
        .iter()
        .map(|violation| violation.property.as_str())
        .collect();
    assert!(broken.contains(&"RightfulCodeHonoured"), "{broken:?}");
}

/// Without time between the look and the entry nothing comes in between, whatever else happens.
#[test]
fn a_look_and_an_entry_in_two_transactions_are_detected_where_time_passes_between_calls() {
    let (scenario, bug) = (
        common::scenario("calls_interleave"),
        common::bug("ledger_looked_at_first"),
    );
    let plan = scenario.plan(1);
    let mut without = plan.clone();
    without.world.call_pause_percent = 0;
    let twice = |plan: &Plan| {
        let run = common::perform(&scenario, plan, Some(&bug));
        run.violations
            .iter()
            .any(|violation| violation.property == "CodeRedeemedOnce")
    };
    assert!(twice(&plan));
    assert!(!twice(&without));
}
