//! `save`: stores a failing plan as a regression, which `regressions` replays.

use super::{
    Conclusion, Trouble, failures,
    planted::Planted,
    replay_line::{self, With},
    say,
};
use crate::{
    regression::{self, Regression, Replayed, record, replay},
    service::Service,
    shrink::slug,
    suite::Suite,
};
use clap::Args as ClapArgs;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Options of `save`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A failing plan, small if possible (see `{command} shrink --help`); with --refresh, a regression
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its name: small letters, digits and hyphens [default: after the planted bug, or what broke]
    #[arg(long, value_name = "NAME", conflicts_with = "refresh")]
    name: Option<String>,
    #[command(flatten)]
    planted: Planted,
    /// Where to write it [default: the suite's folder of regressions]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Record anew what FILE does today: after a change of the world, or once its bug is fixed
    #[arg(long)]
    refresh: bool,
}

/// Saves a plan, or records a regression again.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    if args.refresh && (args.planted.bug.is_some() || args.planted.without_bug) {
        return Err(Trouble(
            "--refresh: a regression says itself which planted bug it needs; leave --bug and --without-bug out".into(),
        ));
    }
    if args.refresh {
        return refresh(suite, &args.file);
    }
    let opened = regression::open::<S>(&args.file)?;
    let bug = args.planted.resolve(suite, &args.file, opened.bug.as_deref())?;
    let folder = folder(suite, args.folder.as_deref())?;
    let mut entry = record(
        suite,
        "",
        &opened.plan,
        bug,
        opened.entry.as_ref().map(|entry| &entry.broke),
    )
    .map_err(|error| Trouble(format!("{}: {error}", args.file.display())))?;
    entry.name = match &args.name {
        Some(name) => name.clone(),
        None => default_name(&entry),
    };
    if !is_name(&entry.name) {
        return Err(Trouble(format!(
            "{:?} cannot be the name of a regression: use small letters, digits and hyphens",
            entry.name
        )));
    }
    let saved = regression::read_all::<S>(&folder)?;
    if let Some((path, _)) = saved
        .iter()
        .find(|(_, other)| other.plan == entry.plan && other.bug == entry.bug)
    {
        return Err(Trouble(format!("this plan is saved already, in {}", path.display())));
    }
    let path = regression::file_name(&folder, &entry.name)?;
    entry.write(&path)?;
    say(format!("Saved in {}: {}", path.display(), entry.broke));
    let file = path.display().to_string();
    say(format!("  {}", replay_line::line(suite, &file, None, With::default())));
    Ok(Conclusion::Held)
}

/// Records again only a regression that passes or has diverged, never one with a violation.
fn refresh<S: Service>(suite: &Suite<S>, file: &Path) -> Result<Conclusion, Trouble> {
    let entry = Regression::<S>::read(file)?;
    let (replayed, today) = replay(suite, &entry).map_err(|error| Trouble(format!("{}: {error}", file.display())))?;
    match &replayed {
        Replayed::Violated(_) | Replayed::NotDetected { .. } => {
            let text = replayed.describe(suite.command);
            say(format!("{} is left as it is: {text}", file.display()));
            return Ok(Conclusion::Violated);
        }
        Replayed::Diverged { lost } if entry.bug.is_some() => {
            return Err(Trouble(format!(
                "{} is left as it is: it needs the planted bug to fail, and does not fail any more ({}). Find the failing \
                 moment again and save that plan",
                file.display(),
                lost.join("; ")
            )));
        }
        Replayed::Diverged { lost } => say(format!("No longer required, from now on: {}", lost.join("; "))),
        Replayed::Same | Replayed::SameMeaning => {}
    }
    if today == entry {
        say(format!("{} is up to date", file.display()));
    } else {
        let build = suite.build.map(str::to_owned);
        Regression { build, ..today }.write(file)?;
        say(format!("{} is recorded anew", file.display()));
    }
    Ok(Conclusion::Held)
}

/// The requested folder, or the suite's, which is created for the first regression.
fn folder<S: Service>(suite: &Suite<S>, asked: Option<&Path>) -> Result<PathBuf, Trouble> {
    let folder = match (asked, &suite.regressions) {
        (Some(asked), _) => asked.to_owned(),
        (None, Some(folder)) => {
            let folder = failures::workspace().join(folder);
            fs::create_dir_all(&folder)
                .map_err(|error| Trouble(format!("cannot make the folder {}: {error}", folder.display())))?;
            folder
        }
        (None, None) => {
            return Err(Trouble(format!(
                "{} has no folder of regressions; name one with --folder",
                suite.name
            )));
        }
    };
    match folder.is_dir() {
        true => Ok(folder),
        false => Err(Trouble(format!(
            "there is no folder {}; make it first, or name another with --folder",
            folder.display()
        ))),
    }
}

fn default_name<S: Service>(entry: &Regression<S>) -> String {
    match (&entry.bug, entry.broke.reason.as_str()) {
        (Some(bug), _) => bug.replace('_', "-"),
        (None, "") => slug(&entry.broke.property),
        (None, reason) => format!("{}-{reason}", slug(&entry.broke.property)),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
