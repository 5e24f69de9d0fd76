//! The timeline: a lane for each fault, host and person.
//!
//! Each lane is a drawing of its own whose horizontal positions are percentages of the run. Zooming makes the canvas
//! wider, and panning scrolls.

use super::{
    FailurePage, Without,
    bar::{Bar, Status, Tick},
    controls, evidence, latency,
    model::{Lane, Model},
    percent,
    span::{FaultSpan, State, StateKind},
    width,
};
use crate::{
    report::{seconds, words},
    service::Service,
};
use maud::{Markup, html};

/// Heights, CSS pixels.
const FAULT_PX: usize = 20;
const HOST_PX: usize = 24;
const BAR_PX: usize = 12;
const HEADING_PX: usize = 24;
/// Possible distances of ticks on the axis, milliseconds. The first one with at most [`TICKS_MAX`] ticks is used.
const STEPS_MS: [u64; 9] = [1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 300_000, 600_000];
const TICKS_MAX: u64 = 12;

/// The section of the timeline: controls, names, lanes.
pub(super) fn section<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let window = evidence::window(page, model);
    html! {
        section class="timeline" aria-label="Timeline" {
            h2 { "Timeline" }
            (controls::zoom_and_filter(page, model))
            (controls::legend(model))
            div class="chart" id="chart" data-lasts=(model.lasts_ms)
                data-from=[window.map(|(from, _)| from)] data-to=[window.map(|(_, to)| to)] {
                div class="names" { (names(model)) }
                div class="scroll" tabindex="0" role="region" aria-label="Timeline; scrolls sideways" {
                    div class="canvas" {
                        (axis(model))
                        div class="lanes" {
                            (bands(page, model))
                            (lanes(page, model))
                            svg class="arrows" aria-hidden="true" {}
                        }
                        (axis(model))
                    }
                }
            }
            p class="status js" role="status" aria-live="polite" {}
            noscript { p class="note" { "Without JavaScript the whole run is shown; zoom, filter and messages need it." } }
        }
    }
}

/// The lanes in groups: heading, name of the group, lanes.
fn groups<S: Service>(model: &Model<S>) -> [(&'static str, &'static str, Vec<&Lane>); 3] {
    let people = if model.involved.is_empty() {
        ""
    } else {
        "In the evidence"
    };
    let others = if model.involved.is_empty() {
        "People"
    } else {
        "Everybody else"
    };
    [
        ("Hosts", "hosts", model.hosts.iter().collect()),
        (people, "involved", model.involved.iter().collect()),
        (others, "others", model.others.iter().collect()),
    ]
}

fn names<S: Service>(model: &Model<S>) -> Markup {
    let heading =
        |text: &str, group: &str| html! { div class="heading" style=(px(HEADING_PX)) data-group=(group) { (text) } };
    html! {
        div class="axis" {}
        @if !model.faults.is_empty() { (heading("Faults", "faults")) }
        @for (place, span) in model.faults.iter().enumerate() {
            div class="name" style=(px(FAULT_PX)) data-lane=(format!("fault {place}")) data-group="faults" { (short(span)) }
        }
        @for (text, group, lanes) in groups(model) {
            @if !lanes.is_empty() {
                (heading(text, group))
                @for lane in lanes {
                    div class="name" style=(px(height(lane))) data-lane=(lane.name) data-group=(group) hidden[lane.is_quiet] { (lane.name) @if lane.attacks { span class="dim" { " attacks" } } }
                }
                @if group == if model.involved.is_empty() { "hosts" } else { "involved" } {
                    (heading("Latency", "latency"))
                    (latency::names(model))
                }
            }
        }
        div class="axis" {}
    }
}

fn lanes<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let heading = |group: &str| html! { div class="heading" style=(px(HEADING_PX)) data-group=(group) {} };
    html! {
        @if !model.faults.is_empty() { (heading("faults")) }
        @for (place, span) in model.faults.iter().enumerate() {
            (fault_lane(page, model, place, span))
        }
        @for (_, group, lanes) in groups(model) {
            @if !lanes.is_empty() {
                (heading(group))
                @for lane in lanes { (one(model, lane, group)) }
                @if group == if model.involved.is_empty() { "hosts" } else { "involved" } {
                    (heading("latency"))
                    (latency::lane(model))
                }
            }
        }
    }
}

/// Colour bands over all lanes: faults in force, and the times at which properties failed.
fn bands<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    html! {
        @for span in &model.faults {
            i class="band" style=(format!("left:{};width:{}", percent(span.from_ms, model.lasts_ms),
                width(span.from_ms, span.to_ms, model.lasts_ms))) {}
        }
        @for violation in &page.run.violations {
            i class="violated" style=(format!("left:{}", percent(violation.at_ms, model.lasts_ms)))
                title=(format!("{} does not hold, at {}", violation.property, seconds(violation.at_ms))) {}
        }
    }
}

fn axis<S: Service>(model: &Model<S>) -> Markup {
    let step = STEPS_MS
        .into_iter()
        .find(|step| model.lasts_ms / step <= TICKS_MAX)
        .unwrap_or(model.lasts_ms.max(1));
    html! {
        div class="axis ticks" {
            @for at_ms in (0..model.lasts_ms).step_by(step as usize) {
                span style=(format!("left:{}", percent(at_ms, model.lasts_ms))) { (at_ms / 1000) " s" }
            }
        }
    }
}

/// The target of a fault, for the column of names.
fn short<S: Service>(span: &FaultSpan<S>) -> String {
    match span.fault.hosts().as_slice() {
        [] => span.fault.kind().replace('-', " "),
        hosts => hosts.join(" – "),
    }
}

fn fault_lane<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>, place: usize, span: &FaultSpan<S>) -> Markup {
    let lasts = model.lasts_ms;
    let needed = (page.trials.iter()).any(|trial| {
        trial.holds == Some(true)
            && matches!(&trial.without, Without::Fault(timed) if timed.fault == span.fault
                && timed.after == span.after && (timed.after.is_some() || timed.at_ms == span.from_ms))
    });
    let mut label = words::injected(&span.fault, span.in_flight, span.after.as_ref());
    if needed {
        label = format!("◆ {label}: needed for the violation");
    }
    let late = span.from_ms * 2 > lasts;
    let title = format!(
        "{label}: from {}, for {}",
        seconds(span.from_ms),
        evidence::lasted(span.from_ms, span.to_ms)
    );
    html! {
        svg class="lane" height=(FAULT_PX) data-lane=(format!("fault {place}")) data-group="faults" {
            rect class="stripe" width="100%" height="100%" {}
            g class="item" data-kind="fault" data-who=(span.fault.hosts().join(" ")) data-at=(span.from_ms) {
                title { (title) }
                rect class={ "fault" @if needed { " needed" } } x=(percent(span.from_ms, lasts)) y="3" height=(FAULT_PX - 6)
                    width=(width(span.from_ms, span.to_ms, lasts)) {}
                text class={ "label" @if needed { " needed" } } x=(percent(span.from_ms, lasts)) y=(FAULT_PX - 6)
                    data-from=(span.from_ms) data-to=(span.to_ms) dx=(if late { -5 } else { 5 }) text-anchor=[late.then_some("end")] { (label) }
            }
        }
    }
}

fn height(lane: &Lane) -> usize {
    match lane.bars.is_empty() {
        true => HOST_PX,
        false => lane.rows * (BAR_PX + 2) + 12,
    }
}

fn px(height: usize) -> String {
    format!("height:{height}px")
}

fn one<S: Service>(model: &Model<S>, lane: &Lane, group: &str) -> Markup {
    let (lasts, height) = (model.lasts_ms, height(lane));
    html! {
        svg class={ "lane" @if lane.attacks { " attacker" } } height=(height) data-lane=(lane.name) data-group=(group) hidden[lane.is_quiet] {
            rect class="stripe" width="100%" height="100%" {}
            @for state in &lane.states { (state_of(state, height, lasts)) }
            @for span in model.faults.iter().filter(|span| stops(span, &lane.name)) {
                rect class="down" x=(percent(span.from_ms, lasts)) y="2" height=(height - 4)
                    width=(width(span.from_ms, span.to_ms, lasts)) { title { (span.fault) } }
            }
            @for bar in &lane.bars { (bar_of(bar, height, lasts)) }
            @for tick in &lane.ticks { (tick_of(tick, &lane.name, height, lasts)) }
            @for bar in lane.bars.iter().filter(|bar| bar.evidence.is_some()) { (badge(bar.evidence, bar.to_ms, lasts)) }
            @for tick in lane.ticks.iter().filter(|tick| tick.evidence.is_some()) { (badge(tick.evidence, tick.at_ms, lasts)) }
        }
    }
}

/// Whether a fault stops this host, rather than a link to it.
fn stops<S: Service>(span: &FaultSpan<S>, host: &str) -> bool {
    span.fault.hosts() == [host]
}

fn state_of(state: &State, height: usize, lasts: u64) -> Markup {
    let (class, name, y, tall) = match state.kind {
        StateKind::Master => ("master", "master", 5, height - 10),
        StateKind::Replica => ("replica", "replica", 9, height - 18),
        StateKind::Ready => ("ready", "ready", 5, 5),
        StateKind::NotReady => ("notready", "closed", 5, 5),
        StateKind::Claimed(label) => ("claimed", label, height - 9, 5),
    };
    // The position of its text, if it has one.
    let baseline = match state.kind {
        StateKind::Master => Some(height / 2 + 4),
        StateKind::NotReady => Some(11),
        StateKind::Claimed(_) => Some(height - 4),
        StateKind::Replica | StateKind::Ready => None,
    };
    let title = match state.why.as_str() {
        "" => format!("{name}: {} to {}", seconds(state.from_ms), seconds(state.to_ms)),
        why => format!("{name}: {} to {}: {why}", seconds(state.from_ms), seconds(state.to_ms)),
    };
    html! {
        rect class={ "state " (class) } x=(percent(state.from_ms, lasts)) y=(y) height=(tall)
            width=(width(state.from_ms, state.to_ms, lasts)) { title { (title) } }
        @if let Some(baseline) = baseline {
            text class={ "role " (class) } x=(percent(state.from_ms, lasts)) dx="4" data-from=(state.from_ms) data-to=(state.to_ms)
                y=(baseline) { (name) }
        }
    }
}

fn bar_of(bar: &Bar, height: usize, lasts: u64) -> Markup {
    let (top, tall) = match (bar.is_compound, bar.status) {
        (true, _) => (height - 7, 3),
        (false, Status::NotDone) => (4 + bar.row * (BAR_PX + 2) + BAR_PX / 2, BAR_PX / 2),
        (false, _) => (4 + bar.row * (BAR_PX + 2), BAR_PX),
    };
    let title = format!(
        "{} {} ({}), {} to {}",
        bar.who,
        bar.what,
        bar.outcome,
        seconds(bar.from_ms),
        seconds(bar.to_ms)
    );
    html! {
        g class={ "item " (bar.status.class()) @if bar.evidence.is_some() { " marked" } } data-kind=(bar.kind) data-at=(bar.from_ms) {
            title { (title) }
            rect class={ "bar " (bar.status.class()) @if bar.is_compound { " compound" } } x=(percent(bar.from_ms, lasts)) y=(top) height=(tall)
                width=(width(bar.from_ms, bar.to_ms, lasts)) {}
            @if bar.status == Status::NotDone && !bar.is_compound {
                text class="glyph notdone" x=(percent(bar.from_ms, lasts)) y=(top) dx="-2" { "×" }
            }
        }
    }
}

fn tick_of(tick: &Tick, lane: &str, height: usize, lasts: u64) -> Markup {
    let x = percent(tick.at_ms, lasts);
    html! {
        g class={ "item" @if tick.evidence.is_some() { " marked" } } data-kind=[tick.kind.as_deref()] data-at=(tick.at_ms) {
            title { (lane) ": " (tick.what) ", " (seconds(tick.at_ms)) }
            line class={ "tick " (tick.class) } x1=(x) x2=(x) y1="4" y2=(height - 4) {}
        }
    }
}

/// The number of a piece of evidence, at its end.
fn badge(evidence: Option<usize>, at_ms: u64, lasts: u64) -> Markup {
    let n = evidence.unwrap_or_default();
    html! {
        a href=(format!("#e{n}")) aria-label=(format!("Evidence {n}")) {
            svg class="badge" x=(percent(at_ms, lasts)) y="0" overflow="visible" {
                circle cx="9" cy="9" r="7" {}
                text x="9" y="13" text-anchor="middle" { (n) }
            }
        }
    }
}
