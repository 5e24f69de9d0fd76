//! `regressions`: replays every saved bug.

use super::{Conclusion, Trouble, failures, say, table};
use crate::{
    regression::{Replayed, read_all, replay},
    service::Service,
    suite::Suite,
};
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Options of `regressions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Where they are [default: the suite's folder of regressions]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Replays all of them: no bug may be back, each planted bug must be detected again, and each plan must still have its
/// meaning.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let own = || {
        suite
            .regressions
            .as_ref()
            .map(|folder| failures::workspace().join(folder))
    };
    let folder = args.folder.clone().or_else(own).ok_or_else(|| {
        let name = suite.name;
        Trouble(format!("{name} has no folder of regressions; name one with --folder"))
    })?;
    let entries = match folder.is_dir() {
        true => read_all::<S>(&folder)?,
        false => vec![],
    };
    if entries.is_empty() {
        return Err(Trouble(format!(
            "there is no regression in {}, so there is nothing to replay; `{} save` writes one",
            folder.display(),
            suite.command
        )));
    }
    let mut conclusion = Conclusion::Held;
    for (path, entry) in &entries {
        let (replayed, _) = replay(suite, entry).map_err(|error| Trouble(format!("{}: {error}", path.display())))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        say(format!("{name}  {}", replayed.describe(suite.command)));
        conclusion = conclusion.max(match replayed {
            Replayed::Same | Replayed::SameMeaning => Conclusion::Held,
            Replayed::Diverged { .. } => Conclusion::Inconclusive,
            Replayed::Violated(_) | Replayed::NotDetected { .. } => Conclusion::Violated,
        });
    }
    say(format!(
        "{}: {}",
        table::count(entries.len(), "regression"),
        conclusion.word()
    ));
    Ok(conclusion)
}
