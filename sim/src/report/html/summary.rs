//! The top of the page, in plain words: the claim, the event that violated it, and the fault that mattered.

use super::{FailurePage, Trial, Without, frame, model::Model, sentence};
use crate::{
    report::{duration, orders, seconds},
    service::Service,
};
use maud::{Markup, html};

/// The largest number of faults named in a sentence; the rest are counted.
const NAMED_MAX: usize = 4;

/// The title, the verdict, and the line to paste.
pub(super) fn header<S: Service>(page: &FailurePage<'_, S>, name: &str) -> Markup {
    let violations = &page.run.violations;
    html! {
        header {
            div class="bar-top" {
                p class="eyebrow" { "Squall · " (name) }
                (frame::theme_switch())
            }
            h1 {
                @if let Some(violation) = violations.first() {
                    span class="verdict bad" { "✗ violated" } " " (violation.property)
                } @else {
                    span class="verdict good" { "✓ held" } " " (page.run.plan.scenario)
                }
            }
        }
    }
}

/// The claim, the violation, the fault that mattered, and how to replay the run.
pub(super) fn answers<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let run = page.run;
    let first = run.violations.first();
    let claim = first.and_then(|violation| page.claims.iter().find(|claim| claim.name == violation.property));
    html! {
        section class="summary" aria-label="Summary" {
            dl {
                dt { "The story" }
                dd { (sentence(page.title)) "." }
                @if let Some((name, what)) = page.bug {
                    dt { "Planted bug" }
                    dd { code { (name) } ": " (what) "." }
                }
                @if let Some(orders) = orders(&run.plan) {
                    dt { "Order" }
                    dd { (sentence(&orders)) "." }
                }
                @if let Some(claim) = claim {
                    dt { "Claimed" }
                    dd { (sentence(&claim.claim)) "." }
                }
                @if let Some(violation) = first {
                    dt { "What happened" }
                    dd {
                        strong { (sentence(&violation.what)) "." }
                        " It was certain at " (frame::moment(violation.at_ms)) "."
                        @if run.violations.len() > 1 {
                            " Also violated: "
                            @for (place, other) in run.violations[1..].iter().enumerate() {
                                @if place > 0 { ", " } (other.property)
                            }
                            "."
                        }
                    }
                    dt { "What mattered" }
                    dd { (mattered(page, model)) }
                } @else {
                    dt { "What happened" }
                    dd { "Every claim held." }
                }
                dt { "Replay it" }
                dd { (frame::to_paste(page.replay)) }
            }
        }
    }
}

/// The fault that mattered: by trials if there were any, otherwise the faults that were in force.
fn mattered<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let fault = |trial: &Trial<S>| match &trial.without {
        Without::Fault(timed) => Some(match &timed.after {
            Some(trigger) => format!("{} ({trigger})", timed.fault),
            None => format!("{} ({})", timed.fault, seconds(timed.at_ms)),
        }),
        _ => None,
    };
    let (needed, idle): (Vec<&Trial<S>>, Vec<&Trial<S>>) = (page.trials.iter())
        .filter(|trial| matches!(trial.without, Without::Fault(_)) && trial.holds.is_some())
        .partition(|trial| trial.holds == Some(true));
    let needed: Vec<String> = needed.into_iter().filter_map(fault).collect();
    let holds = |without: &Without<S>| {
        page.trials
            .iter()
            .find(|trial| trial.without == *without)
            .and_then(|t| t.holds)
    };
    html! {
        @match (needed.as_slice(), idle.len()) {
            ([], 0) => (in_force(page, model)),
            ([], _) => {
                @match holds(&Without::Faults) {
                    Some(true) => "No fault by itself: leave out any one, and the claim is still violated; leave out all, and it holds.",
                    _ => "None of the faults: leave them all out, and the claim is still violated.",
                }
            },
            ([one], _) => { strong { (one) } ": leave it out, and the claim holds." },
            (several, _) => {
                @for (place, one) in several.iter().take(NAMED_MAX).enumerate() {
                    @if place > 0 { (if place + 1 == several.len() { " and " } else { ", " }) }
                    strong { (one) }
                }
                @if several.len() > NAMED_MAX { " and " (several.len() - NAMED_MAX) " more" }
                ": leave out any one of them, and the claim holds."
            }
        }
        @if holds(&Without::Bug) == Some(true) {
            (if needed.is_empty() { " Without the planted bug it holds." } else { " Without the planted bug it holds as well." })
        }
        @if holds(&Without::Bug) == Some(false) { " The planted bug is not to blame: without it the claim is violated too." }
        @if !idle.is_empty() && !needed.is_empty() {
            " The other " (if idle.len() == 1 { "fault makes".to_owned() } else { format!("{} faults make", idle.len()) })
            " no difference."
        }
    }
}

/// The faults in force between the first evidence and the verdict.
fn in_force<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let Some(violation) = page.run.violations.first() else {
        return html! {};
    };
    let records = &page.run.history.records;
    let began = violation
        .evidence
        .iter()
        .filter_map(|index| records.get(*index))
        .map(|record| record.at_ms)
        .min();
    let from_ms = began.unwrap_or(violation.at_ms);
    let spans: Vec<_> = (model.faults.iter())
        .filter(|span| span.from_ms <= violation.at_ms && span.to_ms >= from_ms)
        .collect();
    html! {
        @if spans.is_empty() { "No fault was in force meanwhile." }
        @else {
            "In force meanwhile: "
            @for (place, span) in spans.iter().take(NAMED_MAX).enumerate() {
                @if place > 0 { ", " }
                strong { (span.fault) } " (from " (seconds(span.from_ms)) ", for "
                (duration(span.to_ms - span.from_ms)) ")"
            }
            @if spans.len() > NAMED_MAX { " and " (spans.len() - NAMED_MAX) " more" }
            "."
        }
    }
}
