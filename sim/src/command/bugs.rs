//! `bugs`: checks that each planted bug is detected, and only with the bug.

mod medians;
mod sweeps;
mod tables;

use super::{
    Conclusion, Trouble,
    args::FROM_SEED_MAX,
    fresh,
    parallel::{self, in_parallel},
    perform::perform,
    replay_line::{self, With},
    say,
    shrinking::{self, Budget, Task},
    table, tell,
};
use crate::{
    judge::JudgeOptions,
    service::Service,
    shrink::{Shape, Size},
    suite::{PlantedBug, Suite},
};
use clap::Args as ClapArgs;
use serde::Serialize;
use std::{collections::BTreeSet, time::Duration};
use sweeps::Method;

/// Options of `bugs`.
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
    #[arg(long, alias = "plant", value_name = "BUG")]
    bug: Vec<String>,
    /// Make the plan that detects each bug small, and say how small
    #[arg(long)]
    shrink: bool,
    /// What that may cost for each: runs, or processor time as in 30s
    #[arg(long, value_name = "N", default_value_t, requires = "shrink")]
    budget: Budget,
    /// Search for each bug in so many sweeps as well, in its own scenario and in the one that draws everything (the swarm):
    /// medians of runs and CPU time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    sweeps: Option<u64>,
    /// Besides, sweeps of the swarm with every kind of fault in every run, in a world of default settings
    #[arg(long, requires = "sweeps")]
    no_swarm: bool,
    /// Besides, sweeps of the swarm in which every plan is drawn from its seed
    #[arg(long, requires = "sweeps")]
    no_guidance: bool,
    /// Print the table (with --sweeps: that of the sweeps) as Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// For machines
    #[arg(long)]
    json: bool,
}

/// The result for one planted bug.
#[derive(Debug, Serialize)]
struct Trial {
    bug: &'static str,
    scenario: &'static str,
    /// The property that must detect it.
    expected: &'static str,
    /// The first seed at which that property was violated.
    detected_at: Option<u64>,
    /// Other properties that were violated before.
    also: BTreeSet<String>,
    /// Number of seeds tried; all of them if the bug was missed.
    seeds: u64,
    /// Processor time of those runs.
    cpu_seconds: f64,
    /// The violation at the same seeds without the bug, if any.
    without: Option<String>,
    /// The small plan that detects it.
    shrunk: Option<SmallPlan>,
    /// The error of the harness, if any.
    error: Option<String>,
}

/// A plan that was shrunk.
#[derive(Debug, Serialize)]
struct SmallPlan {
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
                detected_at: Some(_),
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
            } => format!("proves nothing: violated without the bug too, {what}"),
            Trial {
                detected_at: Some(seed),
                ..
            } => format!("detected at seed {seed}"),
            _ => "MISSED".into(),
        }
    }
}

/// Tries every planted bug.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let bugs: Vec<&PlantedBug<S>> = match args.bug.is_empty() {
        true => suite.bugs().iter().collect(),
        false => (args.bug.iter())
            .map(|name| suite.find_bug(name))
            .collect::<Result<_, _>>()?,
    };
    if bugs.is_empty() {
        return Err(Trouble(format!(
            "{} has no planted bug, so nothing shows that its properties can detect one; add one with Suite::bug",
            suite.name
        )));
    }
    let threads = parallel::threads(args.jobs);
    tell(format!(
        "{}: {}, up to {} each, on {}",
        suite.name,
        table::count(bugs.len(), "planted bug"),
        table::count(args.seeds as usize, "seed"),
        table::count(threads, "thread")
    ));
    let (mut left, mut trials) = (bugs.iter().copied(), vec![]);
    in_parallel(
        threads,
        || left.next(),
        |bug| {
            let mut trial = try_bug(suite, bug, args.from_seed, args.seeds);
            if args.shrink {
                shrink(suite, bug, &mut trial, args.budget);
            }
            trial
        },
        |trial| trials.extend(trial),
    );
    trials.sort_by_key(|trial| bugs.iter().position(|bug| bug.name == trial.bug));
    let methods = methods(suite, args);
    let searches = args.sweeps.map_or(vec![], |sweeps| {
        let all = sweeps::Searches {
            suite,
            bugs: &bugs,
            methods: &methods,
            sweeps,
            from: args.from_seed,
            seeds: args.seeds,
            threads,
        };
        all.run()
    });
    let sound = match searches.iter().any(|search| search.error.is_some()) {
        true => Conclusion::Violated,
        false => Conclusion::Held,
    };
    let conclusion = trials.iter().map(Trial::conclusion).fold(sound, Conclusion::max);
    if args.json {
        let all = serde_json::json!({ "version": 2, "trials": trials, "searches": searches });
        say(format!("{all:#}"));
        return Ok(conclusion);
    }
    if args.markdown {
        say(match args.sweeps {
            Some(_) => medians::markdown(&searches, &methods).trim_end().to_owned(),
            None => tables::trials_markdown(&trials),
        });
        return Ok(conclusion);
    }
    let look = table::look();
    say(tables::trials(&look, &trials));
    if args.shrink {
        say(tables::small_plans(&look, &trials));
    }
    if args.sweeps.is_some() {
        say(medians::text(&look, &searches, &methods));
    }
    for trial in &trials {
        if let (Some(seed), Conclusion::Held) = (trial.detected_at, trial.conclusion()) {
            let with = With {
                bug: Some(trial.bug),
                ..With::default()
            };
            say(format!(
                "  {}",
                replay_line::line(suite, trial.scenario, Some(seed), with)
            ));
        }
    }
    Ok(conclusion)
}

/// The search methods: without a swarm scenario, only the bug's own scenario.
fn methods<S: Service>(suite: &Suite<S>, args: &Args) -> Vec<Method> {
    let mut methods = vec![Method::Own];
    if suite.swarm().is_some() {
        methods.push(Method::Swarm);
        methods.extend(args.no_swarm.then_some(Method::NoSwarm));
        methods.extend(args.no_guidance.then_some(Method::NoGuidance));
    }
    methods
}

/// Shrinks the plan that detects a bug.
fn shrink<S: Service>(suite: &Suite<S>, bug: &PlantedBug<S>, trial: &mut Trial, budget: Budget) {
    let (Some(seed), Conclusion::Held) = (trial.detected_at, trial.conclusion()) else {
        return;
    };
    let (shrunk, cpu, _) = fresh::measure(|| {
        let scenario = suite.find_scenario(bug.scenario)?;
        let plan = scenario.plan(seed);
        let run = perform(scenario, &plan, Some(bug), &JudgeOptions::default())?;
        shrinking::make(&Task {
            scenario,
            plan: &plan,
            bug: Some(bug),
            reason: &shrinking::reason(&run.violations, Some(bug.detected_by), Some(bug))?,
            budget,
            steps_folder: None,
            stamp: shrinking::stamp(suite, Some(bug)),
            quiet: true,
        })
    });
    match shrunk {
        Err(Trouble(what)) => trial.error = Some(what),
        Ok(shrunk) => {
            trial.shrunk = Some(SmallPlan {
                size: shrunk.after,
                shape: Shape::of(&shrunk.plan).to_string(),
                runs: shrunk.runs,
                cpu_seconds: cpu.as_secs_f64(),
                finished: shrunk.finished,
            });
        }
    }
}

/// Performs the bug's scenario with the bug until it is detected, then the same seeds without the bug.
fn try_bug<S: Service>(suite: &Suite<S>, bug: &PlantedBug<S>, from: u64, seeds: u64) -> Trial {
    let mut trial = Trial {
        bug: bug.name,
        scenario: bug.scenario,
        expected: bug.detected_by,
        detected_at: None,
        also: BTreeSet::new(),
        seeds: 0,
        cpu_seconds: 0.0,
        without: None,
        shrunk: None,
        error: None,
    };
    let outcome = (|| -> Result<(), Trouble> {
        let scenario = suite.find_scenario(bug.scenario)?;
        let options = JudgeOptions::default();
        let mut cpu = Duration::ZERO;
        for seed in from..from + seeds {
            let plan = scenario.plan(seed);
            let (run, took, _) = fresh::measure(|| perform(scenario, &plan, Some(bug), &options));
            cpu += took;
            trial.seeds += 1;
            trial.cpu_seconds = cpu.as_secs_f64();
            for violation in run?.violations {
                if violation.property == bug.detected_by {
                    trial.detected_at = Some(seed);
                } else {
                    trial.also.insert(violation.property);
                }
            }
            if trial.detected_at.is_some() {
                break;
            }
        }
        for seed in from..from + trial.seeds {
            let run = perform(scenario, &scenario.plan(seed), None, &options)?;
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
