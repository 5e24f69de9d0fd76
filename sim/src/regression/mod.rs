//! Bugs that were found, kept as plans: a test of the service replays them all.
//!
//! An entry is a plan that failed, small as a rule, with what broke. There are two kinds:
//!
//! - *with a planted bug*: with the bug the same property must break for the same reason, and without it nothing may. It
//!   keeps the properties sharp, and the mechanism that the bug takes away in place;
//! - *of a bug of the service that was mended*: nothing may break.
//!
//! **When does a plan still mean the same?** A plan outlives changes of the generator, but not every change of the world: a
//! page that takes a millisecond longer may let a fault miss what it hit. Then a clean run proves nothing. So what the run
//! did is recorded on saving ([`Meaning`]):
//!
//! 1. the fingerprint is as recorded: the same run, to the last packet;
//! 2. it differs, but every fault that hit somebody who waited for an answer still does, everything that people got done
//!    they still get done (in kind, not in number), and every mark recorded as decisive is still reached: the same
//!    meaning. `save --refresh` records the new fingerprint;
//! 3. else the replay has **diverged**. It never counts as passed: somebody has to look, and find the moment again that
//!    the plan was about (or, if the change was meant, refresh the entry).
//!
//! A planted bug that is detected for the recorded reason is meaning enough: what the entry was saved for has happened
//! again. An entry that was saved while its bug was still there records a run that failed; once the bug is mended, rule 2
//! says whether the clean run got to the same place.

mod file;
mod meaning;
mod replay;
#[cfg(test)]
mod tests;

pub use file::{Opened, RegressionFileError, file_name, open, read_all};
pub use meaning::Meaning;
pub use replay::{RegressionError, Replayed, record, replay};

use crate::{plan::Plan, property::Reason, service::Service};
use serde::{Deserialize, Serialize};

/// The version of the format that this build writes. It reads all versions up to this one.
pub const REGRESSION_VERSION: u32 = 2;

/// A bug that was found, as a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Regression<S: Service> {
    /// Format of this file: [`REGRESSION_VERSION`].
    pub version: u32,
    /// Its name, as in the file's.
    pub name: String,
    /// What went wrong, in one sentence.
    pub what: String,
    /// Rows of the inventory, where the suite has one.
    #[serde(default)]
    pub covers: Vec<u8>,
    /// The planted bug that it needs, if any.
    #[serde(default, alias = "plant", skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// The build that recorded it, if it knew itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The fingerprint when it was recorded.
    pub fingerprint: String,
    /// What broke.
    pub broke: Reason,
    /// What the run did when it was recorded.
    pub meaning: Meaning,
    /// The plan, with its scenario and its seed.
    pub plan: Plan<S>,
}
