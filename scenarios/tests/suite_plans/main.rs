//! Plans made up by proptest, judged by the claims of the swarm. A plan that fails is made simple, kept in
//! `scenarios/regressions` as `squall save` would keep it, and named in the failure: from then on it is replayed by
//! `cargo test`, whatever becomes of the strategies.

#[path = "../common/mod.rs"]
mod common;
mod strategies;

use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use scenarios::{
    login::Login,
    vocabulary::{MarkView, Plan, PlantedBug, Run},
};
use sim::{
    nemesis,
    property::{Reason, slug},
    regression::{self, Regression, Replayed},
};
use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

/// Judges so many made-up plans; one that fails is made simpler with so many runs at most, for one reason and never
/// another. (Half a second each; `squall shrink` does better.)
///
/// # Errors
/// One that fails, as simple as it got, and what broke.
fn explore(cases: u32, simpler_max: u32, bug: Option<&PlantedBug>) -> Result<(), Box<(Plan, Reason)>> {
    let mut config = common::proptest_config(cases);
    config.max_shrink_iters = simpler_max;
    if bug.is_some() {
        config.failure_persistence = None; // it is meant to fail
    }
    let scenario = common::scenario("swarm");
    let broke: OnceCell<Reason> = OnceCell::new();
    let mut runner = match bug {
        None => TestRunner::new(config),
        // The same plans each time: a test of the suite itself.
        Some(_) => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let judged = runner.run(&strategies::plan(), |plan| {
        let run = common::perform(&scenario, &plan, bug);
        if let Some(violation) = run.violations.first() {
            broke.get_or_init(|| Reason::of(violation));
        }
        match broke.get().and_then(|reason| reason.found_in(&run.violations)) {
            None => Ok(()),
            Some(violation) => Err(TestCaseError::fail(violation.to_string())),
        }
    });
    match judged {
        Ok(()) => Ok(()),
        Err(TestError::Fail(_, plan)) => Err(Box::new((plan, broke.into_inner().expect("something broke")))),
        Err(TestError::Abort(reason)) => panic!("no plans could be made up: {reason}"),
    }
}

/// Keeps a failing plan as a regression.
fn keep(folder: &Path, plan: &Plan, broke: &Reason, bug: Option<&PlantedBug>) -> PathBuf {
    let suite = scenarios::suite();
    let mut entry = regression::record(&suite, "", plan, bug, Some(broke)).unwrap_or_else(|error| panic!("{error}"));
    entry.name = format!("made-up-{}", slug(&entry.broke.property));
    let path = regression::file_name(folder, &entry.name).unwrap_or_else(|error| panic!("{error}"));
    entry.write(&path).unwrap_or_else(|error| panic!("{error}"));
    path
}

#[test]
fn the_claims_hold_of_made_up_plans() {
    if let Err(failed) = explore(20, 60, None) {
        let (plan, broke) = *failed;
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"));
        let path = keep(folder, &plan, &broke, None);
        panic!(
            "{broke}\n  The plan is kept in {0}; `cargo test` replays it from now on.\n  cargo squall replay {0}\n  cargo \
             squall shrink {0}",
            path.display()
        );
    }
}

/// What is made up can be performed, says the same in a file, and comes to something.
#[test]
fn made_up_plans_are_sound() {
    let config = proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..common::proptest_config(256)
    };
    let judged = TestRunner::new(config).run(&strategies::plan(), |plan| {
        nemesis::check(&plan).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again = Plan::from_text(&plan.to_text(), Path::new("plan.toml"));
        match again.is_ok_and(|again| again == plan) {
            true => Ok(()),
            false => Err(TestCaseError::fail("a file says something else")),
        }
    });
    judged.unwrap_or_else(|error| panic!("{error}"));
}

/// The suite can fail, and what it keeps is a regression like any other.
#[test]
fn a_failing_plan_is_simple_and_kept() {
    let folder = common::scratch("made-up");
    let _ = std::fs::remove_dir_all(&folder); // of an earlier run
    std::fs::create_dir_all(&folder).expect("a folder");
    let bug = common::bug("mailed_code_logged");
    let (plan, broke) = *explore(20, 16, Some(&bug)).expect_err("the log has codes");
    let path = keep(&folder, &plan, &broke, Some(&bug));
    let kept = Regression::<Login>::read(&path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&kept.plan, &kept.broke), (&plan, &broke));
    let (replayed, _) = regression::replay(&scenarios::suite(), &kept).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(replayed, Replayed::Same);
}

/// Made-up plans reach what they are for: over a few, somebody logs in, a fault hits somebody, a master is replaced.
#[test]
fn made_up_plans_come_to_something() {
    let config = proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..common::proptest_config(16)
    };
    let scenario = common::scenario("swarm");
    // The same plans each time: what a chance draw reaches proves nothing.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let runs = std::cell::RefCell::new(Vec::<Run>::new());
    let performed = runner.run(&strategies::plan(), |plan| {
        runs.borrow_mut().push(common::perform(&scenario, &plan, None));
        Ok(())
    });
    performed.unwrap_or_else(|error| panic!("{error}"));
    let reached = |name: &str| {
        let mark = scenario
            .marks()
            .into_iter()
            .find(|mark| mark.name == name)
            .expect("the swarm has it");
        runs.borrow().iter().any(|run| {
            (mark.reached)(&MarkView {
                plan: &run.plan,
                history: &run.history,
                marks: &run.marks,
            })
        })
    };
    for name in [
        "somebody logged in",
        "the master was replaced",
        "a fault struck while somebody was doing something",
    ] {
        assert!(reached(name), "in none of 16 plans: {name}");
    }
}
