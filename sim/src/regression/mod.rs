//! Regressions: bugs that were found, stored as plans. A test of the service replays them all.
//!
//! An entry is a plan that failed, usually a small one, with its violation. There are two kinds:
//!
//! - *With a planted bug*: with the bug the same property must fail for the same reason, and without the bug no
//!   property may fail. Such an entry tests that the property still detects the bug, and that the service still has the
//!   mechanism that the bug removes.
//! - *Of a bug of the service that was fixed*: no property may fail.
//!
//! **When does a plan still mean the same?** A plan remains usable when the generator changes, but not after every
//! change of the world: if a page takes a millisecond longer, a fault may miss the operation that it hit before. Then a
//! run without a violation proves nothing. So the facts of the run are recorded on saving ([`Meaning`]), and a replay
//! has one of three results:
//!
//! 1. The fingerprint is as recorded: the run is the same, down to the last packet.
//! 2. The fingerprint differs, but every fault that hit an operation in flight still hits one, the same kinds of
//!    operations succeed (numbers may differ), and every mark recorded as decisive is reached: the meaning is the same.
//!    `save --refresh` records the new fingerprint.
//! 3. Otherwise the replay has **diverged**. It never counts as passed: somebody has to look at it, and find the moment
//!    again that the plan was about (or refresh the entry, if the change was intended).
//!
//! If a planted bug is detected for the recorded reason, the meaning is not checked: the event for which the entry was
//! saved has happened again. An entry that was saved while its bug was present records a run that failed. Once the bug
//! is fixed, rule 2 says whether the run without a violation reached the same state.

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

/// A bug that was found, stored as a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Regression<S: Service> {
    /// Version of the format: [`REGRESSION_VERSION`].
    pub version: u32,
    /// Its name, as in the name of its file.
    pub name: String,
    /// What went wrong, in one sentence.
    pub what: String,
    /// Rows of the inventory that it is about, if the suite has an inventory.
    #[serde(default)]
    pub covers: Vec<u8>,
    /// The planted bug that it needs, if any.
    #[serde(default, alias = "plant", skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// The build that recorded it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The recorded fingerprint.
    pub fingerprint: String,
    /// The property that failed, and the reason.
    pub broke: Reason,
    /// The recorded meaning of the run.
    pub meaning: Meaning,
    /// The plan, with its scenario and its seed.
    pub plan: Plan<S>,
}
