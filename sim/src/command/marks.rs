//! `--marks`: the number of runs that reached each mark.

use super::{Conclusion, summary::ScenarioSummary, table};
use crate::report::Look;
use comfy_table::Cell;
use serde::Serialize;

/// A mark of a scenario.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    scenario: &'a str,
    mark: &'a str,
    /// Runs that reached it.
    reached: usize,
    /// Runs that could have reached it.
    of: usize,
    /// The number of runs after which an unreached mark counts as not reached.
    counts_from: usize,
}

/// All marks, by scenario.
pub(crate) fn rows(summaries: &[ScenarioSummary]) -> impl Iterator<Item = Row<'_>> {
    summaries.iter().flat_map(|summary| {
        summary.marks.iter().map(|(mark, reached)| Row {
            scenario: summary.scenario,
            mark,
            reached: *reached,
            of: summary.runs,
            counts_from: summary.marks_count_from.get(mark).copied().unwrap_or(1),
        })
    })
}

/// The table.
pub(crate) fn text(look: &Look, summaries: &[ScenarioSummary]) -> String {
    let mut table = table::new(look, &["scenario", "mark", ">reached", ">counts from"]);
    for row in rows(summaries) {
        let reached = format!(
            "in {} of {}",
            table::thousands(row.reached as u64),
            table::count(row.of, "run")
        );
        let judged = match row.reached {
            0 => Conclusion::Inconclusive,
            _ => Conclusion::Held,
        };
        table.add_row([
            Cell::new(row.scenario),
            Cell::new(row.mark),
            table::judged(reached, judged),
            Cell::new(table::count(row.counts_from, "run")),
        ]);
    }
    format!("{table}\n")
}
