//! A run as text for a terminal: its story, its verdict, and the marks that it reached.

use super::{summary::RunSummary, table};
use crate::{
    report::{self, LogRow, Look, Story},
    run::Run,
    scenario::Scenario,
    service::Service,
    suite::{PlantedBug, Suite},
};
use std::fmt::Write;

/// A run whose story is to be printed.
pub(crate) struct RunStory<'a, S: Service> {
    pub(crate) suite: &'a Suite<S>,
    pub(crate) scenario: &'a Scenario<S>,
    pub(crate) run: &'a Run<S>,
    pub(crate) bug: Option<&'a PlantedBug<S>>,
    /// Whether to show every step, including routine ones.
    pub(crate) all: bool,
    /// The reasons why it proves nothing although nothing was violated.
    pub(crate) doubts: &'a [String],
}

/// The story of a run, as `replay` prints it, with its summary.
pub(crate) fn text<S: Service>(look: &Look, run_story: &RunStory<'_, S>, summary: &RunSummary) -> String {
    let RunStory {
        suite,
        scenario,
        run,
        bug,
        all,
        doubts,
    } = *run_story;
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
        log: &log,
        brief: log.is_empty() && !all,
        ..Story::of(run)
    };
    let mut text = String::new();
    let seed = format!("{}, seed {}", scenario.name(), run.plan.seed);
    let _ = writeln!(text, "{}: {}", look.paint("1", &seed), scenario.title());
    if let Some(bug) = bug {
        let _ = writeln!(
            text,
            "{} {}: {}",
            look.paint("1;33", "Planted bug"),
            bug.name,
            bug.title
        );
    }
    if let Some(orders) = report::orders(&run.plan) {
        let _ = writeln!(text, "{}: {orders}", look.paint("1", "Order"));
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
            report::seconds(violation.at_ms),
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
    for doubt in doubts {
        let _ = writeln!(text, "{}  {doubt}", look.paint("1;33", "INCONCLUSIVE"));
    }
    if doubts.is_empty() && run.violations.is_empty() {
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
        "{} simulated; {}; {}; {} that succeeded: {}",
        report::duration(summary.simulated_ms),
        match summary.faults {
            0 => "no faults".into(),
            faults => format!(
                "{}, {} of them with operations in flight",
                table::count(faults, "fault"),
                summary.faults_in_flight
            ),
        },
        table::count(summary.operations, "operation"),
        suite.whole_operations(),
        table::thousands(summary.whole as u64),
    );
    for (place, _) in run.triggered.iter().filter(|(_, injected)| injected.is_none()) {
        let timed = &run.plan.faults[*place];
        if let Some(trigger) = &timed.after {
            let from = report::seconds(timed.at_ms);
            let _ = writeln!(
                text,
                "Not injected: {}, {trigger}, from {from} on: that did not happen, or too late",
                timed.fault
            );
        }
    }
    let _ = writeln!(text, "Fingerprint {}", run.fingerprint);
    if let Some(build) = suite.build {
        let _ = writeln!(text, "Build {build}");
    }
    text
}
