//! Entries as files: TOML that people can read and edit, one bug per file, `NNNN-name.toml`.
//!
//! As a plan file does, the file ends with a closing line; a file without it is torn.

use super::{REGRESSION_VERSION, Regression};
use crate::{
    plan::{Plan, PlanFileError, Stamp, position},
    service::Service,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// The last line of an entry.
const END: &str = "# end of regression";

/// A file that cannot be read or written: what is wrong, where, and what to do.
#[derive(Debug, Error)]
pub enum RegressionFileError {
    /// An error of the file system.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The operation: `read` or `write`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file ends too early: it is torn.
    #[error(
        "the regression file {} is torn: it stops at line {line}, without the closing line `{END}`. Fetch it again \
         (`git checkout`), or write it again with the command `save`; if you edited it, put that line back at the end",
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
        "the regression file {} has version {found}; this build reads versions up to {REGRESSION_VERSION}. Use the \
         build that wrote it, or a newer one",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// Bad TOML, an unknown or a missing field, a value of the wrong type.
    #[error("the regression file {} is malformed: line {line}, column {column}: {what}. Mend that line, or write the \
         file again with the command `save`", path.display())]
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
    /// Its plan contains a line that belongs to the entry itself.
    #[error(
        "the regression file {} has a line `bug` or `build` in its table [plan]: they belong above it, among the lines of \
         the entry. Move them",
        path.display()
    )]
    Twice {
        /// The file.
        path: PathBuf,
    },
    /// It is a plan file that cannot be read.
    #[error(transparent)]
    Plan(#[from] PlanFileError),
}

/// A plan file or an entry. Both can be replayed, shrunk and saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened<S: Service> {
    /// The plan.
    pub plan: Plan<S>,
    /// The planted bug that it needs: the line `bug` of the file.
    pub bug: Option<String>,
    /// The build that wrote the file: the line `build` of the file.
    pub build: Option<String>,
    /// The entry, if the file is one: its recorded violation and the recorded meaning of its run.
    pub entry: Option<Regression<S>>,
}

/// Reads a plan file or an entry.
///
/// # Errors
/// The file cannot be read, is torn, is too new, or is malformed.
pub fn open<S: Service>(path: &Path) -> Result<Opened<S>, RegressionFileError> {
    let is_entry = fs::read_to_string(path).is_ok_and(|text| text.lines().any(|line| line.trim() == "[plan]"));
    if !is_entry {
        let plan = Plan::read(path)?;
        return Ok(Opened {
            plan: plan.stamped(Stamp::default()),
            bug: plan.bug,
            build: plan.build,
            entry: None,
        });
    }
    let entry = Regression::read(path)?;
    Ok(Opened {
        plan: entry.plan.clone(),
        bug: entry.bug.clone(),
        build: entry.build.clone(),
        entry: Some(entry),
    })
}

impl<S: Service> Regression<S> {
    /// Reads an entry.
    ///
    /// # Errors
    /// The file cannot be read, is torn, is too new, or is malformed.
    pub fn read(path: &Path) -> Result<Regression<S>, RegressionFileError> {
        let text = fs::read_to_string(path).map_err(|source| failed("read", path, source))?;
        Regression::from_text(&text, path)
    }

    /// Reads an entry from text; `path` is for error messages.
    ///
    /// # Errors
    /// The text is torn, is too new, or is malformed.
    pub fn from_text(text: &str, path: &Path) -> Result<Regression<S>, RegressionFileError> {
        let path = || path.to_owned();
        // The version is read first, because the rest of a newer file may not be readable at all.
        let table = toml::from_str::<toml::Table>(text);
        let version = table.ok().and_then(|table| table.get("version")?.as_integer());
        if let Some(found) = version.filter(|found| *found > i64::from(REGRESSION_VERSION)) {
            return Err(RegressionFileError::TooNew { path: path(), found });
        }
        if text.trim_end().lines().last().map(str::trim) != Some(END) {
            let line = text.lines().count().max(1);
            return Err(RegressionFileError::Torn { path: path(), line });
        }
        let entry = toml::from_str(text).map(Regression::up_to_date);
        let entry = entry.map_err(|error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let what = error.message().trim_end_matches(['.', '\n']).replace('\n', "; ");
            RegressionFileError::Malformed {
                path: path(),
                line,
                column,
                what,
            }
        })?;
        // Both belong only to the entry's own lines.
        if entry.plan.bug.is_some() || entry.plan.build.is_some() {
            return Err(RegressionFileError::Twice { path: path() });
        }
        Ok(entry)
    }

    /// The same entry in the current version. Entries of older versions keep their meaning.
    fn up_to_date(self) -> Regression<S> {
        Regression {
            version: REGRESSION_VERSION,
            plan: self.plan.up_to_date(),
            ..self
        }
    }

    /// The text of an entry.
    pub fn to_text(&self) -> String {
        let entry = toml::to_string(self).expect("an entry is tables of numbers and text");
        format!(
            "# {}: a bug that was found. The command `replay` replays it.\n\n{entry}\n{END}\n",
            self.broke
        )
    }

    /// Writes an entry, completely or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RegressionFileError> {
        let beside = path.with_extension("toml.new");
        let written = fs::write(&beside, self.to_text()).and_then(|()| fs::rename(&beside, path));
        written.map_err(|source| failed("write", path, source))
    }
}

/// Reads all entries of a folder, in the order of their numbers.
///
/// # Errors
/// The folder or an entry cannot be read.
pub fn read_all<S: Service>(folder: &Path) -> Result<Vec<(PathBuf, Regression<S>)>, RegressionFileError> {
    let paths = paths(folder)?.into_iter();
    paths
        .map(|path| Regression::read(&path).map(|entry| (path, entry)))
        .collect()
}

/// The path of the next entry, numbered one higher than the highest number in the folder.
///
/// # Errors
/// The folder cannot be read.
pub fn file_name(folder: &Path, name: &str) -> Result<PathBuf, RegressionFileError> {
    let number = |path: &PathBuf| path.file_name()?.to_str()?.split('-').next()?.parse::<u32>().ok();
    let last = paths(folder)?.iter().filter_map(number).max().unwrap_or(0);
    Ok(folder.join(format!("{:04}-{name}.toml", last + 1)))
}

fn paths(folder: &Path) -> Result<Vec<PathBuf>, RegressionFileError> {
    let failed = |source| failed("read", folder, source);
    let mut paths = vec![];
    for file in fs::read_dir(folder).map_err(failed)? {
        let path = file.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> RegressionFileError {
    RegressionFileError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
