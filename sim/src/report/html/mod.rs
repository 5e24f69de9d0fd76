//! Pages about a run or a sweep. A page is one file that opens offline in any browser; nothing is fetched.
//!
//! Without JavaScript a page shows the whole run; the script zooms, filters and draws messages. Equal runs give equal
//! bytes. Pages contain no secrets: histories contain stand-ins ([`crate::history::Tag`]) and messages contain labels
//! ([`crate::messages`]).

mod bar;
mod chart;
mod controls;
mod evidence;
mod frame;
mod latency;
mod model;
mod overview;
mod span;
mod summary;
mod sweep;
mod tables;
mod wire;

#[cfg(test)]
mod tests;

pub use sweep::{SweepData, SweepFailure, SweepMark, SweepScenario, sweep_page};

use super::change::ChangeKind;
use crate::{fault::TimedFault, run::Run, service::Service};
use maud::html;
use model::Model;

/// The data of a page about one run.
#[derive(Debug, Clone)]
pub struct FailurePage<'a, S: Service> {
    /// The run. Its messages are drawn as arrows, if it has kept them.
    pub run: &'a Run<S>,
    /// A sentence that says what happens in the scenario.
    pub title: &'a str,
    /// The planted bug: its name, and a sentence that describes it.
    pub bug: Option<(&'a str, &'a str)>,
    /// The identity of the build, if known.
    pub build: Option<&'a str>,
    /// The properties by which the run was judged.
    pub claims: &'a [Claim],
    /// The marks of the scenario, each with whether this run reached it.
    pub marks: &'a [(&'a str, bool)],
    /// The command that starts the suite's binary: `cargo squall`, as [`crate::suite::Suite::command`].
    pub command: &'a str,
    /// The line that replays the run.
    pub replay: &'a str,
    /// Runs of the same plan with something left out, which show which fault mattered.
    pub trials: &'a [Trial<S>],
}

/// A property, described for people.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The property's name.
    pub name: String,
    /// Its claim, as a clause.
    pub claim: String,
}

/// A run of the same plan with something left out.
#[derive(Debug, Clone)]
pub struct Trial<S: Service> {
    /// The part that was left out.
    pub without: Without<S>,
    /// Whether the property that was violated first holds in it; `None` if the plan could not be performed.
    pub holds: Option<bool>,
}

/// The part of a plan that a trial leaves out.
#[derive(Debug, Clone, PartialEq)]
pub enum Without<S: Service> {
    /// One fault of the plan.
    Fault(TimedFault<S>),
    /// All faults.
    Faults,
    /// The planted bug.
    Bug,
}

/// The page of one run.
pub fn failure_page<S: Service>(page: &FailurePage<'_, S>) -> String {
    let run = page.run;
    let model = Model::of(run);
    let name = format!("{}, seed {}", run.plan.scenario, run.plan.seed);
    let title = match run.violations.first() {
        Some(violation) => format!("{} is violated: {name}", violation.property),
        None => format!("Everything held: {name}"),
    };
    let body = html! {
        (summary::header(page, &name))
        (summary::answers(page, &model))
        (evidence::first(page, &model))
        (overview::section(page, &model))
        (chart::section(page, &model))
        (evidence::others(page, &model))
        (tables::story(page))
        (tables::trials(page))
        (tables::claims(page))
        (tables::marks(page))
        (tables::plan(page))
        (tables::small_print(page))
        (wire::script(page, &model))
    };
    frame::page(&title, &body).into_string()
}

/// A time as a percentage of the run, for `left`, `x` and `width`: `12.3456%`. Computed with integers, so that it is
/// the same on every machine.
fn percent(ms: u64, lasts_ms: u64) -> String {
    let millionths = ms.min(lasts_ms) * 1_000_000 / lasts_ms.max(1);
    format!("{}.{:04}%", millionths / 10_000, millionths % 10_000)
}

/// The width of a span, formatted as by [`percent`].
fn width(from_ms: u64, to_ms: u64, lasts_ms: u64) -> String {
    percent(to_ms.saturating_sub(from_ms), lasts_ms)
}

/// The sign before a change of the world.
fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Role => "⇄",
        ChangeKind::Repair => "↻",
        ChangeKind::Fault => "⚡",
    }
}

/// A clause with a capital at its beginning, unless it begins with the name of a host.
fn sentence(clause: &str) -> String {
    let first = clause.split(' ').next().unwrap_or("");
    let mut rest = clause.chars();
    match rest.next() {
        Some(letter) if first.chars().all(char::is_alphabetic) => letter.to_uppercase().chain(rest).collect(),
        _ => clause.to_owned(),
    }
}

/// The circled number of a piece of evidence.
fn number(n: usize) -> String {
    match n {
        1..=20 => char::from_u32(0x2460 + n as u32 - 1).map_or_else(|| n.to_string(), String::from),
        _ => format!("({n})"),
    }
}
