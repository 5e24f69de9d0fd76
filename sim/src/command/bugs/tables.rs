//! The tables of `bugs`.

use super::{Conclusion, Trial, table};
use crate::{report::Look, shrink::Size};
use comfy_table::{Cell, Table};

/// The result for each bug.
pub(super) fn trials(look: &Look, trials: &[Trial]) -> String {
    format!("{}\n{}", outcomes(look, trials), summary(trials))
}

/// The same as Markdown.
pub(super) fn trials_markdown(trials: &[Trial]) -> String {
    format!(
        "{}\n{}",
        table::markdown(&outcomes(&Look::PLAIN, trials)),
        summary(trials)
    )
}

fn outcomes(look: &Look, trials: &[Trial]) -> Table {
    let headings = [
        "planted bug",
        "scenario",
        "by property",
        ">seeds",
        ">CPU s",
        "also violated",
        "verdict",
    ];
    let mut table = table::new(look, &headings);
    for trial in trials {
        table.add_row([
            Cell::new(trial.bug),
            Cell::new(trial.scenario),
            Cell::new(trial.expected),
            Cell::new(trial.seeds),
            Cell::new(format!("{:.2}", trial.cpu_seconds)),
            Cell::new(trial.also.iter().cloned().collect::<Vec<_>>().join(", ")),
            table::judged(trial.verdict(), trial.conclusion()),
        ]);
    }
    table
}

fn summary(trials: &[Trial]) -> String {
    let detected = trials
        .iter()
        .filter(|trial| trial.conclusion() == Conclusion::Held)
        .count();
    format!(
        "{detected} of {} detected; CPU time is that of the thread, up to the detection.",
        table::count(trials.len(), "planted bug")
    )
}

/// The sizes of the shrunk plans, and their medians.
pub(super) fn small_plans(look: &Look, trials: &[Trial]) -> String {
    let headings = [
        "planted bug",
        ">faults",
        ">repairs",
        ">operations",
        ">s",
        ">runs",
        ">CPU s",
        "shape",
    ];
    let mut table = table::new(look, &headings);
    let small = || trials.iter().filter_map(|trial| Some((trial, trial.shrunk.as_ref()?)));
    for (trial, shrunk) in small() {
        let size = &shrunk.size;
        table.add_row([
            Cell::new(trial.bug),
            Cell::new(size.faults),
            Cell::new(size.repairs),
            Cell::new(size.operations),
            Cell::new(size.lasts_ms as f64 / 1000.0),
            Cell::new(match shrunk.finished {
                true => shrunk.runs.to_string(),
                false => format!("{} (all)", shrunk.runs),
            }),
            Cell::new(format!("{:.1}", shrunk.cpu_seconds)),
            Cell::new(&shrunk.shape),
        ]);
    }
    let median = |of: fn(&Size) -> usize| {
        let mut sizes: Vec<usize> = small().map(|(_, shrunk)| of(&shrunk.size)).collect();
        sizes.sort_unstable();
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    };
    format!(
        "{table}\nMedian of the small plans: {}, {}. An operation is one `[[operation]]` of a plan, with all its steps.",
        table::count(median(|size| size.faults), "fault"),
        table::count(median(|size| size.operations), "operation"),
    )
}
