//! `bugs --sweeps N`: how long it takes to detect each planted bug, in its own scenario and in the swarm, and what the
//! swarm's methods contribute.

use super::super::{Trouble, fresh, parallel::in_parallel, perform::perform, table};
use crate::{
    guidance::{Guide, signature},
    judge::JudgeOptions,
    report::Look,
    service::Service,
    suite::{PlantedBug, Suite},
};
use comfy_table::Cell;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// Sweeps begin so many seeds apart.
const APART: u64 = 1_000_000;

/// Where and how a bug is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Method {
    /// In the scenario that is meant for it, by the property that is.
    Own,
    /// In the swarm, by any property.
    Swarm,
    /// In the swarm, with every kind of fault in every run and default settings.
    NoSwarm,
    /// In the swarm, every plan drawn from its seed.
    NoGuidance,
}

impl Method {
    fn label(self) -> &'static str {
        match self {
            Method::Own => "own scenario",
            Method::Swarm => "swarm",
            Method::NoSwarm => "--no-swarm",
            Method::NoGuidance => "--no-guidance",
        }
    }
}

/// One search.
struct Task<'a, S: Service> {
    suite: &'a Suite<S>,
    bug: &'a PlantedBug<S>,
    method: Method,
    /// The first seed.
    from: u64,
}

/// One sweep for one bug, and what it found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Search {
    bug: &'static str,
    method: Method,
    from_seed: u64,
    /// Runs up to the detection; `None` if it was missed.
    runs: Option<u64>,
    /// Processor time of all runs.
    cpu_seconds: f64,
    /// By which property.
    by: Option<String>,
    /// What went wrong: the harness, or a claim that does not hold without the bug either.
    pub(super) error: Option<String>,
}

/// Sweeps for each bug, so many and of at most so many seeds, by each of these methods.
pub(super) struct Searches<'a, S: Service> {
    pub(super) suite: &'a Suite<S>,
    pub(super) bugs: &'a [&'a PlantedBug<S>],
    pub(super) methods: &'a [Method],
    pub(super) sweeps: u64,
    /// The first seed of the first sweep.
    pub(super) from: u64,
    pub(super) seeds: u64,
    pub(super) threads: usize,
}

impl<S: Service> Searches<'_, S> {
    /// Performs them all.
    pub(super) fn run(&self) -> Vec<Search> {
        let mut tasks = (0..self.sweeps).flat_map(|nth| {
            let each = self
                .bugs
                .iter()
                .flat_map(|bug| self.methods.iter().map(move |method| (*bug, *method)));
            each.map(move |(bug, method)| Task {
                suite: self.suite,
                bug,
                method,
                from: self.from + nth * APART,
            })
        });
        let mut searches = vec![];
        in_parallel(
            self.threads,
            || tasks.next(),
            |task| search(&task, self.seeds),
            |search| searches.extend(search),
        );
        let place = |search: &Search| self.bugs.iter().position(|bug| bug.name == search.bug);
        searches.sort_by_key(|search| (place(search), search.method, search.from_seed));
        searches
    }
}

fn search<S: Service>(task: &Task<'_, S>, seeds: u64) -> Search {
    let mut search = Search {
        bug: task.bug.name,
        method: task.method,
        from_seed: task.from,
        runs: None,
        cpu_seconds: 0.0,
        by: None,
        error: None,
    };
    if let Err(Trouble(what)) = sweep(task, seeds, &mut search) {
        search.error = Some(what);
    }
    search
}

fn sweep<S: Service>(task: &Task<'_, S>, seeds: u64, search: &mut Search) -> Result<(), Trouble> {
    let (bug, method) = (task.bug, task.method);
    let own = task.suite.find_scenario(bug.scenario)?;
    let scenario = match method {
        Method::Own => own,
        _ => task.suite.swarm().unwrap_or(own),
    };
    let draw = |seed| match method {
        Method::NoSwarm => scenario.plain_plan(seed),
        _ => scenario.plan(seed),
    };
    let mut guide = Guide::new(task.from, matches!(method, Method::Swarm | Method::NoSwarm));
    let (options, mut cpu) = (JudgeOptions::default(), Duration::ZERO);
    for seed in task.from..task.from + seeds {
        guide.begin(seed);
        let ((plan, run), took, _) = fresh::measure(|| {
            let (plan, _) = guide.plan(scenario, seed, draw);
            let run = perform(scenario, &plan, Some(bug), &options);
            (plan, run)
        });
        let run = run?;
        cpu += took;
        search.cpu_seconds = cpu.as_secs_f64();
        let detects = |name: &str| method != Method::Own || name == bug.detected_by;
        let found = run.violations.iter().find(|violation| detects(&violation.property));
        if let Some(violation) = found {
            let without = perform(scenario, &plan, None, &options)?;
            if let Some(same) = (without.violations.iter()).find(|other| other.property == violation.property) {
                return Err(Trouble(format!("violated without the bug too, at seed {seed}: {same}")));
            }
            search.by = Some(violation.property.clone());
            search.runs = Some(seed - task.from + 1);
            return Ok(());
        }
        let failed = !run.violations.is_empty();
        guide.learn(scenario.name(), seed, &plan, signature(&run), failed);
    }
    Ok(())
}

/// Medians for a bug by one method: runs, and processor time. A sweep that missed the bug counts as longer than any other.
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

/// Rows by bug, columns by method.
struct Rows {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn rows(searches: &[Search], methods: &[Method]) -> Rows {
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
    let rows = bugs.iter().map(|bug| {
        let mut row = vec![(*bug).to_owned()];
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
        row
    });
    let rows = rows.collect();
    Rows { headings, rows }
}

/// The table for people: median runs and processor time to the detection.
pub(super) fn text(look: &Look, searches: &[Search], methods: &[Method]) -> String {
    let Rows { headings, rows } = rows(searches, methods);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = table::new(look, &headings);
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    format!("{table}\n{}", summary(searches, methods))
}

/// The same as Markdown.
pub(super) fn markdown(searches: &[Search], methods: &[Method]) -> String {
    let Rows { headings, rows } = rows(searches, methods);
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let plain: Vec<String> = headings
        .iter()
        .map(|text| text.trim_start_matches('>').to_owned())
        .collect();
    let rules: Vec<String> = headings.iter().map(|_| "---".to_owned()).collect();
    let mut text = line(&plain) + &line(&rules);
    for row in rows {
        text.push_str(&line(&row));
    }
    format!("{text}\n{}", summary(searches, methods))
}

/// In how many sweeps each method detects its bug, and what a detection costs.
fn summary(searches: &[Search], methods: &[Method]) -> String {
    let mut text = String::new();
    for method in methods {
        let of: Vec<&Search> = searches.iter().filter(|search| search.method == *method).collect();
        let found = of.iter().filter(|search| search.runs.is_some()).count();
        let cpu: f64 = of.iter().map(|search| search.cpu_seconds).sum();
        let each = cpu / found.max(1) as f64;
        text.push_str(&format!(
            "{}: {found} of {} sweeps detect the bug; {each:.1} s of CPU for each detection, with the sweeps that missed it\n",
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

        swarm: 2 of 3 sweeps detect the bug; 26.0 s of CPU for each detection, with the sweeps that missed it
        ");
        assert!(text(&Look::PLAIN, &searches, &[Method::Swarm]).contains("5 (2 of 3)"));
    }
}
