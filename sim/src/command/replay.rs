//! `squall replay`: the story of one run.

use super::{
    Conclusion, Trouble, again, failures, harness, report, say, shrink, small, summary::RunSummary, table,
    telling::told,
};
use clap::Args as ClapArgs;
use scenarios::{
    catalogue, judge::JudgeOptions, planted, planted::Planted, regression, scenario::Scenario, store_history,
};
use serde_json::json;
use sim::{plan::Plan, run::Run, simulator::EngineKind};
use std::path::{Path, PathBuf};

/// What `replay` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A scenario (then with --seed), or a plan file
    #[arg(value_name = "SCENARIO|FILE")]
    what: String,
    /// The seed of the run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Plant this bug
    #[arg(long, value_name = "BUG")]
    plant: Option<String>,
    /// What performs it: event-loop, or turmoil, a second engine that cross-checks the first (slow, with fewer faults)
    #[arg(long, value_name = "ENGINE", default_value = "event-loop")]
    engine: EngineKind,
    /// Show the log among the rows, each line with its host and simulated time
    #[arg(long)]
    trace: bool,
    /// Which lines of the log to show, as in `warn,idp=debug` (implies --trace)
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// Show every step, also of logins in which nothing happened
    #[arg(long)]
    all: bool,
    /// For machines: everything, as JSON
    #[arg(long)]
    json: bool,
    /// Write the plan to this file, to be edited, kept, or replayed
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Say whether one store explains what the replicas were answered, and if not, by how much (takes a second run)
    #[arg(long, conflicts_with = "json")]
    store: bool,
    /// If a claim is violated, make the plan small (see `squall shrink`)
    #[arg(long, conflicts_with = "json")]
    shrink: bool,
    /// Write a page about the run to this file: it opens in any browser, offline
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl Args {
    /// What makes further runs of the plan makes them on the first engine.
    fn check_engine(&self) -> Result<(), Trouble> {
        let options = [
            ("--store", self.store),
            ("--shrink", self.shrink),
            ("--report", self.report.is_some()),
        ];
        match options.into_iter().find(|(_, asked)| *asked) {
            Some((option, _)) if self.engine == EngineKind::Turmoil => Err(Trouble(format!(
                "{option} is not to be had with --engine turmoil: it takes what only the other engine gives. Leave out one \
                 of them"
            ))),
            _ => Ok(()),
        }
    }
}

/// Performs one plan again and tells its story.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let (scenario, plan, needs) = find(&args.what, args.seed)?;
    let plant = args.plant.as_deref().or(needs.as_deref());
    let plant = plant.map(planted::find).transpose()?;
    if let Some(file) = &args.save {
        save(&plan, file)?;
    }
    if let Some(file) = &args.report {
        super::must_be_writable("--report", file)?;
    }
    args.check_engine()?;
    let options = JudgeOptions {
        engine: args.engine,
        keep_log: args.trace || args.log.is_some(),
        keep_messages: args.report.is_some(),
        log_filter: args.log.clone(),
    };
    let run =
        harness::perform(&scenario, &plan, plant.as_ref(), &options).map_err(|Trouble(what)| match args.seed {
            Some(_) => Trouble(what),
            None => Trouble(format!("{}: {what}", args.what)),
        })?;
    let summary = RunSummary::of(&scenario, &plan, Ok(&run));
    if args.json {
        say(format!("{:#}", as_json(&run, &summary, plant.as_ref())));
    } else {
        say(told(&table::look(), &scenario, &run, &summary, plant.as_ref(), args.all).trim_end());
        match &args.save {
            Some(file) => say(format!("The plan is in {}", file.display())),
            None => say("More: --all shows every step, --trace the log as well; --save FILE keeps the plan"),
        }
    }
    if args.store {
        say("");
        say(store_account(&run, plant.as_ref())?);
    }
    if args.shrink && !run.violations.is_empty() {
        make_small(&scenario, &run, plant.as_ref())?;
    }
    if let Some(file) = &args.report {
        let line = again::line(&args.what, args.seed, args.plant.as_deref());
        report::write(file, &report::page(&scenario, &run, plant.as_ref(), &line))?;
        eprintln!("squall: the page is in {}", file.display());
    }
    Ok(summary.conclusion())
}

/// What the replicas were answered by the store that they share, and whether one store explains it.
fn store_account(run: &Run, plant: Option<&Planted>) -> Result<String, Trouble> {
    let (heard, account) = store_history::listen(&run.plan, plant)?;
    match heard.fingerprint == run.fingerprint {
        true => Ok(account.to_string()),
        false => Err(Trouble(format!(
            "the run with a listener at the store diverged (fingerprint {} instead of {}): this is a bug of the harness",
            heard.fingerprint, run.fingerprint
        ))),
    }
}

/// Makes the plan of a run that failed small, and says where it is.
fn make_small(scenario: &Scenario, run: &Run, plant: Option<&Planted>) -> Result<(), Trouble> {
    let reason = small::reason(&run.violations, None, plant)?;
    let shrunk = small::make(&small::Task {
        scenario,
        plan: &run.plan,
        plant,
        reason: &reason,
        budget: small::Budget::default(),
        keep_steps: None,
        quiet: false,
    })?;
    let written = failures::write(&failures::folder(), &run.plan, plant.map(|bug| bug.name))?;
    let out = shrink::beside(&written);
    shrunk.plan.write(&out)?;
    say("");
    shrink::tell(scenario, &shrunk.plan, plant)?;
    say(small::told(&shrunk, &reason));
    say(again::small_plan(&out, plant));
    Ok(())
}

/// The plan that was asked for, the scenario whose properties judge it, and the planted bug that it takes.
fn find(what: &str, seed: Option<u64>) -> Result<(Scenario, Plan, Option<String>), Trouble> {
    let path = Path::new(what);
    let looks_like_a_file = path.is_file() || what.ends_with(".toml") || what.contains(std::path::MAIN_SEPARATOR);
    match (seed, looks_like_a_file) {
        (Some(_), true) => Err(Trouble(format!(
            "{what} is a plan file, and its seed stands in it; leave --seed away, or name a scenario"
        ))),
        (Some(seed), false) => {
            let scenario = catalogue::find(what)?;
            let plan = scenario.plan(seed);
            Ok((scenario, plan, None))
        }
        (None, true) => {
            let regression::Opened { plan, plant, .. } = regression::open(path)?;
            let scenario = catalogue::find(&plan.scenario).map_err(|error| Trouble(format!("{what}: {error}")))?;
            Ok((scenario, plan, plant))
        }
        (None, false) => {
            let scenario = catalogue::find(what)?;
            Err(Trouble(format!(
                "which run of {name}? Add its seed, as in: cargo squall replay {name} --seed 1",
                name = scenario.name()
            )))
        }
    }
}

fn save(plan: &Plan, file: &Path) -> Result<(), Trouble> {
    if file.exists() {
        return Err(Trouble(format!(
            "{} exists, and is left as it is; choose another name",
            file.display()
        )));
    }
    Ok(plan.write(file)?)
}

fn as_json(run: &Run, summary: &RunSummary, plant: Option<&Planted>) -> serde_json::Value {
    let log: Vec<_> = (run.log.iter())
        .map(|line| {
            json!({
                "at_ms": line.at_ms,
                "host": line.host.to_string(),
                "level": line.level.to_string(),
                "text": line.text,
            })
        })
        .collect();
    json!({
        "version": 1,
        "scenario": summary.scenario,
        "seed": summary.seed,
        "plant": plant.map(|bug| bug.name),
        "conclusion": format!("{:?}", summary.conclusion()).to_lowercase(),
        "fingerprint": run.fingerprint.to_string(),
        "simulated_ms": summary.simulated_ms,
        "violations": run.violations,
        "reached": summary.reached,
        "marks": run.marks,
        "faults": summary.faults,
        "faults_in_flight": summary.faults_in_flight,
        "operations": summary.operations,
        "logins": summary.logins,
        "history": run.history.records,
        "log": log,
    })
}
