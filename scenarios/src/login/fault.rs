//! Faults that only the login service's world has: of its mail relay, its analytics hook and its directory.

use super::Login;
use crate::world::hosts;
use serde::{Deserialize, Serialize};
use sim::{nemesis::Control, service::ServiceFault, shrink::slug};
use std::{fmt, sync::atomic::Ordering};

/// A fault of the login service's own world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trouble {
    /// The mail relay changes its mode.
    Mail {
        /// How it behaves from now on.
        #[serde(rename = "manner")]
        mode: Mode,
    },
    /// The analytics hook changes its mode.
    Analytics {
        /// How it behaves from now on.
        #[serde(rename = "manner")]
        mode: Mode,
    },
    /// Somebody else holds the directory's write lock (`SQLITE_BUSY`).
    DirectoryBusy {
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
}

/// How a peer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mode {
    /// As it should.
    Healthy,
    /// As it should, but late.
    Slow {
        /// How late, milliseconds.
        by_ms: u64,
    },
    /// It accepts the connection and never answers.
    Hanging,
    /// It answers with an error.
    #[serde(rename = "erring")]
    Failing,
    /// It answers with bytes that the protocol does not allow.
    Garbage,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mode::Healthy => f.write_str("healthy"),
            Mode::Slow { by_ms } => write!(f, "{by_ms} ms slow"),
            Mode::Hanging => f.write_str("hanging"),
            Mode::Failing => f.write_str("answering with errors"),
            Mode::Garbage => f.write_str("answering garbage"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Mail { mode } => write!(f, "the mail relay is {mode}"),
            Trouble::Analytics { mode } => write!(f, "the analytics hook is {mode}"),
            Trouble::DirectoryBusy { lasts_ms } => write!(f, "the directory is locked for {lasts_ms} ms"),
        }
    }
}

impl ServiceFault<Login> for Trouble {
    const KINDS: &'static [&'static str] = &["mail", "analytics", "directory-busy"];

    fn hosts(&self) -> Vec<&str> {
        match self {
            Trouble::Mail { .. } => vec![hosts::MAIL],
            Trouble::Analytics { .. } => vec![hosts::ANALYTICS],
            Trouble::DirectoryBusy { .. } => vec![],
        }
    }

    fn repairs(&self) -> bool {
        match self {
            Trouble::Mail { mode } | Trouble::Analytics { mode } => *mode == Mode::Healthy,
            Trouble::DirectoryBusy { .. } => false,
        }
    }

    fn is_ended_by(&self, end: &Trouble) -> bool {
        matches!(
            (self, end),
            (Trouble::Mail { .. }, Trouble::Mail { .. }) | (Trouble::Analytics { .. }, Trouble::Analytics { .. })
        )
    }

    fn shape(&self) -> String {
        match self {
            Trouble::Mail { mode } | Trouble::Analytics { mode } => {
                let mode = slug(&mode.to_string());
                format!("{} {}", self.hosts()[0], mode.trim_start_matches("ms-"))
            }
            Trouble::DirectoryBusy { .. } => "directory-busy".into(),
        }
    }

    fn inject(&self, control: &Control<'_, Login>) {
        let shared = control.shared();
        match self {
            Trouble::Mail { mode } => shared.mail.set(*mode),
            Trouble::Analytics { mode } => shared.analytics.set(*mode),
            Trouble::DirectoryBusy { lasts_ms } => {
                let until_ms = control.now_ms() + lasts_ms;
                shared.busy_until_ms.fetch_max(until_ms, Ordering::Relaxed);
                lock_directory(control);
            }
        }
    }

    fn heal(control: &Control<'_, Login>) {
        let shared = control.shared();
        shared.mail.set(Mode::Healthy);
        shared.analytics.set(Mode::Healthy);
        shared.busy_until_ms.store(0, Ordering::Relaxed);
        shared.directory.lock().give_back();
    }
}

/// Somebody else takes the directory's write lock as soon as it is free, and keeps it for as long as it is to be busy.
fn lock_directory(control: &Control<'_, Login>) {
    let shared = control.shared();
    let (now_ms, until_ms) = (control.now_ms(), shared.busy_until_ms.load(Ordering::Relaxed));
    let lock = shared.directory.lock();
    if now_ms >= until_ms {
        lock.give_back();
        return;
    }
    let next_ms = if lock.take() { until_ms } else { now_ms + 1 };
    control.at(next_ms, lock_directory);
}
