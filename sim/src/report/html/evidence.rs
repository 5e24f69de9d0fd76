//! The evidence, numbered, with what changed in the world around it.

use super::{
    super::words,
    FailurePage, frame,
    model::{Bar, Model},
    number, sign,
    trouble::{self, Trouble},
};
use crate::{
    fault::Fault,
    history::Event,
    property::Violation,
    report::{duration, row},
};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Whatever takes longer says when it began.
const LONG_MS: u64 = 1000;

/// What a line of the list is.
enum Line<'a> {
    Deed(&'a Bar),
    /// Evidence that is no operation.
    Seen(usize, String),
    /// Something changed in the world, and what kind of change it was.
    Changed(String, &'static str),
    /// The claim has failed.
    Broken(&'a str),
}

/// The evidence of the first violation.
pub(super) fn first(page: &FailurePage<'_>, model: &Model) -> Markup {
    html! {
        @if let Some(violation) = page.run.violations.first() {
            section class="evidence" {
                h2 { "The evidence, and what changed around it" }
                (list(page, model, violation, true))
            }
        }
    }
}

/// That of the others, folded.
pub(super) fn others(page: &FailurePage<'_>, model: &Model) -> Markup {
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

fn list(page: &FailurePage<'_>, model: &Model, violation: &Violation, targets: bool) -> Markup {
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
        Line::Broken(property) => html! {
            li class="broken" {
                (frame::moment(at_ms)) span class="sign" aria-hidden="true" { "✗" }
                span { strong { (property) " does not hold" } }
            }
        },
        Line::Deed(bar) => html! {
            li class={ "deed " (bar.came.class()) } id=[bar.evidence.and_then(id)] {
                (frame::moment(at_ms)) span class="sign" { (bar.evidence.map(number).unwrap_or_default()) }
                span {
                    strong { (bar.who) } " " (bar.what) " "
                    span class={ "out " (bar.came.class()) } { (bar.outcome) }
                    @if bar.to_ms - bar.from_ms >= LONG_MS { ", since " (frame::moment(bar.from_ms)) }
                }
            }
        },
        Line::Seen(n, what) => html! {
            li class="deed" id=[id(*n)] {
                (frame::moment(at_ms)) span class="sign" { (number(*n)) } span { (what) }
            }
        },
        Line::Changed(what, sign) => html! {
            li class={ "changed" @if *sign != "⚡" { " repair" } } {
                (frame::moment(at_ms)) span class="sign" aria-hidden="true" { (sign) }
                span { (what) }
            }
        },
    }
}

/// The evidence, and all changes from the oldest trouble in force to the verdict, in order of time.
fn lines<'a>(page: &FailurePage<'_>, model: &'a Model, violation: &'a Violation) -> Vec<(u64, Line<'a>)> {
    let records = &page.run.history.records;
    let wanted: BTreeSet<usize> = violation
        .evidence
        .iter()
        .copied()
        .filter(|index| *index < records.len())
        .collect();
    let deeds: Vec<&Bar> = (model.bars())
        .filter(|bar| bar.records.iter().any(|record| wanted.contains(record)))
        .collect();
    let began_ms = deeds
        .iter()
        .map(|bar| bar.from_ms)
        .chain(wanted.iter().map(|index| records[*index].at_ms))
        .min();
    let began_ms = began_ms.unwrap_or(violation.at_ms);
    let told: BTreeSet<usize> = deeds.iter().flat_map(|bar| bar.records.iter().copied()).collect();
    let mut lines = vec![];
    for bar in deeds {
        lines.push((bar.to_ms, Line::Deed(bar)));
    }
    let (mut switched, mut in_force) = (BTreeSet::new(), BTreeSet::new());
    for trouble in &model.troubles {
        if trouble.from_ms < began_ms && trouble.to_ms >= began_ms {
            in_force.insert(trouble.record);
        }
    }
    for (index, record) in records.iter().enumerate() {
        let (within, marked) = (
            (began_ms..=violation.at_ms).contains(&record.at_ms) || in_force.contains(&index),
            wanted.contains(&index) && !told.contains(&index),
        );
        let line = match (words::ruled(&record.who, &record.event), &record.event) {
            (Some(_), Event::Fault { fault, .. }) if !marked && is_idle(fault, record.at_ms, model) => continue,
            (Some(what), event) if within || marked => {
                let (what, is_new) = match event {
                    // Every Sentinel says so; the first is news.
                    Event::Sentinel { says, .. } => (what, switched.insert(says.clone())),
                    _ => (what, true),
                };
                let sign = match event {
                    Event::Fault { fault, .. } => sign(fault.repairs(), false),
                    Event::Ready { ready, .. } => sign(*ready, false),
                    _ => sign(false, true),
                };
                match (marked, is_new) {
                    (true, _) => Line::Seen(model.numbers[&index], what),
                    (false, true) => Line::Changed(what, sign),
                    (false, false) => continue,
                }
            }
            (None, _) if marked => Line::Seen(model.numbers[&index], row::in_words(record)),
            _ => continue,
        };
        lines.push((record.at_ms, line));
    }
    lines.push((violation.at_ms, Line::Broken(&violation.property)));
    lines.sort_by_key(|(at_ms, _)| *at_ms);
    lines
}

/// A repair of what was whole.
fn is_idle(fault: &Fault, at_ms: u64, model: &Model) -> bool {
    let ends = |trouble: &Trouble| trouble.to_ms == at_ms && trouble::ends(&trouble.fault, fault);
    fault.repairs() && *fault != Fault::Heal && !model.troubles.iter().any(ends)
}

/// How long the evidence and what mattered for it took, with some room on both sides: what the
/// timeline shows first.
pub(super) fn window(page: &FailurePage<'_>, model: &Model) -> Option<(u64, u64)> {
    let violation = page.run.violations.first()?;
    let records = &page.run.history.records;
    let moments = (violation.evidence.iter())
        .filter_map(|index| records.get(*index))
        .map(|record| record.at_ms);
    let from_ms = moments.chain([violation.at_ms]).min()?;
    let struck = model.troubles.iter().map(|trouble| trouble.from_ms);
    // A fault shortly before belongs to it.
    let reach = duration_of_interest(from_ms, violation.at_ms);
    let from_ms = struck
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

/// `31 ms` as [`duration`], for tooltips.
pub(super) fn lasted(from_ms: u64, to_ms: u64) -> String {
    duration(to_ms.saturating_sub(from_ms))
}
