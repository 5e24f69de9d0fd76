//! `squall teeth --sweeps N`: how long each planted bug is looked for, where it is meant to be found and in
//! the swarm, and what the swarm's means are worth.

use super::super::{Trouble, fresh, harness, sweep, table};
use comfy_table::Cell;
use scenarios::{
    catalogue,
    guide::{Guide, signature},
    judge::JudgeOptions,
    planted,
};
use serde::Serialize;
use sim::report::Look;
use std::{collections::BTreeMap, time::Duration};

/// The scenario in which everything may happen.
const SWARM: &str = "swarm";

/// Sweeps begin so many seeds apart.
const APART: u64 = 1_000_000;

/// Where and how a bug is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Way {
    /// In the scenario that is meant for it, by the property that is.
    Own,
    /// In the swarm, by any property.
    Swarm,
    /// In the swarm, with every kind of trouble in every run and default settings.
    NoSwarm,
    /// In the swarm, every plan drawn from its seed.
    NoGuidance,
}

impl Way {
    fn told(self) -> &'static str {
        match self {
            Way::Own => "own scenario",
            Way::Swarm => "swarm",
            Way::NoSwarm => "--no-swarm",
            Way::NoGuidance => "--no-guidance",
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
struct Task {
    bug: &'static str,
    way: Way,
    /// The first seed.
    from: u64,
}

/// One sweep for one bug.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Hunt {
    bug: &'static str,
    way: Way,
    from_seed: u64,
    /// Runs up to the conviction; `None` if there was none.
    runs: Option<u64>,
    /// Processor time of all runs.
    cpu_seconds: f64,
    /// By which property.
    by: Option<String>,
    /// What went wrong: the harness, or a claim that does not hold without the bug either.
    pub(super) error: Option<String>,
}

/// Looks for each bug in so many sweeps of at most so many seeds, in each of these ways.
pub(super) fn hunts(
    bugs: &[&'static str],
    ways: &[Way],
    sweeps: u64,
    from: u64,
    seeds: u64,
    threads: usize,
) -> Vec<Hunt> {
    let tasks = (0..sweeps).flat_map(|nth| {
        let each = bugs
            .iter()
            .flat_map(move |bug| ways.iter().map(move |way| (*bug, *way)));
        each.map(move |(bug, way)| Task {
            bug,
            way,
            from: from + nth * APART,
        })
    });
    let (mut tasks, mut hunts) = (tasks, vec![]);
    sweep::sweep(
        threads,
        || tasks.next(),
        |task| hunt(task, seeds),
        |hunt| hunts.extend(hunt),
    );
    let place = |hunt: &Hunt| bugs.iter().position(|bug| *bug == hunt.bug);
    hunts.sort_by_key(|hunt| (place(hunt), hunt.way, hunt.from_seed));
    hunts
}

fn hunt(task: Task, seeds: u64) -> Hunt {
    let mut hunt = Hunt {
        bug: task.bug,
        way: task.way,
        from_seed: task.from,
        runs: None,
        cpu_seconds: 0.0,
        by: None,
        error: None,
    };
    if let Err(Trouble(what)) = search(task, seeds, &mut hunt) {
        hunt.error = Some(what);
    }
    hunt
}

fn search(task: Task, seeds: u64, hunt: &mut Hunt) -> Result<(), Trouble> {
    let bug = planted::find(task.bug)?;
    let scenario = catalogue::find(if task.way == Way::Own { bug.scenario } else { SWARM })?;
    let draw = |seed| match task.way {
        Way::NoSwarm => scenario.plain_plan(seed),
        _ => scenario.plan(seed),
    };
    let mut guide = Guide::new(task.from, matches!(task.way, Way::Swarm | Way::NoSwarm));
    let (options, mut cpu) = (JudgeOptions::default(), Duration::ZERO);
    for seed in task.from..task.from + seeds {
        guide.begin(seed);
        let ((plan, run), took, _) = fresh::measure(|| {
            let (plan, _) = guide.plan(&scenario, seed, draw);
            let run = harness::perform(&scenario, &plan, Some(&bug), &options);
            (plan, run)
        });
        let run = run?;
        cpu += took;
        hunt.cpu_seconds = cpu.as_secs_f64();
        let convicts = |name: &str| task.way != Way::Own || name == bug.convicted_by;
        let found = run.violations.iter().find(|violation| convicts(&violation.property));
        if let Some(violation) = found {
            let without = harness::perform(&scenario, &plan, None, &options)?;
            if let Some(same) = (without.violations.iter()).find(|other| other.property == violation.property) {
                return Err(Trouble(format!("without the bug too, from seed {seed}: {same}")));
            }
            hunt.by = Some(violation.property.clone());
            hunt.runs = Some(seed - task.from + 1);
            return Ok(());
        }
        let failed = !run.violations.is_empty();
        guide.learn(scenario.name(), seed, &plan, signature(&run), failed);
    }
    Ok(())
}

/// Medians for a bug in one way: runs, and processor time. A sweep that found nothing counts as longer than
/// any.
struct Medians {
    runs: Option<u64>,
    cpu_seconds: Option<f64>,
    found: usize,
    of: usize,
}

impl Medians {
    fn of(hunts: &[&Hunt]) -> Medians {
        let mut found: Vec<(u64, f64)> = (hunts.iter())
            .filter_map(|hunt| Some((hunt.runs?, hunt.cpu_seconds)))
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1));
        let middle = (hunts.len().max(1) - 1) / 2;
        let cpu_seconds = found.get(middle).map(|(_, cpu)| *cpu);
        found.sort_by_key(|(runs, _)| *runs);
        Medians {
            runs: found.get(middle).map(|(runs, _)| *runs),
            cpu_seconds,
            found: found.len(),
            of: hunts.len(),
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

/// Rows by bug, columns by way.
struct Rows {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn rows(hunts: &[Hunt], ways: &[Way]) -> Rows {
    let mut headings = vec!["planted bug".to_owned()];
    for way in ways {
        headings.extend([format!(">{}: runs", way.told()), ">CPU s".to_owned()]);
    }
    headings.push("in the swarm by".into());
    let mut bugs: Vec<&str> = hunts.iter().map(|hunt| hunt.bug).collect();
    bugs.dedup();
    let of = |bug: &str, way: Way| -> Vec<&Hunt> {
        hunts.iter().filter(|hunt| hunt.bug == bug && hunt.way == way).collect()
    };
    let rows = bugs.iter().map(|bug| {
        let mut row = vec![(*bug).to_owned()];
        for way in ways {
            row.extend(Medians::of(&of(bug, *way)).cells());
        }
        let mut by: BTreeMap<&str, usize> = BTreeMap::new();
        for hunt in of(bug, Way::Swarm) {
            *by.entry(hunt.by.as_deref().unwrap_or("")).or_default() += 1;
        }
        by.remove("");
        let most = by.into_iter().max_by_key(|(_, times)| *times);
        row.push(most.map_or(String::new(), |(property, _)| property.to_owned()));
        row
    });
    let rows = rows.collect();
    Rows { headings, rows }
}

/// The table for people: median runs and processor time to the conviction.
pub(super) fn told(look: &Look, hunts: &[Hunt], ways: &[Way]) -> String {
    let Rows { headings, rows } = rows(hunts, ways);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = table::new(look, &headings);
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    format!("{table}\n{}", summary(hunts, ways))
}

/// The same for a file of text.
pub(super) fn markdown(hunts: &[Hunt], ways: &[Way]) -> String {
    let Rows { headings, rows } = rows(hunts, ways);
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
    format!("{text}\n{}", summary(hunts, ways))
}

/// How many bugs each way convicts in most of its sweeps, and what a sweep costs in all.
fn summary(hunts: &[Hunt], ways: &[Way]) -> String {
    let mut text = String::new();
    for way in ways {
        let of: Vec<&Hunt> = hunts.iter().filter(|hunt| hunt.way == *way).collect();
        let found = of.iter().filter(|hunt| hunt.runs.is_some()).count();
        let cpu: f64 = of.iter().map(|hunt| hunt.cpu_seconds).sum();
        let each = cpu / found.max(1) as f64;
        text.push_str(&format!(
            "{}: {found} of {} sweeps convict; {each:.1} s of CPU for a conviction, sweeps in vain included\n",
            way.told(),
            of.len()
        ));
    }
    for hunt in hunts.iter().filter(|hunt| hunt.error.is_some()) {
        let what = hunt.error.as_deref().unwrap_or_default();
        text.push_str(&format!("{} ({}): {what}\n", hunt.bug, hunt.way.told()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunted(runs: &[Option<u64>]) -> Vec<Hunt> {
        let hunt = |(n, runs): (usize, &Option<u64>)| Hunt {
            bug: "get_then_del",
            way: Way::Swarm,
            from_seed: n as u64,
            runs: *runs,
            cpu_seconds: runs.unwrap_or(200) as f64 / 4.0,
            by: runs.map(|_| "CodeRedeemedOnce".to_owned()),
            error: None,
        };
        runs.iter().enumerate().map(hunt).collect()
    }

    #[test]
    fn a_sweep_in_vain_is_longer_than_any() {
        let cells = |runs: &[Option<u64>]| Medians::of(&hunted(runs).iter().collect::<Vec<_>>()).cells();
        assert_eq!(cells(&[Some(8), Some(2), Some(4)]), ["4", "1.0"]);
        assert_eq!(cells(&[None, Some(2), Some(4)]), ["4 (2 of 3)", "1.0"]);
        assert_eq!(cells(&[None, Some(2), None]), ["(1 of 3)", "-"]);
        assert_eq!(cells(&[None]), ["(0 of 1)", "-"]);
    }

    #[test]
    fn the_table_is_one_for_people_and_for_files() {
        let hunts = hunted(&[Some(3), Some(5), None]);
        insta::assert_snapshot!(markdown(&hunts, &[Way::Swarm]), @r"
        | planted bug | swarm: runs | CPU s | in the swarm by |
        | --- | --- | --- | --- |
        | get_then_del | 5 (2 of 3) | 1.2 | CodeRedeemedOnce |

        swarm: 2 of 3 sweeps convict; 26.0 s of CPU for a conviction, sweeps in vain included
        ");
        assert!(told(&Look::PLAIN, &hunts, &[Way::Swarm]).contains("5 (2 of 3)"));
    }
}
