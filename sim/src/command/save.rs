//! `squall save`: keeps a failing plan as a regression, which `cargo test` replays from then on.

use super::{Conclusion, Trouble, say};
use clap::Args as ClapArgs;
use scenarios::{
    planted,
    regression::{self, Regression, Replayed, record, replay},
};
use sim::shrink::slug;
use std::{
    env,
    path::{Path, PathBuf},
};

/// What `save` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A failing plan, small if possible (see `squall shrink`); with --refresh, a regression
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its name: small letters, digits and hyphens [default: after the planted bug, or what broke]
    #[arg(long, value_name = "NAME", conflicts_with = "refresh")]
    name: Option<String>,
    /// The planted bug that it takes
    #[arg(long, value_name = "BUG", conflicts_with = "refresh")]
    plant: Option<String>,
    /// Where to keep it [default: scenarios/regressions]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Record anew what FILE does today: after a change of the world, or once its bug is mended
    #[arg(long)]
    refresh: bool,
}

/// Keeps a plan, or records an entry anew.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    if args.refresh {
        return refresh(&args.file);
    }
    let opened = regression::open(&args.file)?;
    let plant = args.plant.as_deref().or(opened.plant.as_deref());
    let plant = plant.map(planted::find).transpose()?;
    let folder = folder(args.folder.as_deref())?;
    let mut entry = record("", &opened.plan, plant.as_ref(), opened.broke.as_ref())
        .map_err(|error| Trouble(format!("{}: {error}", args.file.display())))?;
    entry.name = match &args.name {
        Some(name) => name.clone(),
        None => default_name(&entry),
    };
    if !is_name(&entry.name) {
        return Err(Trouble(format!(
            "{:?} is no name for a regression: small letters, digits and hyphens",
            entry.name
        )));
    }
    let kept = regression::read_all(&folder)?;
    if let Some((path, _)) = kept
        .iter()
        .find(|(_, other)| other.plan == entry.plan && other.plant == entry.plant)
    {
        return Err(Trouble(format!("this plan is kept already, in {}", path.display())));
    }
    let path = regression::file_name(&folder, &entry.name)?;
    entry.write(&path)?;
    say(format!("Kept in {}: {}", path.display(), entry.broke));
    say(format!("  cargo squall replay {}", path.display()));
    Ok(Conclusion::Held)
}

/// Only what passes, or has diverged, is recorded anew: a violation is not waved through.
fn refresh(file: &Path) -> Result<Conclusion, Trouble> {
    let entry = Regression::read(file)?;
    let (replayed, today) = replay(&entry).map_err(|error| Trouble(format!("{}: {error}", file.display())))?;
    match &replayed {
        Replayed::Violated(_) | Replayed::GotAway { .. } => {
            say(format!("{} is left as it is: {replayed}", file.display()));
            return Ok(Conclusion::Violated);
        }
        Replayed::Diverged { lost } if entry.plant.is_some() => {
            return Err(Trouble(format!(
                "{} is left as it is: it takes the planted bug to fail, and does not fail any more ({}). Find the failing \
                 moment again and save that plan",
                file.display(),
                lost.join("; ")
            )));
        }
        Replayed::Diverged { lost } => say(format!("Given up, from now on: {}", lost.join("; "))),
        Replayed::Same | Replayed::SameMeaning => {}
    }
    if today == entry {
        say(format!("{} is up to date", file.display()));
    } else {
        today.write(file)?;
        say(format!("{} is recorded anew", file.display()));
    }
    Ok(Conclusion::Held)
}

/// `scenarios/regressions` of the workspace that the command was started in.
fn folder(asked: Option<&Path>) -> Result<PathBuf, Trouble> {
    let folder = match asked {
        Some(asked) => asked.to_owned(),
        None => {
            let here = env::current_dir().unwrap_or_default();
            let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
            root.unwrap_or(&here).join("scenarios").join("regressions")
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

fn default_name(entry: &Regression) -> String {
    match (&entry.plant, entry.broke.reason.as_str()) {
        (Some(plant), _) => plant.replace('_', "-"),
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
