//! The durations of operations over simulated time, on a logarithmic scale.

use super::{bar::Status, model::Model, percent};
use crate::{
    report::{duration, seconds},
    service::Service,
};
use maud::{Markup, html};

const HEIGHT_PX: usize = 132;
/// The grid lines of the scale, milliseconds: powers of ten from 1 ms to 100 s.
const DECADES: [u64; 6] = [1, 10, 100, 1000, 10_000, 100_000];

/// The labels of the grid lines.
pub(super) fn names<S: Service>(_: &Model<S>) -> Markup {
    html! {
        div class="name scale" style=(format!("height:{HEIGHT_PX}px")) data-lane="latency" data-group="latency" {
            @for ms in DECADES { span style=(format!("top:{}px", y(ms))) { (scale(ms)) } }
        }
    }
}

fn scale(ms: u64) -> String {
    match ms {
        1000.. => format!("{} s", ms / 1000),
        _ => format!("{ms} ms"),
    }
}

/// A dot for each operation that counts as latency, at its end.
pub(super) fn lane<S: Service>(model: &Model<S>) -> Markup {
    let lasts = model.lasts_ms;
    html! {
        svg class="lane latency" height=(HEIGHT_PX) data-lane="latency" data-group="latency" role="img" aria-label="Latency of operations over simulated time" {
            rect class="stripe" width="100%" height="100%" {}
            @for ms in DECADES { line class="grid" x1="0" x2="100%" y1=(y(ms)) y2=(y(ms)) {} }
            @for bar in model.bars().filter(|bar| bar.is_timed) {
                @let took = bar.to_ms - bar.from_ms;
                @let (x, at) = (percent(bar.to_ms, lasts), y(took));
                g class={ "item " (bar.status.class()) @if bar.evidence.is_some() { " marked" } } data-kind=(bar.kind) data-at=(bar.to_ms) data-who=(bar.who) {
                    title { (bar.who) " " (bar.what) ": " (bar.outcome) ", ended at " (seconds(bar.to_ms)) }
                    @match bar.status {
                        Status::Done => circle class="dot done" cx=(x) cy=(at) r="2.5" {},
                        Status::NotDone => text class="dot notdone" x=(x) y=(at + 4) text-anchor="middle" { "×" },
                        Status::Unknown => circle class="dot unknown" cx=(x) cy=(at) r="3.5" {},
                    }
                }
            }
            text class="label dim" x="4" y="12" { "longest: " (duration(model.bars().filter(|bar| bar.is_timed).map(|bar| bar.to_ms - bar.from_ms).max().unwrap_or(0))) }
        }
    }
}

/// Distance from the top, pixels. Computed with integers, and linear between powers of two.
fn y(ms: u64) -> usize {
    let ms = ms.clamp(1, 100_000);
    let whole = u64::from(ms.ilog2());
    let part = ((ms * 1000) >> whole) - 1000;
    let log = whole * 1000 + part; // thousandths, up to about 16,500
    let room = HEIGHT_PX - 16;
    HEIGHT_PX - 8 - (log as usize * room / 16_530)
}
