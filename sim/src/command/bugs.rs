//! `squall teeth`: does each planted bug get convicted, and only the bug?

mod hunt;

use super::{Conclusion, Trouble, args::FROM_SEED_MAX, fresh, harness, say, small, sweep, table};
use clap::Args as ClapArgs;
use comfy_table::Cell;
use hunt::Way;
use scenarios::{catalogue, judge::JudgeOptions, planted, planted::Planted};
use serde::Serialize;
use sim::shrink::{Shape, Size};
use std::{collections::BTreeSet, time::Duration};

/// What `teeth` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Seeds to try for each bug, at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=FROM_SEED_MAX))]
    from_seed: u64,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    jobs: Option<usize>,
    /// Only this bug; may be given more than once [default: all]
    #[arg(long, value_name = "BUG")]
    plant: Vec<String>,
    /// Make the plan of each conviction small, and say how small
    #[arg(long)]
    shrink: bool,
    /// What that may cost for each: runs, or processor time as in 30s
    #[arg(long, value_name = "N", default_value_t, requires = "shrink")]
    budget: small::Budget,
    /// Hunt each bug in so many sweeps as well, in its own scenario and in the swarm: medians of runs and CPU time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    sweeps: Option<u64>,
    /// Beside those, sweeps with every kind of trouble in every run, in a world of default settings
    #[arg(long, requires = "sweeps")]
    no_swarm: bool,
    /// Beside those, sweeps in which nothing is bred from what was new
    #[arg(long, requires = "sweeps")]
    no_guidance: bool,
    /// Print the table of the sweeps for a file of text
    #[arg(long, requires = "sweeps")]
    markdown: bool,
    /// For machines
    #[arg(long)]
    json: bool,
}

/// What became of one planted bug.
#[derive(Debug, Serialize)]
struct Trial {
    bug: &'static str,
    scenario: &'static str,
    expected: &'static str,
    /// The first seed at which the expected property was violated.
    convicted_at: Option<u64>,
    /// Other properties that were violated on the way.
    also: BTreeSet<String>,
    /// How many seeds that took, or how many were tried in vain.
    seeds: u64,
    /// Processor time of those runs.
    cpu_seconds: f64,
    /// The same seeds without the bug: what was violated all the same.
    without: Option<String>,
    /// The plan of the conviction, made small.
    shrunk: Option<Small>,
    /// What the harness could not do.
    error: Option<String>,
}

/// A plan, made small.
#[derive(Debug, Serialize)]
struct Small {
    size: Size,
    shape: String,
    runs: u64,
    cpu_seconds: f64,
    finished: bool,
}

impl Trial {
    fn conclusion(&self) -> Conclusion {
        match self {
            Trial { error: Some(_), .. } => Conclusion::Inconclusive,
            Trial {
                convicted_at: Some(_),
                without: None,
                ..
            } => Conclusion::Held,
            _ => Conclusion::Violated,
        }
    }

    fn verdict(&self) -> String {
        match self {
            Trial { error: Some(error), .. } => format!("inconclusive: {error}"),
            Trial {
                without: Some(what), ..
            } => format!("no proof: without the bug too, {what}"),
            Trial {
                convicted_at: Some(seed),
                ..
            } => format!("convicted at seed {seed}"),
            _ => "NOT convicted".into(),
        }
    }
}

/// Tries every planted bug.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let bugs: Vec<Planted> = if args.plant.is_empty() {
        planted::all()
    } else {
        args.plant
            .iter()
            .map(|name| planted::find(name))
            .collect::<Result<_, _>>()?
    };
    let threads = sweep::threads(args.jobs);
    let mut left = bugs.iter().map(|bug| bug.name);
    let mut trials = vec![];
    eprintln!(
        "squall: {}, up to {} each, on {}",
        table::count(bugs.len(), "planted bug"),
        table::count(args.seeds as usize, "seed"),
        table::count(threads, "thread")
    );
    sweep::sweep(
        threads,
        || left.next(),
        |name| {
            let mut trial = try_bug(name, args.from_seed, args.seeds);
            if args.shrink {
                shrink(&mut trial, args.budget);
            }
            trial
        },
        |trial| trials.extend(trial),
    );
    trials.sort_by_key(|trial| bugs.iter().position(|bug| bug.name == trial.bug));
    let conclusion = trials
        .iter()
        .map(Trial::conclusion)
        .max()
        .unwrap_or(Conclusion::Inconclusive);
    let mut ways = vec![Way::Own, Way::Swarm];
    ways.extend(args.no_swarm.then_some(Way::NoSwarm));
    ways.extend(args.no_guidance.then_some(Way::NoGuidance));
    let names: Vec<&'static str> = bugs.iter().map(|bug| bug.name).collect();
    let hunts = args.sweeps.map_or(vec![], |sweeps| {
        hunt::hunts(&names, &ways, sweeps, args.from_seed, args.seeds, threads)
    });
    let sound = match hunts.iter().any(|hunt| hunt.error.is_some()) {
        true => Conclusion::Violated,
        false => Conclusion::Held,
    };
    let conclusion = conclusion.max(sound);
    if args.json {
        let all = serde_json::json!({ "version": 1, "trials": trials, "hunts": hunts });
        say(format!("{all:#}"));
        return Ok(conclusion);
    }
    if args.markdown {
        say(hunt::markdown(&hunts, &ways).trim_end());
        return Ok(conclusion);
    }
    let look = table::look();
    let mut table = table::new(
        &look,
        &[
            "planted bug",
            "scenario",
            "by property",
            ">seeds",
            ">CPU s",
            "also violated",
            "verdict",
        ],
    );
    for trial in &trials {
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
    say(table);
    let convicted = trials
        .iter()
        .filter(|trial| trial.conclusion() == Conclusion::Held)
        .count();
    say(format!(
        "{convicted} of {} convicted; CPU time is that of the thread, up to the conviction.",
        table::count(trials.len(), "planted bug")
    ));
    if args.shrink {
        say(shrunk_table(&look, &trials));
    }
    if args.sweeps.is_some() {
        say(hunt::told(&look, &hunts, &ways));
    }
    for trial in &trials {
        if let (Some(seed), Conclusion::Held) = (trial.convicted_at, trial.conclusion()) {
            say(format!(
                "  cargo squall replay {} --seed {seed} --plant {}",
                trial.scenario, trial.bug
            ));
        }
    }
    Ok(conclusion)
}

/// Makes the plan of a conviction small.
fn shrink(trial: &mut Trial, budget: small::Budget) {
    let (Some(seed), Conclusion::Held) = (trial.convicted_at, trial.conclusion()) else {
        return;
    };
    let (shrunk, cpu, _) = fresh::measure(|| {
        let bug = planted::find(trial.bug).expect("the name comes from the list");
        let scenario = catalogue::find(bug.scenario)?;
        let plan = scenario.plan(seed);
        let run = harness::perform(&scenario, &plan, Some(&bug), &JudgeOptions::default())?;
        small::make(&small::Task {
            scenario: &scenario,
            plan: &plan,
            plant: Some(&bug),
            reason: &small::reason(&run.violations, Some(bug.convicted_by), Some(&bug))?,
            budget,
            keep_steps: None,
            quiet: true,
        })
    });
    match shrunk {
        Err(Trouble(what)) => trial.error = Some(what),
        Ok(shrunk) => {
            trial.shrunk = Some(Small {
                size: shrunk.after,
                shape: Shape::of(&shrunk.plan).to_string(),
                runs: shrunk.runs,
                cpu_seconds: cpu.as_secs_f64(),
                finished: shrunk.finished,
            });
        }
    }
}

/// How small the plans became, and their medians.
fn shrunk_table(look: &sim::report::Look, trials: &[Trial]) -> String {
    let headings = [
        "planted bug",
        ">faults",
        ">repairs",
        ">operations",
        ">reminders",
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
            Cell::new(size.reminders),
            Cell::new(size.lasts_ms as f64 / 1000.0),
            Cell::new(format!(
                "{}{}",
                shrunk.runs,
                if shrunk.finished { "" } else { " (all)" }
            )),
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
        "{table}\nMedian of the small plans: {}, {}. An operation is a whole login, or one attacker with all the guesses.",
        table::count(median(|size| size.faults), "fault"),
        table::count(median(|size| size.operations), "operation"),
    )
}

/// Runs the bug's scenario with the bug until it is convicted, then the same seeds without it.
fn try_bug(name: &'static str, from: u64, seeds: u64) -> Trial {
    let bug = planted::find(name).expect("the name comes from the list");
    let mut trial = Trial {
        bug: name,
        scenario: bug.scenario,
        expected: bug.convicted_by,
        convicted_at: None,
        also: BTreeSet::new(),
        seeds: 0,
        cpu_seconds: 0.0,
        without: None,
        shrunk: None,
        error: None,
    };
    let outcome = (|| -> Result<(), Trouble> {
        let scenario = catalogue::find(bug.scenario)?;
        let options = JudgeOptions::default();
        let mut cpu = Duration::ZERO;
        for seed in from..from + seeds {
            let plan = scenario.plan(seed);
            let (run, took, _) = fresh::measure(|| harness::perform(&scenario, &plan, Some(&bug), &options));
            cpu += took;
            trial.seeds += 1;
            trial.cpu_seconds = cpu.as_secs_f64();
            for violation in run?.violations {
                if violation.property == bug.convicted_by {
                    trial.convicted_at = Some(seed);
                } else {
                    trial.also.insert(violation.property);
                }
            }
            if trial.convicted_at.is_some() {
                break;
            }
        }
        for seed in from..from + trial.seeds {
            let run = harness::perform(&scenario, &scenario.plan(seed), None, &options)?;
            if let Some(violation) = run.violations.first() {
                trial.without = Some(format!("seed {seed}: {violation}"));
                break;
            }
        }
        Ok(())
    })();
    trial.error = outcome.err().map(|Trouble(what)| what);
    trial
}
