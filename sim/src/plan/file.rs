//! A plan as a file: TOML that people can read and edit.
//!
//! The file ends with the line `# end of plan`. TOML alone cannot distinguish a file that was torn between two tables
//! from a shorter plan; this line can. A file is written under another name and then moved to its place, so that a
//! crash destroys no existing file.

use super::{PLAN_VERSION, Plan};
use crate::service::Service;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// The last line of a plan file.
const END: &str = "# end of plan";

/// A plan file that cannot be read or written: what is wrong, where, and what to do.
#[derive(Debug, Error)]
pub enum PlanFileError {
    /// An error of the file system.
    #[error("cannot {doing} the plan file {}: {source}", path.display())]
    Io {
        /// The operation: `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file ends too early: it is torn.
    #[error(
        "the plan file {} is torn: it stops at line {line}, without the closing line `{END}`. Write it again with \
         `--save`; if you edited it, put that line back at the end",
        path.display()
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// Its last line, counted from 1.
        line: usize,
    },
    /// A newer build wrote it.
    #[error(
        "the plan file {} has version {found}; this build reads versions up to {PLAN_VERSION}. Replay it with the \
         build that wrote it, or with a newer one",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// It is not a plan: bad TOML, an unknown or a missing field, a value of the wrong type.
    #[error("the plan file {} is not a plan: line {line}, column {column}: {what}. Mend that line, or write the file \
         again with `--save`", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
}

impl<S: Service> Plan<S> {
    /// Reads a plan file.
    ///
    /// # Errors
    /// The file cannot be read, is torn, is too new, or is not a plan.
    pub fn read(path: impl AsRef<Path>) -> Result<Plan<S>, PlanFileError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| PlanFileError::Io {
            doing: "read",
            path: path.to_owned(),
            source,
        })?;
        Plan::from_text(&text, path)
    }

    /// Reads a plan from text; `path` is for error messages.
    ///
    /// # Errors
    /// The text is torn, is too new, or is not a plan.
    pub fn from_text(text: &str, path: &Path) -> Result<Plan<S>, PlanFileError> {
        let malformed = |error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = position(text, at);
            PlanFileError::Malformed {
                path: path.to_owned(),
                line,
                column,
                what: error.message().trim_end_matches(['.', '\n']).replace('\n', "; "),
            }
        };
        // The version is read first, because a newer file may not look like a plan of this build at all.
        let table = toml::from_str::<toml::Table>(text);
        let version = table.as_ref().ok().and_then(|table| table.get("version")?.as_integer());
        if let Some(found) = version.filter(|found| *found > i64::from(PLAN_VERSION)) {
            let path = path.to_owned();
            return Err(PlanFileError::TooNew { path, found });
        }
        if text.trim_end().lines().last().map(str::trim) != Some(END) {
            let line = text.lines().count().max(1);
            let path = path.to_owned();
            return Err(PlanFileError::Torn { path, line });
        }
        toml::from_str(text).map(Plan::up_to_date).map_err(malformed)
    }

    /// The same plan in the current version. Plans of older versions keep their meaning.
    pub(crate) fn up_to_date(self) -> Plan<S> {
        Plan {
            version: PLAN_VERSION,
            ..self
        }
    }

    /// The text of a plan file.
    pub fn to_text(&self) -> String {
        let plan = toml::to_string(self).expect("a plan is tables of numbers and text");
        let healed = self
            .healed_at_ms()
            .map_or(String::new(), |ms| format!(", healed at {ms} ms"));
        format!(
            "# A plan: {} operations, {} faults{healed}. The command `replay` performs it.\n\n{plan}\n{END}\n",
            self.operations.len(),
            self.faults.len(),
        )
    }

    /// Writes a plan file, completely or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), PlanFileError> {
        let path = path.as_ref();
        let beside = path.with_extension("toml.new");
        let written = fs::write(&beside, self.to_text()).and_then(|()| fs::rename(&beside, path));
        written.map_err(|source| PlanFileError::Io {
            doing: "write",
            path: path.to_owned(),
            source,
        })
    }
}

/// Line and column of the byte at `at` in a text, counted from 1.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests;
