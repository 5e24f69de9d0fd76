//! A run, told on a terminal: its story, its verdict, what it reached.

use super::{summary::RunSummary, table};
use scenarios::{planted::Planted, scenario::Scenario};
use sim::{
    report::{LogRow, Look, Story},
    run::Run,
};
use std::fmt::Write;

/// The story of a run, as `replay` tells it.
pub(crate) fn story(scenario: &Scenario, run: &Run, plant: Option<&Planted>) -> String {
    let summary = RunSummary::of(scenario, &run.plan, Ok(run));
    told(&table::look(), scenario, run, &summary, plant, false)
}

/// The same, with its summary, for a terminal of this look; `all`: also logins in which nothing happened.
pub(crate) fn told(
    look: &Look,
    scenario: &Scenario,
    run: &Run,
    summary: &RunSummary,
    plant: Option<&Planted>,
    all: bool,
) -> String {
    let levels: Vec<String> = run
        .log
        .iter()
        .map(|line| format!("{} {}", line.level, line.text))
        .collect();
    let log: Vec<LogRow<'_>> = (run.log.iter().zip(&levels))
        .map(|(line, text)| LogRow {
            at_ms: line.at_ms,
            host: &line.host,
            text,
        })
        .collect();
    let story = Story {
        history: &run.history,
        violations: &run.violations,
        log: &log,
        brief: log.is_empty() && !all,
    };
    let mut text = String::new();
    let seed = format!("{}, seed {}", scenario.name(), run.plan.seed);
    let _ = writeln!(text, "{}: {}", look.paint("1", &seed), scenario.title());
    if let Some(bug) = plant {
        let _ = writeln!(
            text,
            "{} {}: {}",
            look.paint("1;33", "Planted bug"),
            bug.name,
            bug.title
        );
    }
    let _ = writeln!(text, "\n{}", story.render(look));
    for violation in &run.violations {
        let _ = writeln!(
            text,
            "{}",
            look.paint("1;31", &format!("VIOLATED  {}", violation.property))
        );
        if let Some(property) = (scenario.properties().iter()).find(|property| property.name() == violation.property) {
            let _ = writeln!(text, "  The claim: {}", property.claim());
        }
        let _ = writeln!(
            text,
            "  What happened, certain at {}: {}",
            sim::report::seconds(violation.at_ms),
            violation.what
        );
        let evidence = story.evidence(violation, look);
        if !evidence.is_empty() {
            let _ = writeln!(
                text,
                "  The evidence, and what changed in the world meanwhile:\n{}",
                evidence.trim_end()
            );
        }
        text.push('\n');
    }
    if run.violations.is_empty() {
        let names: Vec<String> = scenario.properties().iter().map(|property| property.name()).collect();
        let _ = writeln!(text, "{}  {}", look.paint("1;32", "HELD"), names.join(", "));
    }
    for mark in scenario.marks() {
        let reached = summary.reached.contains(&mark.name);
        let _ = writeln!(
            text,
            "  {}: {}",
            if reached { "reached" } else { "not reached" },
            mark.name
        );
    }
    let _ = writeln!(
        text,
        "{} simulated; {}, {} of them with operations in flight; {}; {}",
        sim::report::duration(summary.simulated_ms),
        table::count(summary.faults, "fault"),
        summary.faults_in_flight,
        table::count(summary.operations, "operation"),
        table::count(summary.logins, "whole login"),
    );
    for (place, _) in run.aimed.iter().filter(|(_, struck)| struck.is_none()) {
        let timed = &run.plan.faults[*place];
        if let Some(aim) = &timed.after {
            let from = sim::report::seconds(timed.at_ms);
            let _ = writeln!(
                text,
                "Missed its aim: {}, {aim}, from {from} on: that did not come in time",
                timed.fault
            );
        }
    }
    let _ = writeln!(text, "Fingerprint {}", run.fingerprint);
    text
}
