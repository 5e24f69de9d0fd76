//! `bugs --sweeps N`: the table of the searches.

use super::{
    super::table,
    sweeps::{Method, Search},
};
use crate::report::Look;
use comfy_table::{Cell, Table};
use std::collections::BTreeMap;

/// Medians for one bug and one method: runs, and processor time. A sweep that missed the bug counts as longer than all
/// others.
struct Medians {
    runs: Option<u64>,
    cpu_seconds: Option<f64>,
    found: usize,
    of: usize,
}

impl Medians {
    fn of(searches: &[&Search]) -> Medians {
        let mut found: Vec<(u64, f64)> = (searches.iter())
            .filter_map(|search| Some((search.runs?, search.cpu_seconds)))
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1));
        let middle = (searches.len().max(1) - 1) / 2;
        let cpu_seconds = found.get(middle).map(|(_, cpu)| *cpu);
        found.sort_by_key(|(runs, _)| *runs);
        Medians {
            runs: found.get(middle).map(|(runs, _)| *runs),
            cpu_seconds,
            found: found.len(),
            of: searches.len(),
        }
    }

    fn cells(&self) -> [String; 2] {
        match (self.runs, self.cpu_seconds) {
            (Some(runs), Some(cpu)) if self.found < self.of => {
                [format!("{runs} ({} of {})", self.found, self.of), format!("{cpu:.1}")]
            }
            (Some(runs), Some(cpu)) => [runs.to_string(), format!("{cpu:.1}")],
            _ => [format!("({} of {})", self.found, self.of), "-".into()],
        }
    }
}

/// A table with rows for bugs and columns for methods: median runs and processor time until the detection.
fn medians(look: &Look, searches: &[Search], methods: &[Method]) -> Table {
    let mut headings = vec!["planted bug".to_owned()];
    for method in methods {
        headings.extend([format!(">{}: runs", method.label()), ">CPU s".to_owned()]);
    }
    headings.push("in the swarm by".into());
    let mut bugs: Vec<&str> = searches.iter().map(|search| search.bug).collect();
    bugs.dedup();
    let of = |bug: &str, method: Method| -> Vec<&Search> {
        searches
            .iter()
            .filter(|search| search.bug == bug && search.method == method)
            .collect()
    };
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = table::new(look, &headings);
    for bug in bugs {
        let mut row = vec![bug.to_owned()];
        for method in methods {
            row.extend(Medians::of(&of(bug, *method)).cells());
        }
        let mut by: BTreeMap<&str, usize> = BTreeMap::new();
        for search in of(bug, Method::Swarm) {
            *by.entry(search.by.as_deref().unwrap_or("")).or_default() += 1;
        }
        by.remove("");
        let most = by.into_iter().max_by_key(|(_, times)| *times);
        row.push(most.map_or(String::new(), |(property, _)| property.to_owned()));
        table.add_row(row.into_iter().map(Cell::new));
    }
    table
}

/// The table for people.
pub(super) fn text(look: &Look, searches: &[Search], methods: &[Method]) -> String {
    let table = medians(look, searches, methods);
    format!("{table}\n{}", summary(searches, methods))
}

/// The same as Markdown.
pub(super) fn markdown(searches: &[Search], methods: &[Method]) -> String {
    let table = table::markdown(&medians(&Look::PLAIN, searches, methods));
    format!("{table}\n{}", summary(searches, methods))
}

/// For each method, the number of sweeps that detect their bug, and the cost of a detection.
fn summary(searches: &[Search], methods: &[Method]) -> String {
    let mut text = String::new();
    for method in methods {
        let of: Vec<&Search> = searches.iter().filter(|search| search.method == *method).collect();
        let found = of.iter().filter(|search| search.runs.is_some()).count();
        let cpu: f64 = of.iter().map(|search| search.cpu_seconds).sum();
        let each = cpu / found.max(1) as f64;
        text.push_str(&format!(
            "{}: {found} of {} sweeps detect the bug; {each:.1} s of CPU for each detection (sweeps that missed it included)\n",
            method.label(),
            of.len()
        ));
    }
    for search in searches.iter().filter(|search| search.error.is_some()) {
        let what = search.error.as_deref().unwrap_or_default();
        text.push_str(&format!("{} ({}): {what}\n", search.bug, search.method.label()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(runs: &[Option<u64>]) -> Vec<Search> {
        let search = |(n, runs): (usize, &Option<u64>)| Search {
            bug: "same_ticket_twice",
            method: Method::Swarm,
            from_seed: n as u64,
            runs: *runs,
            cpu_seconds: runs.unwrap_or(200) as f64 / 4.0,
            by: runs.map(|_| "TicketPrintedOnce".to_owned()),
            error: None,
        };
        runs.iter().enumerate().map(search).collect()
    }

    #[test]
    fn a_sweep_that_missed_is_longer_than_any() {
        let cells = |runs: &[Option<u64>]| Medians::of(&searched(runs).iter().collect::<Vec<_>>()).cells();
        assert_eq!(cells(&[Some(8), Some(2), Some(4)]), ["4", "1.0"]);
        assert_eq!(cells(&[None, Some(2), Some(4)]), ["4 (2 of 3)", "1.0"]);
        assert_eq!(cells(&[None, Some(2), None]), ["(1 of 3)", "-"]);
        assert_eq!(cells(&[None]), ["(0 of 1)", "-"]);
    }

    #[test]
    fn the_table_is_one_for_people_and_for_files() {
        let searches = searched(&[Some(3), Some(5), None]);
        insta::assert_snapshot!(markdown(&searches, &[Method::Swarm]), @r"
        | planted bug | swarm: runs | CPU s | in the swarm by |
        | --- | --- | --- | --- |
        | same_ticket_twice | 5 (2 of 3) | 1.2 | TicketPrintedOnce |

        swarm: 2 of 3 sweeps detect the bug; 26.0 s of CPU for each detection (sweeps that missed it included)
        ");
        assert!(text(&Look::PLAIN, &searches, &[Method::Swarm]).contains("5 (2 of 3)"));
    }
}
