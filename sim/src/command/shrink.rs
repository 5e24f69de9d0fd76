//! `squall shrink`: a failing plan, made small.

use super::{
    Conclusion, Trouble, again, harness, say,
    small::{self, Budget, Task},
    telling,
};
use clap::Args as ClapArgs;
use scenarios::{catalogue, judge::JudgeOptions, planted, planted::Planted, regression, scenario::Scenario};
use sim::plan::Plan;
use std::path::{Path, PathBuf};

/// What `shrink` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A plan file, or a regression
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Plant this bug [default: the regression's]
    #[arg(long, value_name = "BUG")]
    plant: Option<String>,
    /// Which violation is to stay, if the plan has several [default: that of the planted bug, or the first]
    #[arg(long, value_name = "PROPERTY")]
    property: Option<String>,
    /// What it may cost: runs (the same result everywhere), or processor time as in 30s
    #[arg(long, value_name = "N", default_value_t)]
    budget: Budget,
    /// Where to write the small plan [default: beside FILE, as FILE-small.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every step to this folder, as plans to be replayed
    #[arg(long, value_name = "DIR")]
    keep_steps: Option<PathBuf>,
}

/// Makes a plan small and tells its story.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let opened = regression::open(&args.file)?;
    let plant = args.plant.as_deref().or(opened.plant.as_deref());
    let plant = plant.map(planted::find).transpose()?;
    let wrong = |error: &dyn std::fmt::Display| Trouble(format!("{}: {error}", args.file.display()));
    let scenario = catalogue::find(&opened.plan.scenario).map_err(|error| wrong(&error))?;
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Err(Trouble(format!(
            "{} exists, and is left as it is; choose another name",
            out.display()
        )));
    }
    let run = harness::perform(&scenario, &opened.plan, plant.as_ref(), &JudgeOptions::default())
        .map_err(|Trouble(what)| wrong(&what))?;
    let property = args
        .property
        .as_deref()
        .or(opened.broke.as_ref().map(|broke| broke.property.as_str()));
    let reason = small::reason(&run.violations, property, plant.as_ref()).map_err(|Trouble(what)| wrong(&what))?;
    let shrunk = small::make(&Task {
        scenario: &scenario,
        plan: &opened.plan,
        plant: plant.as_ref(),
        reason: &reason,
        budget: args.budget,
        keep_steps: args.keep_steps.as_deref(),
        quiet: false,
    })?;
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    shrunk.plan.write(&out)?;
    tell(&scenario, &shrunk.plan, plant.as_ref())?;
    say(small::told(&shrunk, &reason));
    say(again::small_plan(&out, plant.as_ref()));
    Ok(Conclusion::Violated)
}

/// The story of a plan.
pub(crate) fn tell(scenario: &Scenario, plan: &Plan, plant: Option<&Planted>) -> Result<(), Trouble> {
    let run = harness::perform(scenario, plan, plant, &JudgeOptions::default())?;
    say(telling::story(scenario, &run, plant));
    Ok(())
}

/// `a.toml` becomes `a-small.toml`, or `a-small-2.toml` if that is taken: nothing is lost.
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
