//! A run, or a sweep, as a page that opens anywhere: one file, offline, nothing fetched.
//!
//! Without JavaScript the page shows the whole run; the script zooms, filters and draws messages. Equal runs give equal
//! bytes. Pages carry no secret: histories hold stand-ins ([`crate::history::Tag`]) and messages hold labels
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

/// Everything that a page about one run shows.
#[derive(Debug, Clone)]
pub struct FailurePage<'a, S: Service> {
    /// The run. Its messages become arrows, if it kept them.
    pub run: &'a Run<S>,
    /// What happens in the scenario, in one sentence.
    pub title: &'a str,
    /// The planted bug, by name and in one sentence.
    pub bug: Option<(&'a str, &'a str)>,
    /// Which sources the program was built from, if it knows.
    pub build: Option<&'a str>,
    /// The claims that the run was judged by.
    pub claims: &'a [Claim],
    /// The marks of the scenario, and whether this run reached them.
    pub marks: &'a [(&'a str, bool)],
    /// How the command line is started: `cargo squall`, as [`crate::suite::Suite::command`].
    pub command: &'a str,
    /// The line that replays it.
    pub replay: &'a str,
    /// What became of the same plan with something left out: what shows which fault mattered.
    pub trials: &'a [Trial<S>],
}

/// A claim, for people.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The property's name.
    pub name: String,
    /// What it claims, as a clause.
    pub claim: String,
}

/// The same plan, performed once more with something left out.
#[derive(Debug, Clone)]
pub struct Trial<S: Service> {
    /// What was left out.
    pub without: Without<S>,
    /// Whether the claim that was violated first holds then; `None` if the plan could not be performed.
    pub holds: Option<bool>,
}

/// What a trial leaves out.
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

/// A moment as a part of the run, for `left`, `x` and `width`: `12.3456%`. In whole numbers, so that it
/// is the same everywhere.
fn percent(ms: u64, lasts_ms: u64) -> String {
    let millionths = ms.min(lasts_ms) * 1_000_000 / lasts_ms.max(1);
    format!("{}.{:04}%", millionths / 10_000, millionths % 10_000)
}

/// The width of a span, as [`percent`].
fn width(from_ms: u64, to_ms: u64, lasts_ms: u64) -> String {
    percent(to_ms.saturating_sub(from_ms), lasts_ms)
}

/// What stands before a change of the world.
fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Role => "⇄",
        ChangeKind::Repair => "↻",
        ChangeKind::Fault => "⚡",
    }
}

/// A clause as the beginning of a sentence, unless it begins with the name of a host.
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
