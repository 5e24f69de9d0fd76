//! Zoom, filter and legend of the timeline.

use super::{FailurePage, model::Model};
use crate::service::{MarkSpan, Service};
use maud::{Markup, html};

/// The form above the timeline. It needs the script, and is hidden without it.
pub(super) fn zoom_and_filter<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let outcomes = [
        ("", "any outcome"),
        ("done", "done"),
        ("notdone", "not done"),
        ("unknown", "unknown"),
    ];
    html! {
        form class="controls js" id="controls" aria-label="Zoom and filter" {
            span class="group" {
                button type="button" data-zoom="in" aria-label="Zoom in" { "+" }
                button type="button" data-zoom="out" aria-label="Zoom out" { "−" }
                button type="button" data-zoom="all" { "Whole run" }
                @if !page.run.violations.is_empty() { button type="button" data-zoom="evidence" { "Evidence" } }
            }
            label { span { "Filter" } input type="search" name="filter" placeholder="host, person or word" autocomplete="off"; }
            label { span { "Who" } select name="who" {
                option value="" { "anybody" }
                @for lane in model.hosts.iter().chain(&model.involved).chain(&model.others) {
                    option value=(lane.name) { (lane.name) }
                }
            } }
            label { span { "Kind" } select name="kind" {
                option value="" { "any kind" }
                @for kind in &model.kinds { option value=(kind) { (kind.replace('-', " ")) } }
                option value="fault" { "faults and changes" }
            } }
            label { span { "Outcome" } select name="outcome" {
                @for (value, text) in outcomes { option value=(value) { (text) } }
            } }
            @if !model.others.is_empty() && !model.involved.is_empty() {
                label class="check" { input type="checkbox" name="all"; span { "Everybody" } }
            }
            @if !page.run.messages.is_empty() {
                label class="check" { input type="checkbox" name="messages"; span { "Messages" } }
                label class="check" { input type="checkbox" name="routine"; span { "and pings" } }
            }
        }
    }
}

/// The legend. Shapes never differ only by colour.
pub(super) fn legend<S: Service>(model: &Model<S>) -> Markup {
    let glyph = |class: &str| {
        html! {
            svg class="key" width="18" height="14" aria-hidden="true" {
                @match class {
                    "done" => rect class="bar done" x="2" y="1" width="12" height="12" {},
                    "notdone" => { rect class="bar notdone" x="2" y="7" width="12" height="6" {} text class="glyph notdone" x="4" y="7" { "×" } },
                    _ => rect class="bar unknown" x="2" y="1" width="12" height="12" {},
                }
            }
        }
    };
    html! {
        p class="legend" {
            span { (glyph("done")) "done" }
            span { (glyph("notdone")) "not done: low, ×" }
            span { (glyph("unknown")) "unknown: hollow" }
            @if !model.faults.is_empty() {
                span { svg class="key" width="18" height="14" aria-hidden="true" { rect class="fault" x="1" y="1" width="16" height="12" {} } "fault in force" }
            }
            span { svg class="key" width="18" height="14" aria-hidden="true" { rect class="state master" x="1" y="3" width="16" height="8" {} } "Redis master" }
            span { svg class="key" width="18" height="14" aria-hidden="true" { rect class="state ready" x="1" y="5" width="16" height="4" {} } "port open" }
            @for MarkSpan { label, .. } in S::MARK_SPANS {
                span { svg class="key" width="18" height="14" aria-hidden="true" { rect class="state claimed" x="1" y="5" width="16" height="4" {} } (label) ", it says" }
            }
            @if !model.numbers.is_empty() { span { span class="badge" { "①" } " evidence" } }
        }
    }
}
