//! The lists below the timeline: the story, the trials, the claims, the marks, the plan.

use super::{FailurePage, Without, frame};
use crate::{
    plan::Stamp,
    report::{change::ChangeKind, duration, row::Row, seconds, story::Story},
    service::{Service, Tone},
};
use maud::{Markup, html};

/// The story in rows, as `replay` shows it. The filter applies to it too.
pub(super) fn story<S: Service>(page: &FailurePage<'_, S>) -> Markup {
    let (rows, left_out) = Story::of(page.run).short_rows();
    html! {
        section {
            h2 { "The story" }
            div class="wide" tabindex="0" role="region" aria-label="The story; scrolls sideways" {
                table class="story" id="story" {
                    thead { tr { th { "Time" } th { "Who" } th { "What" } th { "Outcome" } } }
                    tbody { @for row in &rows { (story_row(row)) } }
                }
            }
            @for note in left_out { p class="note" { (note) } }
        }
    }
}

fn story_row(row: &Row) -> Markup {
    match row {
        Row::Step {
            at_ms,
            who,
            is_nested,
            what,
            outcome,
            tone,
            is_evidence,
            kind,
            ..
        } => {
            let class = class(*tone);
            html! {
                tr class={ "item " (class) @if *is_evidence { " marked" } } data-kind=[kind.as_deref()] data-who=(who) {
                    td { (frame::moment(*at_ms)) }
                    td { (who) }
                    td class=[is_nested.then_some("nested")] { @if *is_evidence { span class="sign" { "✗ " } } (what) }
                    td { span class={ "out " (class) } { (outcome) } }
                }
            }
        }
        Row::Change {
            at_ms,
            what,
            kind,
            is_evidence,
        } => html! {
            tr class={ "item change" @if *kind != ChangeKind::Fault { " repair" } @if *is_evidence { " marked" } } data-kind="fault" {
                td { (frame::moment(*at_ms)) }
                td colspan="3" { (super::sign(*kind)) " " (what) }
            }
        },
        Row::More { count, until_ms } => html! {
            tr class="more" { td {} td {} td colspan="2" { "⋮ and " (count) " more like it, the last at " (seconds(*until_ms)) } }
        },
        Row::Log { at_ms, host, text } => html! {
            tr class="item log" data-who=(host) { td { (frame::moment(*at_ms)) } td { (host) } td colspan="2" { code { (text) } } }
        },
        Row::Violated { at_ms, what } => html! {
            tr class="violated" { td { (frame::moment(*at_ms)) } td colspan="3" { "✗ " (what) } }
        },
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "done",
        Tone::Bad => "notdone",
        Tone::Unsure => "unknown",
        Tone::Plain => "",
    }
}

/// The results of the plan with something left out.
pub(super) fn trials<S: Service>(page: &FailurePage<'_, S>) -> Markup {
    if page.trials.is_empty() {
        return html! {};
    }
    let property = page
        .run
        .violations
        .first()
        .map_or("the claim", |violation| &violation.property);
    html! {
        section {
            h2 { "What if" }
            p class="note" { "The same plan, performed again with one thing left out. Chance events may fall differently, too." }
            div class="wide" {
                table {
                    thead { tr { th { "Without" } th { (property) } } }
                    tbody {
                        @for trial in page.trials {
                            tr {
                                td {
                                    @match &trial.without {
                                        Without::Fault(timed) => {
                                            (frame::moment(timed.at_ms)) " " (timed.fault)
                                            @if let Some(trigger) = &timed.after { ", " (trigger) }
                                        },
                                        Without::Faults => "any fault",
                                        Without::Bug => "the planted bug",
                                    }
                                }
                                td {
                                    @match trial.holds {
                                        Some(true) => span class="verdict good" { "✓ holds: it is needed" },
                                        Some(false) => span class="verdict bad" { "✗ violated all the same" },
                                        None => span { "could not be performed" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every property by which the run was judged.
pub(super) fn claims<S: Service>(page: &FailurePage<'_, S>) -> Markup {
    let is_violated = |name: &str| page.run.violations.iter().any(|violation| violation.property == name);
    html! {
        @if !page.claims.is_empty() {
            section {
                h2 { "Claims" }
                div class="wide" {
                    table {
                        thead { tr { th { "Property" } th { "Claim" } th { "Verdict" } } }
                        tbody {
                            @for claim in page.claims {
                                tr {
                                    td { (claim.name) }
                                    td { (claim.claim) }
                                    td {
                                        @if is_violated(&claim.name) { span class="verdict bad" { "✗ violated" } }
                                        @else { span class="verdict good" { "✓ held" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The marks of the scenario, and those that the service and the world set, with counts.
pub(super) fn marks<S: Service>(page: &FailurePage<'_, S>) -> Markup {
    html! {
        section {
            h2 { "Marks" }
            div class="wide" {
                table {
                    thead { tr { th { "Mark" } th class="number" { "In this run" } } }
                    tbody {
                        @for (mark, reached) in page.marks {
                            tr { td { (mark) } td class="number" { (if *reached { "✓ reached" } else { "not reached" }) } }
                        }
                        @for (mark, count) in &page.run.marks {
                            tr { td class="dim" { (mark) } td class="number" { (count) " ×" } }
                        }
                    }
                }
            }
        }
    }
}

/// The plan, as a file.
pub(super) fn plan<S: Service>(page: &FailurePage<'_, S>) -> Markup {
    let stamp = Stamp {
        bug: page.bug.map(|(name, _)| name),
        build: page.build,
    };
    let text = page.run.plan.stamped(stamp).to_text();
    html! {
        section {
            h2 { "The plan" }
            p class="note" { "Save it as a file, edit it, and run: " (page.command) " replay FILE" }
            details {
                summary { (page.run.plan.operations.len()) " operations, " (page.run.plan.faults.len()) " faults, "
                    (duration(page.run.plan.lasts_ms)) }
                button type="button" class="js" data-copy-from="plan" { "Copy the plan" }
                pre id="plan" tabindex="0" { (text) }
            }
        }
    }
}

/// The data that identify the run.
pub(super) fn small_print<S: Service>(page: &FailurePage<'_, S>) -> Markup {
    html! {
        footer {
            p { "Fingerprint " code { (page.run.fingerprint) } @if let Some(build) = page.build { ", build " code { (build) } } ". Every time is simulated. Names and addresses are made up; secrets are shown "
                "by the first digits of their hashes." }
        }
    }
}
