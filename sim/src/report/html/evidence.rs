//! The evidence, numbered, and the changes of the world around it.

use super::{
    FailurePage,
    bar::Bar,
    frame,
    model::Model,
    number, sign,
    span::{self, FaultSpan},
};
use crate::{
    fault::Fault,
    history::Event,
    property::Violation,
    report::{
        change::{Change, ChangeKind},
        duration, row,
    },
    service::Service,
};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Operations that take longer than this, milliseconds, show when they began.
const LONG_MS: u64 = 1000;

/// A line of the list.
enum Line<'a> {
    Operation(&'a Bar),
    /// Evidence that is not an operation.
    Seen(usize, String),
    /// A change of the world.
    Changed(Change),
    /// The moment at which the property failed.
    Violated(&'a str),
}

/// The evidence of the first violation.
pub(super) fn first<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    html! {
        @if let Some(violation) = page.run.violations.first() {
            section class="evidence" {
                h2 { "The evidence, and what changed around it" }
                (list(page, model, violation, true))
            }
        }
    }
}

/// The evidence of the other violations, folded.
pub(super) fn others<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    html! {
        @if page.run.violations.len() > 1 {
            section class="evidence" {
                h2 { "Also violated" }
                @for violation in &page.run.violations[1..] {
                    details {
                        summary { strong { (violation.property) } ": " (violation.what) }
                        (list(page, model, violation, false))
                    }
                }
            }
        }
    }
}

fn list<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>, violation: &Violation, targets: bool) -> Markup {
    html! {
        ol class="events" {
            @for (at_ms, line) in lines(page, model, violation) {
                (row(at_ms, &line, targets))
            }
        }
    }
}

fn row(at_ms: u64, line: &Line<'_>, targets: bool) -> Markup {
    let id = |n: usize| targets.then(|| format!("e{n}"));
    match line {
        Line::Violated(property) => html! {
            li class="violated" {
                (frame::moment(at_ms)) span class="sign" aria-hidden="true" { "✗" }
                span { strong { (property) " does not hold" } }
            }
        },
        Line::Operation(bar) => html! {
            li class={ "operation " (bar.status.class()) } id=[bar.evidence.and_then(id)] {
                (frame::moment(at_ms)) span class="sign" { (bar.evidence.map(number).unwrap_or_default()) }
                span {
                    strong { (bar.who) } " " (bar.what) " "
                    span class={ "out " (bar.status.class()) } { (bar.outcome) }
                    @if bar.to_ms - bar.from_ms >= LONG_MS { ", since " (frame::moment(bar.from_ms)) }
                }
            }
        },
        Line::Seen(n, what) => html! {
            li class="operation" id=[id(*n)] {
                (frame::moment(at_ms)) span class="sign" { (number(*n)) } span { (what) }
            }
        },
        Line::Changed(Change { what, kind }) => html! {
            li class={ "changed" @if *kind != ChangeKind::Fault { " repair" } } {
                (frame::moment(at_ms)) span class="sign" aria-hidden="true" { (sign(*kind)) }
                span { (what) }
            }
        },
    }
}

/// The evidence, and all changes from the oldest fault in force up to the verdict, in order of time.
fn lines<'a, S: Service>(
    page: &FailurePage<'_, S>,
    model: &'a Model<S>,
    violation: &'a Violation,
) -> Vec<(u64, Line<'a>)> {
    let records = &page.run.history.records;
    let wanted: BTreeSet<usize> = violation
        .evidence
        .iter()
        .copied()
        .filter(|index| *index < records.len())
        .collect();
    let operations: Vec<&Bar> = (model.bars())
        .filter(|bar| bar.records.iter().any(|record| wanted.contains(record)))
        .collect();
    let began_ms = operations
        .iter()
        .map(|bar| bar.from_ms)
        .chain(wanted.iter().map(|index| records[*index].at_ms))
        .min();
    let began_ms = began_ms.unwrap_or(violation.at_ms);
    let shown: BTreeSet<usize> = operations.iter().flat_map(|bar| bar.records.iter().copied()).collect();
    let mut lines = vec![];
    for bar in operations {
        lines.push((bar.to_ms, Line::Operation(bar)));
    }
    let (mut switched, mut in_force) = (BTreeSet::new(), BTreeSet::new());
    for span in &model.faults {
        if span.from_ms < began_ms && span.to_ms >= began_ms {
            in_force.insert(span.record);
        }
    }
    for (index, record) in records.iter().enumerate() {
        let (within, marked) = (
            (began_ms..=violation.at_ms).contains(&record.at_ms) || in_force.contains(&index),
            wanted.contains(&index) && !shown.contains(&index),
        );
        let line = match (Change::of(record, &page.run.hosts), &record.event) {
            (Some(_), Event::Fault { fault, .. }) if !marked && is_idle(fault, record.at_ms, model) => continue,
            (Some(change), event) if within || marked => {
                let is_new = match event {
                    // Every Sentinel reports it; only the first report is shown.
                    Event::Sentinel { says, .. } => switched.insert(says.clone()),
                    _ => true,
                };
                match (marked, is_new) {
                    (true, _) => Line::Seen(model.numbers[&index], change.what),
                    (false, true) => Line::Changed(change),
                    (false, false) => continue,
                }
            }
            (None, _) if marked => Line::Seen(model.numbers[&index], row::in_words(record, &page.run.hosts)),
            _ => continue,
        };
        lines.push((record.at_ms, line));
    }
    lines.push((violation.at_ms, Line::Violated(&violation.property)));
    lines.sort_by_key(|(at_ms, _)| *at_ms);
    lines
}

/// Whether a repair repaired nothing, because nothing was broken.
fn is_idle<S: Service>(fault: &Fault<S>, at_ms: u64, model: &Model<S>) -> bool {
    let ends = |span: &FaultSpan<S>| span.to_ms == at_ms && span::ends(&span.fault, fault);
    fault.repairs() && *fault != Fault::Heal && !model.faults.iter().any(ends)
}

/// The span of time that the timeline shows first: that of the evidence and of the faults that mattered for it, with
/// some room on both sides. Milliseconds.
pub(super) fn window<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Option<(u64, u64)> {
    let violation = page.run.violations.first()?;
    let records = &page.run.history.records;
    let moments = (violation.evidence.iter())
        .filter_map(|index| records.get(*index))
        .map(|record| record.at_ms);
    let from_ms = moments.chain([violation.at_ms]).min()?;
    let injected = model.faults.iter().map(|span| span.from_ms);
    // A fault shortly before the evidence is included.
    let reach = duration_of_interest(from_ms, violation.at_ms);
    let from_ms = injected
        .filter(|at_ms| (from_ms.saturating_sub(reach)..from_ms).contains(at_ms))
        .min()
        .unwrap_or(from_ms);
    let room = ((violation.at_ms - from_ms) / 5).clamp(500, 5000);
    Some((
        from_ms.saturating_sub(room),
        (violation.at_ms + room).min(model.lasts_ms),
    ))
}

fn duration_of_interest(from_ms: u64, to_ms: u64) -> u64 {
    (to_ms - from_ms).clamp(2000, 20_000)
}

/// The time from one moment to another for tooltips, as [`duration`] formats it: `31 ms`.
pub(super) fn lasted(from_ms: u64, to_ms: u64) -> String {
    duration(to_ms.saturating_sub(from_ms))
}
