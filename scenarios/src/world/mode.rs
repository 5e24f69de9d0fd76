//! How the mail relay and the analytics hook behave at the moment.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{Arc, Mutex},
};

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
    #[serde(alias = "erring")]
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

impl Mode {
    /// Its kind, without numbers.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Mode::Healthy => "healthy",
            Mode::Slow { .. } => "slow",
            Mode::Hanging => "hanging",
            Mode::Failing => "answering-with-errors",
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
    /// Healthy.
    fn default() -> PeerMode {
        PeerMode {
            current: Arc::new(Mutex::new(Mode::Healthy)),
        }
    }
}

impl PeerMode {
    /// How it behaves now.
    pub fn now(&self) -> Mode {
        *self.current.lock().expect("nobody panics while holding the mode")
    }

    /// How it behaves from now on.
    pub fn set(&self, mode: Mode) {
        *self.current.lock().expect("nobody panics while holding the mode") = mode;
    }
}
