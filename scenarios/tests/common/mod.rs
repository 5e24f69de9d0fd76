//! What the tests share.
#![allow(dead_code, reason = "each test file is a crate of its own and uses its part")]

use insta::Settings;
use proptest::{prelude::ProptestConfig, test_runner::FileFailurePersistence};
use scenarios::vocabulary::{Plan, PlantedBug, Run, Scenario};
use sim::judge::{JudgeOptions, judge};
use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output},
};

/// Where insta and proptest keep their files: both would otherwise go by the path of a source file.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// As [`settings`], for proptest; `PROPTEST_CASES` asks for another number of cases.
pub(crate) fn proptest_config(cases: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let by_default = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { by_default.cases } else { cases },
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/regressions/proptest.txt"
        )))),
        ..by_default
    }
}

/// A scenario of the suite.
pub(crate) fn scenario(name: &str) -> Scenario {
    let suite = scenarios::suite();
    suite
        .find_scenario(name)
        .unwrap_or_else(|error| panic!("{error}"))
        .clone()
}

/// A planted bug of the suite.
pub(crate) fn bug(name: &str) -> PlantedBug {
    *scenarios::suite()
        .find_bug(name)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Performs a plan and judges it.
pub(crate) fn perform(scenario: &Scenario, plan: &Plan, bug: Option<&PlantedBug>) -> Run {
    judge(scenario, plan, bug, &JudgeOptions::default())
        .unwrap_or_else(|error| panic!("{}, seed {}: {error}", plan.scenario, plan.seed))
}

/// Fails with every violation and the line that replays them.
pub(crate) fn must_hold(run: &Run) {
    let violations: Vec<String> = run
        .violations
        .iter()
        .map(|violation| format!("  {violation}"))
        .collect();
    assert!(
        violations.is_empty(),
        "\n{}\n  cargo squall replay {} --seed {}\n",
        violations.join("\n"),
        run.plan.scenario,
        run.plan.seed
    );
}

/// The command, as a person would start it, and what it said.
pub(crate) fn squall(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_squall"))
        .args(args)
        // or every test would move `target/squall/latest`
        .env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"))
        .env_remove("GITHUB_ACTIONS")
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("the command starts")
}

/// Says that a test, or a part of it, was left out, and why. `eprintln!` would not do: the output of a test
/// that passes is swallowed.
pub(crate) fn left_out(what: &str, why: &str) {
    // Nobody can be told of a standard error that is closed.
    let _ = writeln!(std::io::stderr(), "\n!! LEFT OUT: {what}: {why}\n");
}

/// A place for a test's own file.
pub(crate) fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}
