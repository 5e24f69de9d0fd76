//! `squall explore`: every scenario over many seeds.

use super::{
    Conclusion, Trouble,
    args::{self, FROM_SEED_MAX, Seeds},
    failures, findings, fresh, groups, harness, report, say,
    summary::{RunSummary, ScenarioSummary},
    sweep, table,
};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenarios::{catalogue, judge::JudgeOptions, planted, scenario::Scenario};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};

/// What `explore` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// For how long to begin new runs, as in 90s, 10m or 1h30m [default: 1m]
    #[arg(long = "for", value_name = "DURATION", value_parser = args::duration, conflicts_with = "seeds")]
    pub(crate) lasts: Option<Duration>,
    /// Which seeds to run of each scenario: A..B, B not included
    #[arg(long, value_name = "A..B")]
    pub(crate) seeds: Option<Seeds>,
    /// The first seed of a sweep by time [default: a fresh one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=FROM_SEED_MAX), conflicts_with = "seeds")]
    pub(crate) from_seed: Option<u64>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) jobs: Option<usize>,
    /// Only this scenario; may be given more than once [default: all, or the one that the planted bug is meant for]
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Vec<String>,
    /// Plant this bug: the sweep is to find it
    #[arg(long, value_name = "BUG")]
    pub(crate) plant: Option<String>,
    /// Write everything to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Where to keep the plans of failing runs [default: target/squall/failures]
    #[arg(long, value_name = "DIR")]
    pub(crate) failures: Option<PathBuf>,
    /// Make the plans of failing runs small, and show one line for each bug
    #[arg(long)]
    pub(crate) shrink: bool,
    /// Write pages to this folder, one for the sweep (index.html) and one for each failure: they open offline
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
}

/// Runs a sweep and says what it found.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let plant = args.plant.as_deref().map(planted::find).transpose()?;
    let scenarios = chosen(args, plant.as_ref().map(|bug| bug.scenario))?;
    let threads = sweep::threads(args.jobs);
    let folder = failures::folder(args.failures.as_deref());
    if let Some(file) = &args.json {
        super::must_be_writable("--json", file)?;
    }
    if let Some(folder) = &args.report {
        report::make_folder(folder)?;
    }
    let lasts = args.lasts.unwrap_or(Duration::from_secs(60));
    let from = match (args.seeds, args.from_seed) {
        (Some(seeds), _) => seeds.from,
        (None, Some(seed)) => seed,
        (None, None) => fresh::seed(),
    };
    let watch = fresh::Stopwatch::start();
    let bar = progress(&scenarios, args.seeds, lasts);
    let what = match args.seeds {
        Some(seeds) => format!("seeds {seeds}"),
        None => format!("for {} from seed {from}", humane(lasts)),
    };
    eprintln!(
        "squall: {}, {what}, on {}",
        table::count(scenarios.len(), "scenario"),
        table::count(threads, "thread")
    );

    // In rounds: one seed of every scenario, then the next seed.
    let mut drawn = 0;
    let next = || {
        let (round, index) = (
            drawn / scenarios.len() as u64,
            (drawn % scenarios.len() as u64) as usize,
        );
        let over = match args.seeds {
            Some(seeds) => round >= seeds.count(),
            // The first round is whole, however short the time.
            None => round > 0 && watch.elapsed() >= lasts,
        };
        drawn += 1;
        (!over).then(|| (scenarios[index].name(), from + round))
    };
    let work = |(name, seed): (&'static str, u64)| fresh::measure(|| one(name, seed, args.plant.as_deref(), &folder));
    let mut runs: BTreeMap<&'static str, Vec<RunSummary>> = BTreeMap::new();
    let (mut cpu, mut bad) = (Duration::ZERO, 0);
    sweep::sweep(threads, next, work, |result| {
        if let Some((run, took, _)) = result {
            cpu += took;
            bad += usize::from(run.conclusion() != Conclusion::Held);
            runs.entry(run.scenario).or_default().push(run);
            bar.inc(u64::from(args.seeds.is_some()));
        }
        if args.seeds.is_none() {
            bar.set_position(watch.elapsed().as_secs().min(lasts.as_secs()));
        }
        let done = runs.values().map(Vec::len).sum();
        bar.set_message(format!("{}, {bad} failed", table::count(done, "run")));
    });
    bar.finish_and_clear();

    let mut summaries = vec![];
    for scenario in &scenarios {
        let runs = runs.entry(scenario.name()).or_default();
        runs.sort_by_key(|run| run.seed);
        summaries.push(ScenarioSummary::of(scenario, runs, plant.is_some()));
    }
    let all: Vec<&RunSummary> = scenarios.iter().flat_map(|scenario| &runs[scenario.name()]).collect();
    let to = all.iter().map(|run| run.seed + 1).max().unwrap_or(from);
    let conclusion = summaries
        .iter()
        .map(ScenarioSummary::conclusion)
        .max()
        .unwrap_or(Conclusion::Inconclusive);
    say(findings::told(&table::look(), &summaries, args.plant.as_deref()));
    say(format!(
        "{}, {} s simulated in {} s ({} s of CPU): {}",
        table::count(all.len(), "run"),
        table::thousands(summaries.iter().map(|s| s.simulated_ms).sum::<u64>() / 1000),
        watch.elapsed().as_secs(),
        cpu.as_secs(),
        findings::in_words(conclusion)
    ));
    if all.iter().any(|run| run.plan.is_some()) {
        say(format!("The plans of runs that failed are in {}", folder.display()));
    }
    if args.shrink {
        let failures = all.iter().map(|run| groups::Failure {
            scenario: run.scenario,
            seed: run.seed,
            violations: &run.violations,
        });
        say(groups::told(failures, args.plant.as_deref(), &folder)?);
    }
    if args.seeds.is_none() {
        say(format!(
            "The same seeds again: cargo squall --seeds {from}..{to}{}",
            options(args)
        ));
    }
    if let Some(folder) = &args.report {
        let again = format!("cargo squall --seeds {from}..{to}{}", options(args));
        let told = report::in_words(scenarios.len(), &what, args.plant.as_deref());
        let index = report::write_sweep(folder, &summaries, &all, args.plant.as_deref(), &again, &told)?;
        say(format!("The report is {}", index.display()));
    }
    if let Some(file) = &args.json {
        let everything = json!({
            "version": 1,
            "conclusion": format!("{conclusion:?}").to_lowercase(),
            "plant": args.plant,
            "seeds": { "from": from, "to": to },
            "wall_seconds": watch.elapsed().as_secs_f64(),
            "cpu_seconds": cpu.as_secs_f64(),
            "scenarios": summaries,
            "runs": all,
        });
        std::fs::write(file, format!("{everything:#}\n"))
            .map_err(|error| Trouble(format!("cannot write {}: {error}", file.display())))?;
    }
    Ok(conclusion)
}

fn chosen(args: &Args, meant_for: Option<&str>) -> Result<Vec<Scenario>, Trouble> {
    let mut names: Vec<&str> = args.scenario.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.extend(meant_for);
    }
    if names.is_empty() {
        return Ok(catalogue::all());
    }
    let mut scenarios: Vec<Scenario> = vec![];
    for name in names {
        let scenario = catalogue::find(name)?;
        if scenarios.iter().all(|other| other.name() != scenario.name()) {
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

/// One run. Threads share names only: each builds its own scenario.
fn one(name: &str, seed: u64, plant: Option<&str>, folder: &Path) -> RunSummary {
    let scenario = catalogue::find(name).expect("the name comes from the catalogue");
    let bug = plant.map(|name| planted::find(name).expect("the name was found before"));
    let plan = scenario.plan(seed);
    let run = harness::perform(&scenario, &plan, bug.as_ref(), &JudgeOptions::default());
    let mut summary = RunSummary::of(&scenario, &plan, run.as_ref());
    if summary.conclusion() != Conclusion::Held {
        match failures::write(folder, &plan, plant) {
            Ok(path) => summary.plan = Some(path.display().to_string()),
            Err(Trouble(what)) => {
                // The verdict stands; only the copy of the plan is missing, and the seed has it.
                eprintln!("squall: the plan of {name}, seed {seed}, is not kept: {what}");
            }
        }
    }
    summary
}

/// The options that chose what was run, to be typed again.
fn options(args: &Args) -> String {
    let mut text = String::new();
    for name in &args.scenario {
        text.push_str(&format!(" --scenario {name}"));
    }
    if let Some(bug) = &args.plant {
        text.push_str(&format!(" --plant {bug}"));
    }
    text
}

fn humane(lasts: Duration) -> String {
    match lasts.as_secs() {
        0 => format!("{} ms", lasts.as_millis()),
        secs @ 1..120 => format!("{secs} s"),
        secs => format!("{} min", secs / 60),
    }
}

/// A bar on standard error, if that is a terminal.
fn progress(scenarios: &[Scenario], seeds: Option<Seeds>, lasts: Duration) -> ProgressBar {
    let (length, unit) = match seeds {
        Some(seeds) => (seeds.count().saturating_mul(scenarios.len() as u64), "runs"),
        None => (lasts.as_secs(), "s"),
    };
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template(&format!("{{bar:32}} {{pos}}/{{len}} {unit}  {{msg}}"));
    let bar = ProgressBar::with_draw_target(Some(length), target);
    bar.set_style(style.expect("the template is a constant"));
    bar
}
