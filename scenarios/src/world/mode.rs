//! How the mail relay and the analytics hook behave at a given moment.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{Arc, Mutex},
};

/// The way in which a peer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mode {
    /// It works.
    Healthy,
    /// It works, but answers late.
    Slow {
        /// By how much, milliseconds.
        by_ms: u64,
    },
    /// It accepts the connection and never answers.
    Hanging,
    /// It answers with an error.
    #[serde(alias = "erring")]
    Failing,
    /// It does what it is asked, and closes the connection without an answer.
    Dropping,
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
            Mode::Dropping => f.write_str("closing connections without an answer"),
            Mode::Garbage => f.write_str("answering garbage"),
        }
    }
}

impl Mode {
    /// The kind of mode, without numbers.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Mode::Healthy => "healthy",
            Mode::Slow { .. } => "slow",
            Mode::Hanging => "hanging",
            Mode::Failing => "answering-with-errors",
            Mode::Dropping => "closing-without-an-answer",
            Mode::Garbage => "answering-garbage",
        }
    }
}

/// The mode of one host, set by a fault and read by the host. Clones share it.
#[derive(Clone, Debug)]
pub struct PeerMode {
    current: Arc<Mutex<Mode>>,
}

impl Default for PeerMode {
    /// A mode that is healthy.
    fn default() -> PeerMode {
        PeerMode {
            current: Arc::new(Mutex::new(Mode::Healthy)),
        }
    }
}

impl PeerMode {
    /// The mode now.
    pub fn now(&self) -> Mode {
        *self.current.lock().expect("nobody panics while holding the mode")
    }

    /// Sets the mode from now on.
    pub fn set(&self, mode: Mode) {
        *self.current.lock().expect("nobody panics while holding the mode") = mode;
    }
}
