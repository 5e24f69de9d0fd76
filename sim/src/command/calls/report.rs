//! What a sweep of calls came to.

use super::{
    super::{
        Conclusion, findings,
        replay_line::{self, With},
        table,
    },
    book::{Broken, Header, Line},
};
use crate::{report::Look, service::Service, suite::Suite};
use comfy_table::Cell;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// So many runs of a failure are named.
const NAMED_MAX: usize = 4;

/// A sweep of calls that has ended, or as much of it as there is.
pub(super) struct Report<'a, S: Service> {
    pub(super) suite: &'a Suite<S>,
    pub(super) header: &'a Header,
    pub(super) lines: &'a [Line],
    /// Why it is not whole.
    pub(super) gaps: Vec<String>,
    pub(super) wall: Duration,
}

/// A failure: story, property and reason.
type Failure<'a> = (&'a str, &'a str, &'a str);

impl<S: Service> Report<'_, S> {
    /// The calls that no story makes in calm, each with the reason that the service gives.
    fn unreached(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let unreached = S::CALLS.iter().filter(|site| !self.reaches(site.name));
        unreached.map(|site| (site.name, site.unreached)).collect()
    }

    fn reaches(&self, call: &str) -> bool {
        self.header.stories.iter().any(|story| story.reached.contains(call))
    }

    /// Whether all stories of the suite are in it: else it says nothing of what they do not reach.
    fn has_all_stories(&self) -> bool {
        let has = |name: &str| self.header.stories.iter().any(|story| story.scenario == name);
        self.suite.call_stories().iter().all(|story| has(story.scenario))
    }

    fn failures(&self) -> BTreeMap<Failure<'_>, Vec<(&Line, &Broken)>> {
        let mut failures: BTreeMap<Failure<'_>, Vec<_>> = BTreeMap::new();
        for line in self.lines {
            for broken in &line.broke {
                let failure = (line.scenario.as_str(), broken.property.as_str(), broken.reason.as_str());
                failures.entry(failure).or_default().push((line, broken));
            }
        }
        failures
    }

    /// Why nothing is proved, although nothing was violated.
    fn doubts(&self) -> Vec<String> {
        let mut doubts = self.gaps.clone();
        if self.lines.iter().all(|line| line.missed) {
            doubts.push("no run was performed in which the call was made".to_owned());
        }
        if let (Some(bug), true) = (&self.header.bug, self.failures().is_empty()) {
            doubts.push(format!("the planted bug {bug} was not detected"));
        }
        let errors = self.lines.iter().filter(|line| line.error.is_some()).count();
        if errors > 0 {
            doubts.push(format!("the harness failed in {}", table::count(errors, "run")));
        }
        if self.has_all_stories() && self.header.bug.is_none() {
            for (call, _) in self.unreached().iter().filter(|(_, why)| why.is_none()) {
                doubts.push(format!("no story reaches {call:?}, and the service gives no reason"));
            }
            for site in S::CALLS
                .iter()
                .filter(|site| site.unreached.is_some() && self.reaches(site.name))
            {
                let call = site.name;
                doubts.push(format!(
                    "{call:?} is reached, though the service says why it is not: take that back"
                ));
            }
        }
        doubts
    }

    /// What it proves.
    pub(super) fn conclusion(&self) -> Conclusion {
        match (self.failures().is_empty(), self.doubts().is_empty()) {
            (false, _) => Conclusion::Violated,
            (true, false) => Conclusion::Inconclusive,
            (true, true) => Conclusion::Held,
        }
    }

    /// For people.
    pub(super) fn text(&self, look: &Look) -> String {
        let mut text = format!("{}\n", self.table(look));
        for ((scenario, property, reason), runs) in self.failures() {
            text.push_str(&self.failure(look, (scenario, property, reason), &runs));
        }
        for line in self.lines.iter().filter(|line| line.error.is_some()).take(NAMED_MAX) {
            let error = line.error.as_deref().unwrap_or_default();
            text.push_str(&format!(
                "\n{}: {}: the harness failed: {error}\n",
                line.scenario, line.what
            ));
        }
        text.push_str(&self.reach());
        for doubt in self.doubts() {
            text.push_str(&look.paint("33", &format!("Incomplete: {doubt}\n")));
        }
        let cpu_ms: u64 = self.lines.iter().map(|line| line.cpu_ms).sum();
        let missed = self.lines.iter().filter(|line| line.missed).count();
        if missed > 0 {
            text.push_str(&format!(
                "{} met another course of events, in which the call or what follows it was not made\n",
                table::count(missed, "run")
            ));
        }
        text.push_str(&format!(
            "{} in {} s ({} s of CPU): {}.",
            table::count(self.lines.len(), "run"),
            self.wall.as_secs(),
            cpu_ms / 1000,
            findings::verdict(self.conclusion())
        ));
        text
    }

    fn table(&self, look: &Look) -> String {
        let headings = ["story", ">seed", ">calls struck", ">runs", ">violated", "verdict"];
        let mut rows = table::new(look, &headings);
        for story in &self.header.stories {
            let of = |line: &&Line| line.scenario == story.scenario && line.seed == story.seed;
            let runs = self.lines.iter().filter(of).count();
            let violated = self
                .lines
                .iter()
                .filter(of)
                .filter(|line| !line.broke.is_empty())
                .count();
            let (word, conclusion) = match violated {
                0 => ("held", Conclusion::Held),
                _ => ("violated", Conclusion::Violated),
            };
            rows.add_row([
                Cell::new(&story.scenario),
                Cell::new(story.seed),
                Cell::new(story.calls),
                Cell::new(table::thousands(runs as u64)),
                Cell::new(violated),
                table::judged(word, conclusion),
            ]);
        }
        rows.to_string()
    }

    fn failure(&self, look: &Look, (scenario, property, reason): Failure<'_>, runs: &[(&Line, &Broken)]) -> String {
        let calls: BTreeSet<&str> = runs
            .iter()
            .flat_map(|(line, _)| &line.calls)
            .map(String::as_str)
            .collect();
        let why = if reason.is_empty() {
            String::new()
        } else {
            format!(" ({reason})")
        };
        let title = format!(
            "{scenario}: {property}{why} is violated in {}, at {}",
            table::count(runs.len(), "run"),
            table::count(calls.len(), "call")
        );
        let mut text = format!("\n{}\n", look.paint("1;31", &title));
        for (line, broken) in runs.iter().take(NAMED_MAX) {
            text.push_str(&format!("  {}\n    {}\n", line.what, broken.what));
            if let Some(plan) = &line.plan {
                let with = With {
                    bug: self.header.bug.as_deref(),
                    ..With::default()
                };
                text.push_str(&format!("    {}\n", replay_line::line(self.suite, plan, None, with)));
            }
        }
        if let Some(more) = runs.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
            text.push_str(&format!("  and {}\n", table::count(more, "more run")));
        }
        text
    }

    /// What was never called.
    fn reach(&self) -> String {
        let unreached = self.unreached();
        let reached = S::CALLS.len() - unreached.len();
        if !self.has_all_stories() {
            return format!(
                "\nThese stories make {reached} of {} calls; others make more.\n",
                S::CALLS.len()
            );
        }
        let mut text = format!("\nThe stories make {reached} of {} calls", S::CALLS.len());
        if unreached.is_empty() {
            return text + ".\n";
        }
        text.push_str(", and not:\n");
        let also: BTreeSet<&str> = (self.lines.iter())
            .flat_map(|line| &line.also_reached)
            .map(String::as_str)
            .collect();
        for (call, why) in unreached {
            let after_faults = match also.contains(call) {
                true => " (made after faults)",
                false => "",
            };
            text.push_str(&format!(
                "  {call}: {}{after_faults}\n",
                why.unwrap_or("no reason is given")
            ));
        }
        text
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let unreached = self.unreached().into_iter();
        json!({
            "version": super::book::VERSION,
            "conclusion": self.conclusion().word(),
            "doubts": self.doubts(),
            "asked": self.header,
            "unreached": unreached.map(|(call, why)| json!({ "call": call, "why": why })).collect::<Vec<_>>(),
            "wall_seconds": self.wall.as_secs_f64(),
            "runs": self.lines,
        })
    }
}
