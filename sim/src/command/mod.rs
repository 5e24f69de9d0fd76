//! The command line of a suite: [`Suite::main`]. Each command is a file; common parts are files beside them.
//!
//! Exit codes: 0 all held; 1 something was violated (or `bugs` missed a planted bug); 2 inconclusive, which includes
//! bad input, output that cannot be written, and errors of the harness itself; 130 a sweep that was interrupted before
//! anything was violated. A violation is 1 whatever happens after it.

mod annotations;
mod args;
mod bench;
mod bugs;
mod calls;
mod cli;
mod excuses;
mod explore;
mod failures;
mod findings;
mod folder;
mod fresh;
mod groups;
mod identity;
pub mod interrupt;
mod junit;
mod list;
mod marks;
mod merge;
mod outcome;
mod output;
mod parallel;
mod perform;
mod planted;
mod regressions;
mod replay;
mod replay_line;
mod report;
mod save;
mod shard;
mod shared_guide;
mod shrink;
mod shrinking;
mod stored;
mod story;
mod summary;
pub mod table;
#[cfg(test)]
mod tests;
mod watchdog;

pub use crate::suite::{Account, AccountOf, Conclusion, OwnCommand, Trouble};
pub use fresh::seed as fresh_seed;
pub use output::{after_verdict, say, tell};

use crate::{service::Service, suite::Suite};
use std::{io::ErrorKind, path::Path, process::ExitCode};

impl<S: Service> Suite<S> {
    /// Runs the command that was typed, or `explore` if there was none. Commands are `explore`, `merge`, `calls`,
    /// `replay`, `shrink`, `save`, `regressions`, `list`, `bugs`, `excuses`, `bench` and the suite's own commands.
    pub fn main(&self) -> ExitCode {
        let matches = match cli::command(self).try_get_matches() {
            Ok(matches) => matches,
            Err(answer) => {
                let code = answer.exit_code();
                return match answer.print() {
                    Err(error) if error.kind() != ErrorKind::BrokenPipe => Conclusion::Inconclusive.exit(),
                    _ => ExitCode::from(u8::try_from(code).unwrap_or(2)),
                };
            }
        };
        let (conclusion, trouble) = match cli::run(self, &matches) {
            Ok(conclusion) => (conclusion, output::lost::trouble()),
            Err(trouble) => (Conclusion::Inconclusive, Some(trouble)),
        };
        let failed = trouble.is_some();
        if let Some(Trouble(what)) = trouble {
            tell(format!("{}: {what}", self.name));
        }
        match conclusion {
            // Whatever happened after it: an interruption, a full disk, a reader that closed its end.
            Conclusion::Violated => Conclusion::Violated.exit(),
            _ if failed => Conclusion::Inconclusive.exit(),
            _ if interrupt::asked() => ExitCode::from(interrupt::EXIT),
            conclusion => conclusion.exit(),
        }
    }
}

/// Checks beforehand, as far as possible, that a file can be written, so that a long sweep is not lost.
///
/// # Errors
/// What is wrong, and what to do.
pub fn must_be_writable(option: &str, file: &Path) -> Result<(), Trouble> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if file.is_dir() {
        return Err(Trouble(format!(
            "{option}: {} is a folder; name a file in it",
            file.display()
        )));
    }
    if !folder.is_dir() {
        return Err(Trouble(format!(
            "{option}: there is no folder {}; make it first",
            folder.display()
        )));
    }
    Ok(())
}
