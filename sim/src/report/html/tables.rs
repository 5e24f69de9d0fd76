//! The lists below the timeline: the story, the trials, the claims, the marks, the plan.

use super::{FailurePage, Without, frame};
use crate::report::{
    duration,
    row::{Row, Tone},
    seconds,
    story::Story,
};
use maud::{Markup, html};

/// The story in rows, as `squall replay` tells it. The filter works here, too.
pub(super) fn story(page: &FailurePage<'_>) -> Markup {
    let story = Story {
        history: &page.run.history,
        violations: &page.run.violations,
        log: &[],
        brief: true,
    };
    let (rows, left_out) = story.short_rows();
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
            nested,
            what,
            outcome,
            tone,
            evidence,
            kind,
            ..
        } => {
            let class = class(*tone);
            html! {
                tr class={ "item " (class) @if *evidence { " marked" } } data-kind=[*kind] data-who=(who) {
                    td { (frame::moment(*at_ms)) }
                    td { (who) }
                    td class=[nested.then_some("nested")] { @if *evidence { span class="sign" { "✗ " } } (what) }
                    td { span class={ "out " (class) } { (outcome) } }
                }
            }
        }
        Row::Rule {
            at_ms,
            what,
            repairs,
            turns,
            evidence,
        } => html! {
            tr class={ "item rule" @if *repairs || *turns { " repair" } @if *evidence { " marked" } } data-kind="fault" {
                td { (frame::moment(*at_ms)) }
                td colspan="3" { (super::sign(*repairs, *turns)) " " (what) }
            }
        },
        Row::More { count, until_ms } => html! {
            tr class="more" { td {} td {} td colspan="2" { "⋮ and " (count) " more like it, the last at " (seconds(*until_ms)) } }
        },
        Row::Log { at_ms, host, text } => html! {
            tr class="item log" data-who=(host) { td { (frame::moment(*at_ms)) } td { (host) } td colspan="2" { code { (text) } } }
        },
        Row::Broken { at_ms, what } => html! {
            tr class="broken" { td { (frame::moment(*at_ms)) } td colspan="3" { "✗ " (what) } }
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

/// What became of the plan with something left out.
pub(super) fn trials(page: &FailurePage<'_>) -> Markup {
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
                                            @if let Some(aim) = &timed.after { ", " (aim) }
                                        },
                                        Without::Faults => "any fault",
                                        Without::Plant => "the planted bug",
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

/// Every claim that judged the run.
pub(super) fn claims(page: &FailurePage<'_>) -> Markup {
    let broken = |name: &str| page.run.violations.iter().any(|violation| violation.property == name);
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
                                        @if broken(&claim.name) { span class="verdict bad" { "✗ violated" } }
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

/// What the scenario is for, and how often the service said what.
pub(super) fn marks(page: &FailurePage<'_>) -> Markup {
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
pub(super) fn plan(page: &FailurePage<'_>) -> Markup {
    let text = page.run.plan.to_text();
    html! {
        section {
            h2 { "The plan" }
            p class="note" { "Save it as a file, edit it, and run: cargo squall replay FILE" @if page.plant.is_some() { " --plant BUG" } }
            details {
                summary { (page.run.plan.operations.len()) " operations, " (page.run.plan.faults.len()) " faults, "
                    (duration(page.run.plan.lasts_ms)) }
                button type="button" class="js" data-copy-from="plan" { "Copy the plan" }
                pre id="plan" tabindex="0" { (text) }
            }
        }
    }
}

/// What identifies the run.
pub(super) fn small_print(page: &FailurePage<'_>) -> Markup {
    html! {
        footer {
            p { "Fingerprint " code { (page.run.fingerprint) } ". Every time is simulated. Names, addresses and codes are made up; "
                "codes, sessions and flows are shown by the first digits of their hashes." }
        }
    }
}
