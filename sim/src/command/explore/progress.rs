//! The progress bar of a sweep.

use super::Args;
use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on standard error if that is a terminal. It is drawn at once.
pub(super) fn bar(scenarios: usize, args: &Args) -> ProgressBar {
    let (length, unit) = match args.lasts_at_most() {
        Some(lasts) => (lasts.as_secs(), "s"),
        None => {
            let seeds = args.seeds.map_or(0, |seeds| seeds.count());
            let runs = seeds.saturating_mul(scenarios as u64);
            (runs / args.shard.map_or(1, |shard| shard.of), "runs")
        }
    };
    let style = ProgressStyle::with_template(&format!("{{bar:32}} {{pos}}/{{len}} {unit}  {{msg}}"));
    let bar = ProgressBar::new(length);
    bar.set_style(style.expect("the template is a constant"));
    bar.set_message("preparing");
    bar.tick();
    bar
}
