//! `shrink`: shrinks a failing plan.

use super::{
    Conclusion, Trouble,
    perform::perform,
    planted::Planted,
    replay_line, say,
    shrinking::{self, Budget, Task, stamp},
    story::{self, RunStory},
    summary::RunSummary,
    table,
};
use crate::{
    judge::JudgeOptions,
    plan::Plan,
    regression,
    scenario::Scenario,
    service::Service,
    suite::{PlantedBug, Suite},
};
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};

/// Options of `shrink`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A plan file, or a regression
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    planted: Planted,
    /// Which violation is to stay, if the plan has several [default: that of the planted bug, or the first]
    #[arg(long, value_name = "PROPERTY")]
    property: Option<String>,
    /// What it may cost: runs (the same result everywhere), or processor time as in 30s
    #[arg(long, value_name = "N", default_value_t)]
    budget: Budget,
    /// Where to write the small plan [default: beside FILE, as FILE-small.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every step to this folder, as plans that can be replayed
    #[arg(long, alias = "keep-steps", value_name = "DIR")]
    steps: Option<PathBuf>,
}

/// Shrinks a plan and prints its story.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let opened = regression::open::<S>(&args.file)?;
    let bug = args.planted.resolve(suite, &args.file, opened.bug.as_deref())?;
    let wrong = |error: &dyn std::fmt::Display| Trouble(format!("{}: {error}", args.file.display()));
    let scenario = suite
        .find_scenario(&opened.plan.scenario)
        .map_err(|error| wrong(&error))?;
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Err(Trouble(format!(
            "{} exists, and is left as it is; choose another name",
            out.display()
        )));
    }
    let run = perform(scenario, &opened.plan, bug, &JudgeOptions::default()).map_err(|Trouble(what)| wrong(&what))?;
    let property = args
        .property
        .as_deref()
        .or(opened.entry.as_ref().map(|entry| entry.broke.property.as_str()));
    let reason = shrinking::reason(&run.violations, property, bug).map_err(|Trouble(what)| wrong(&what))?;
    let shrunk = shrinking::make(&Task {
        scenario,
        plan: &opened.plan,
        bug,
        reason: &reason,
        budget: args.budget,
        steps_folder: args.steps.as_deref(),
        stamp: stamp(suite, bug),
        quiet: false,
    })?;
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    shrunk.plan.stamped(stamp(suite, bug)).write(&out)?;
    if let Some(note) = replay_line::other_build(suite, opened.build.as_deref(), "the plan was written by") {
        say(note);
    }
    print_story(suite, scenario, &shrunk.plan, bug)?;
    say(shrinking::text(&shrunk, &reason));
    say(replay_line::small_plan(suite, &out, bug.map(|bug| bug.name)));
    Ok(Conclusion::Violated)
}

/// Performs a plan and prints its story.
pub(crate) fn print_story<S: Service>(
    suite: &Suite<S>,
    scenario: &Scenario<S>,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
) -> Result<(), Trouble> {
    let run = perform(scenario, plan, bug, &JudgeOptions::default())?;
    let summary = RunSummary::of(scenario, plan, Ok(&run));
    let run_story = RunStory {
        suite,
        scenario,
        run: &run,
        bug,
        all: false,
        doubts: &[],
    };
    say(story::text(&table::look(), &run_story, &summary));
    Ok(())
}

/// The name for the small plan: `a.toml` becomes `a-small.toml`, or `a-small-2.toml` if that exists, so that no file is
/// overwritten.
pub(crate) fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stem = stem.trim_end_matches("-small").to_owned();
    let numbered = (1..).map(|n| match n {
        1 => file.with_file_name(format!("{stem}-small.toml")),
        n => file.with_file_name(format!("{stem}-small-{n}.toml")),
    });
    let mut free = numbered.filter(|path| !path.exists());
    free.next().expect("there are more numbers than files")
}
