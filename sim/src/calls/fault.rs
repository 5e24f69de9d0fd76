//! What becomes of one call, as data.

use super::CallSite;
use crate::fault::HostName;
use seams::Failure;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What becomes of the next call of this name that a process makes: the one that stands still if the fault has a trigger at
/// this call, as it should.
///
/// ```toml
/// [[fault]]
/// at_ms = 0
/// fault = "call"
/// host = "desk-1"
/// call = "store take"
/// outcome = "answer-lost"
/// error = "reset"
/// after = { event = "desk-1 calls store take", nth = 3 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// Whose call.
    pub host: HostName,
    /// Which, as [`CallSite::name`].
    pub call: String,
    /// What becomes of it.
    pub outcome: CallOutcome,
    /// With which of [`CallSite::errors`]; empty where it succeeds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// How long it waits, milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub by_ms: u64,
}

fn is_zero(ms: &u64) -> bool {
    *ms == 0
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallOutcome {
    /// It is not done, and the caller gets the error.
    Fails,
    /// It is done, and the caller gets the error: one that leaves it in doubt.
    AnswerLost,
    /// It is done, and time passes before.
    Late,
    /// It is done, and time passes before its answer comes.
    AnswerLate,
}

impl CallFault {
    /// What the caller gets, if that is an error.
    pub(crate) fn failure(&self, site: &CallSite) -> Option<Failure> {
        site.error(&self.error).map(|error| (error.failure)())
    }

    /// Whether there is such a call, and whether this can become of it.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    pub(crate) fn check(&self, sites: &[CallSite]) -> Result<(), String> {
        let Some(site) = sites.iter().find(|site| site.name == self.call) else {
            let names: Vec<&str> = sites.iter().map(|site| site.name).collect();
            let near = crate::nearest::nearest(&self.call, names.iter().copied());
            let near = match near.is_empty() {
                true => format!("there are {}", names.join(", ")),
                false => format!("near it are {}", near.join(", ")),
            };
            return Err(format!("processes make no call {:?}; {near}", self.call));
        };
        let needs_error = matches!(self.outcome, CallOutcome::Fails | CallOutcome::AnswerLost);
        match (needs_error, site.error(&self.error)) {
            (false, _) if !self.error.is_empty() => {
                Err("a call that is only late has no error; leave `error` out".into())
            }
            (false, _) if self.by_ms == 0 => Err("a call that is late is so by something; set `by_ms`".into()),
            (true, None) => {
                let errors: Vec<&str> = site.errors.iter().map(|error| error.name).collect();
                let (call, error) = (&self.call, &self.error);
                Err(format!(
                    "{call:?} never fails with {error:?}, but with {}",
                    errors.join(", ")
                ))
            }
            (true, Some(error)) if self.outcome == CallOutcome::AnswerLost && !(error.failure)().is_unknown() => {
                let error = error.name;
                Err(format!(
                    "{error:?} says that the call was not done, so it cannot stand for an answer that was lost"
                ))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for CallFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CallFault {
            host,
            call,
            outcome,
            error,
            by_ms,
        } = self;
        let after = match by_ms {
            0 => String::new(),
            ms => format!(" after {ms} ms"),
        };
        match outcome {
            CallOutcome::Fails => write!(
                f,
                "{host} gets {error} for \u{201c}{call}\u{201d}{after}, which is not done"
            ),
            CallOutcome::AnswerLost => {
                write!(
                    f,
                    "{host} gets {error} for \u{201c}{call}\u{201d}{after}, which is done"
                )
            }
            CallOutcome::Late => write!(f, "{host} waits {by_ms} ms before \u{201c}{call}\u{201d}"),
            CallOutcome::AnswerLate => write!(f, "{host} gets the answer of \u{201c}{call}\u{201d} {by_ms} ms late"),
        }
    }
}
