//! The whole run in one strip: the numbers of outcomes, and the times when faults were in force.

use super::{FailurePage, bar::Status, model::Model, percent, width};
use crate::service::Service;
use maud::{Markup, html};

const BINS: u64 = 120;
const HEIGHT_PX: usize = 46;

/// The strip. With JavaScript it shows and moves the visible part of the timeline.
pub(super) fn section<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    let bin_ms = model.lasts_ms.div_ceil(BINS).max(1);
    let mut bins = vec![[0usize; 3]; BINS as usize + 1];
    for bar in model.honest().filter(|bar| !bar.is_compound) {
        bins[(bar.to_ms / bin_ms).min(BINS) as usize][bar.status as usize] += 1;
    }
    let most = bins
        .iter()
        .map(|bin| bin.iter().sum::<usize>())
        .max()
        .unwrap_or(0)
        .max(1);
    let tall = |count: usize| (count * (HEIGHT_PX - 6)).div_ceil(most);
    html! {
        section class="overview" aria-label="The whole run" {
            svg class="strip" id="strip" height=(HEIGHT_PX) width="100%" role="img"
                aria-label="Operations that ended, over the whole run, with faults and violations" {
                rect class="stripe" width="100%" height="100%" {}
                @for span in &model.faults {
                    rect class="fault faint" x=(percent(span.from_ms, model.lasts_ms)) y="0" height=(HEIGHT_PX)
                        width=(width(span.from_ms, span.to_ms, model.lasts_ms)) {}
                }
                @for (place, bin) in bins.iter().enumerate() {
                    @let at = percent(place as u64 * bin_ms, model.lasts_ms);
                    @let wide = width(0, bin_ms * 8 / 10, model.lasts_ms);
                    @let done = tall(bin[Status::Done as usize]);
                    @let notdone = tall(bin[Status::NotDone as usize]);
                    @let unknown = tall(bin[Status::Unknown as usize]);
                    @if done > 0 { rect class="bar done" x=(at) width=(wide) y=(HEIGHT_PX - done) height=(done) {} }
                    @if notdone > 0 { rect class="bar notdone" x=(at) width=(wide) y=(HEIGHT_PX - done - notdone) height=(notdone) {} }
                    @if unknown > 0 { rect class="bar unknown" x=(at) width=(wide) y=((HEIGHT_PX - done - notdone).saturating_sub(unknown)) height=(unknown) {} }
                }
                @for violation in &page.run.violations {
                    @let x = percent(violation.at_ms, model.lasts_ms);
                    line class="violated" x1=(x) x2=(x) y1="0" y2=(HEIGHT_PX) {}
                }
                rect class="view" id="view" y="1" height=(HEIGHT_PX - 2) x="0%" width="100%" {}
            }
            p class="caption" { "The whole run, 0 to " (model.lasts_ms / 1000) " s: operations that ended, without those of attackers, stacked by outcome; shaded while a fault was in force." }
        }
    }
}
