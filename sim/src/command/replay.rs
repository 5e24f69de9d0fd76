//! `replay`: the story of one run.

use super::{
    Conclusion, Trouble, failures, output,
    perform::perform,
    planted::Planted,
    replay_line::{self, With},
    report, say, shrink,
    shrinking::{self, Budget, Task, stamp},
    story::{self, RunStory},
    summary::RunSummary,
    table, tell,
};
use crate::{
    judge::JudgeOptions,
    plan::Plan,
    regression::{self, Meaning, Regression},
    run::Run,
    scenario::Scenario,
    service::Service,
    simulator::EngineKind,
    suite::{PlantedBug, Suite},
};
use clap::Args as ClapArgs;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `replay`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A scenario (then with --seed), or a plan file
    #[arg(value_name = "SCENARIO|FILE")]
    what: String,
    /// The seed of the run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    planted: Planted,
    /// Which build performed the run, as lines that replay a failure name it: another one says so
    #[arg(long, value_name = "IDENTITY")]
    build: Option<String>,
    /// What performs it: event-loop, or turmoil, a second engine that cross-checks the first (slow, with fewer faults)
    #[arg(long, value_name = "ENGINE", default_value = "event-loop")]
    engine: EngineKind,
    /// Show the log among the rows, each line with its host and simulated time
    #[arg(long)]
    trace: bool,
    /// Which lines of the log to show, as in `warn,shop=debug` (implies --trace)
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// Show every step, also where nothing happened
    #[arg(long)]
    all: bool,
    /// For machines: everything, as JSON
    #[arg(long)]
    json: bool,
    /// Write the plan to this file, which can be edited and replayed
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Say {account} (takes a second run)
    #[arg(long, alias = "store", conflicts_with = "json")]
    account: bool,
    /// If a claim is violated, make the plan small (see `{command} shrink --help`)
    #[arg(long, conflicts_with = "json")]
    shrink: bool,
    /// Write a page about the run to this file: it opens in any browser, offline
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl Args {
    /// Refuses options that perform the plan again with the second engine, because they always use the first engine.
    fn check_engine(&self) -> Result<(), Trouble> {
        let options = [
            ("--account", self.account),
            ("--shrink", self.shrink),
            ("--report", self.report.is_some()),
        ];
        match options.into_iter().find(|(_, asked)| *asked) {
            Some((option, _)) if self.engine == EngineKind::Turmoil => Err(Trouble(format!(
                "{option} does not work with --engine turmoil, because only the other engine gives what it needs; leave out \
                 one of them"
            ))),
            _ => Ok(()),
        }
    }
}

/// Performs one plan again and prints its story.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let Found {
        scenario,
        plan,
        bug: needed,
        build: written_by,
        entry,
    } = find(suite, &args.what, args.seed)?;
    let bug = args.planted.resolve(suite, Path::new(&args.what), needed.as_deref())?;
    let others = [
        (written_by.as_deref(), "the plan was written by"),
        (args.build.as_deref(), "the run is one of"),
    ];
    let others = others
        .into_iter()
        .filter_map(|(build, was)| replay_line::other_build(suite, build, was));
    let others: Vec<String> = others.collect();
    // The bug was left out on request. Such a run proves nothing, and the output must say so.
    let left_out = needed.as_deref().filter(|_| bug.is_none());
    if args.account && suite.account.is_none() {
        return Err(Trouble(format!(
            "--account: {} knows nothing of a run that its story does not say; leave it out",
            suite.name
        )));
    }
    let here = [&args.save, &args.report].into_iter().flatten();
    if let Some(file) = here.clone().find(|file| same_file(file, Path::new(&args.what))) {
        return Err(Trouble(format!(
            "{} is the plan that is replayed, and would be overwritten; name another file",
            file.display()
        )));
    }
    if let (Some(save), Some(report)) = (&args.save, &args.report)
        && same_file(save, report)
    {
        return Err(Trouble(format!(
            "--save and --report: both would be written to {}; name two files",
            save.display()
        )));
    }
    if let Some(file) = &args.save {
        save(&plan.stamped(stamp(suite, bug)), file)?;
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
    let run = perform(scenario, &plan, bug, &options).map_err(|Trouble(what)| match args.seed {
        Some(_) => Trouble(what),
        None => Trouble(format!("{}: {what}", args.what)),
    })?;
    let summary = RunSummary::of(scenario, &plan, Ok(&run));
    let doubts = doubts(scenario, &run, &summary, bug, entry.as_ref());
    let conclusion = match (summary.conclusion(), doubts.is_empty()) {
        (Conclusion::Held, false) => Conclusion::Inconclusive,
        (conclusion, _) => conclusion,
    };
    if args.json {
        others.iter().for_each(tell);
        let recorded = written_by.as_deref().or(args.build.as_deref());
        let mut json = as_json(suite, &run, &summary, bug, recorded);
        json["conclusion"] = conclusion.word().into();
        json["doubts"] = doubts.into();
        say(format!("{json:#}"));
    } else {
        let run_story = RunStory {
            suite,
            scenario,
            run: &run,
            bug,
            all: args.all,
            doubts: &doubts,
        };
        if let Some(bug) = left_out {
            say(format!(
                "WITHOUT THE PLANTED BUG {bug}, which the plan was performed with"
            ));
        }
        others.iter().for_each(say);
        say(story::text(&table::look(), &run_story, &summary).trim_end());
        match &args.save {
            Some(file) => say(format!("The plan is in {}", file.display())),
            None => say("More: --all shows every step, --trace the log as well; --save FILE writes the plan"),
        }
    }
    let mut written = vec![];
    if args.account {
        say("");
        written.push(account(suite, &run, bug).map(say));
    }
    if args.shrink && !run.violations.is_empty() {
        written.push(make_small(suite, scenario, &run, bug));
    }
    if let Some(file) = &args.report {
        let with = With {
            bug: args.planted.bug.as_deref(),
            engine: args.engine,
        };
        let line = replay_line::line(suite, &args.what, args.seed, with);
        let page = report::page(suite, scenario, &run, bug, &line);
        written.push(report::write(file, &page).map(|()| {
            tell(format!("{}: the page is in {}", suite.name, file.display()));
        }));
    }
    output::after_verdict(conclusion, output::all(written))
}

/// The reasons why a run without a violation proves nothing.
fn doubts<S: Service>(
    scenario: &Scenario<S>,
    run: &Run<S>,
    summary: &RunSummary,
    bug: Option<&PlantedBug<S>>,
    entry: Option<&Regression<S>>,
) -> Vec<String> {
    let mut doubts = vec![];
    if !run.violations.is_empty() {
        return doubts;
    }
    if summary.operations == 0 {
        doubts.push("no operation ended, so nothing that people do was put to the test".to_owned());
    }
    if let Some(bug) = bug {
        doubts.push(format!("the planted bug {} is there, and is not detected", bug.name));
    }
    let lost = entry.map_or(vec![], |entry| entry.meaning.lost_in(&Meaning::of(scenario, run)));
    if !lost.is_empty() {
        doubts.push(format!(
            "the plan no longer means what it meant when it was saved ({})",
            lost.join("; ")
        ));
    }
    doubts
}

/// The service's own report of the run: see [`Suite::account`].
fn account<S: Service>(suite: &Suite<S>, run: &Run<S>, bug: Option<&PlantedBug<S>>) -> Result<String, Trouble> {
    let account = suite.account.as_ref().expect("checked before the run");
    let (again, text) = (account.of)(&run.plan, bug)?;
    match again.fingerprint == run.fingerprint {
        true => Ok(text),
        false => Err(Trouble(format!(
            "--account: the second run diverged (fingerprint {} instead of {}), because whoever listened changed it: this \
             is a bug of the harness",
            again.fingerprint, run.fingerprint
        ))),
    }
}

/// Shrinks the plan of a run that failed, and prints where the result is.
fn make_small<S: Service>(
    suite: &Suite<S>,
    scenario: &Scenario<S>,
    run: &Run<S>,
    bug: Option<&PlantedBug<S>>,
) -> Result<(), Trouble> {
    let reason = shrinking::reason(&run.violations, None, bug)?;
    let shrunk = shrinking::make(&Task {
        scenario,
        plan: &run.plan,
        bug,
        reason: &reason,
        budget: Budget::default(),
        steps_folder: None,
        stamp: stamp(suite, bug),
        quiet: false,
    })?;
    let stamp = stamp(suite, bug);
    let written = failures::write(&failures::folder(suite), &run.plan, stamp)?;
    let out = shrink::beside(&written);
    shrunk.plan.stamped(stamp).write(&out)?;
    say("");
    shrink::print_story(suite, scenario, &shrunk.plan, bug)?;
    say(shrinking::text(&shrunk, &reason));
    say(replay_line::small_plan(suite, &out, stamp.bug));
    Ok(())
}

/// The requested plan, the scenario whose properties judge it, and the planted bug that it needs.
struct Found<'a, S: Service> {
    scenario: &'a Scenario<S>,
    plan: Plan<S>,
    bug: Option<String>,
    /// The build that wrote the plan, according to its file.
    build: Option<String>,
    /// The regression to which the plan belongs, if any.
    entry: Option<Regression<S>>,
}

fn find<'a, S: Service>(suite: &'a Suite<S>, what: &str, seed: Option<u64>) -> Result<Found<'a, S>, Trouble> {
    let path = Path::new(what);
    let looks_like_a_file = path.is_file() || what.ends_with(".toml") || what.contains(std::path::MAIN_SEPARATOR);
    match (seed, looks_like_a_file) {
        (Some(_), true) => Err(Trouble(format!(
            "{what} is a plan file, which has its own seed; leave --seed away, or name a scenario"
        ))),
        (Some(seed), false) => {
            let scenario = suite.find_scenario(what)?;
            Ok(Found {
                scenario,
                plan: scenario.plan(seed),
                bug: None,
                build: None,
                entry: None,
            })
        }
        (None, true) => {
            let regression::Opened {
                plan,
                bug,
                build,
                entry,
            } = regression::open::<S>(path)?;
            let scenario = suite
                .find_scenario(&plan.scenario)
                .map_err(|error| Trouble(format!("{what}: {error}")))?;
            Ok(Found {
                scenario,
                plan,
                bug,
                build,
                entry,
            })
        }
        (None, false) => {
            let name = suite.find_scenario(what)?.name();
            Err(Trouble(format!(
                "which run of {name}? Add its seed, as in: {} replay {name} --seed 1",
                suite.command
            )))
        }
    }
}

/// Whether two paths name the same file, as far as it exists already.
fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn save<S: Service>(plan: &Plan<S>, file: &Path) -> Result<(), Trouble> {
    if file.exists() {
        return Err(Trouble(format!(
            "{} exists, and is left as it is; choose another name",
            file.display()
        )));
    }
    Ok(plan.write(file)?)
}

fn as_json<S: Service>(
    suite: &Suite<S>,
    run: &Run<S>,
    summary: &RunSummary,
    bug: Option<&PlantedBug<S>>,
    recorded: Option<&str>,
) -> serde_json::Value {
    json!({
        "version": 2,
        "scenario": summary.scenario,
        "seed": summary.seed,
        "bug": bug.map(|bug| bug.name),
        "build": suite.build,
        "recorded_by_build": recorded,
        "fingerprint": run.fingerprint,
        "simulated_ms": summary.simulated_ms,
        "violations": run.violations,
        "reached": summary.reached,
        "marks": run.marks,
        "faults": summary.faults,
        "faults_in_flight": summary.faults_in_flight,
        "operations": summary.operations,
        "whole": summary.whole,
        "history": run.history.records,
        "log": run.log,
    })
}
