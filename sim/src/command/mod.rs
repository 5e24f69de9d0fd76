//! The command line of a suite: [`Suite::main`]. Each command is a file; what they share stands beside them.
//!
//! Exit codes: 0 all held, 1 something was violated (or a planted bug was missed), 2 inconclusive, which includes bad input
//! and errors of the harness itself, 130 a sweep that was interrupted.

mod annotations;
mod args;
mod bench;
mod bugs;
mod calls;
mod cli;
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
mod parallel;
mod perform;
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

pub use crate::suite::{Account, AccountOf, Conclusion, OwnCommand, Trouble};
pub use fresh::seed as fresh_seed;

use crate::{service::Service, suite::Suite};
use std::{fmt, path::Path, process::ExitCode};

impl<S: Service> Suite<S> {
    /// Runs the command that was typed: `explore` if none was, and `merge`, `calls`, `replay`, `shrink`, `save`,
    /// `regressions`, `list`, `bugs`, `bench` and the suite's own commands.
    pub fn main(&self) -> ExitCode {
        let matches = cli::command(self).get_matches();
        match cli::run(self, &matches) {
            Ok(_) if interrupt::asked() => ExitCode::from(interrupt::EXIT),
            Ok(conclusion) => conclusion.exit(),
            Err(Trouble(what)) => {
                eprintln!("{}: {what}", self.name);
                Conclusion::Inconclusive.exit()
            }
        }
    }
}

/// Prints to standard output. A reader that has closed its end (`… list | head`) is no error.
pub fn say(text: impl fmt::Display) {
    #[cfg(test)]
    tests::capture(&text.to_string());
    #[cfg(not(test))]
    {
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// Whether a file can be written, as far as can be told beforehand: better now than after an hour's sweep.
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
