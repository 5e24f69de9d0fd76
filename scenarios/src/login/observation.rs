//! What else can be seen of the login service from outside.

use super::{Login, Op};
use serde::{Deserialize, Serialize};
use sim::{history::Tag, service::Tone, world::EPOCH};

/// What else can be seen of the login service from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// A browser lost its session: the service deleted the cookie, or showed somebody who has a
    /// session cookie the page for strangers.
    LoggedOut {
        /// The session cookie it had.
        session: Tag,
    },
    /// The relay accepted a mail with a one-time code.
    CodeMailed {
        /// To whom.
        address: String,
        /// The code.
        code: Tag,
    },
    /// The relay accepted a reminder.
    ReminderMailed {
        /// To whom.
        address: String,
        /// When it was due, milliseconds since the Unix epoch.
        due_ms: u64,
    },
    /// The analytics hook was called.
    HookCalled {
        /// Whether it answered as it should.
        answered: bool,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["code mailed", "reminder mailed", "hook called", "session lost"];

    fn name(&self) -> &'static str {
        match self {
            Observation::LoggedOut { .. } => "session lost",
            Observation::CodeMailed { .. } => "code mailed",
            Observation::ReminderMailed { .. } => "reminder mailed",
            Observation::HookCalled { .. } => "hook called",
        }
    }

    fn describe(&self) -> String {
        match self {
            Observation::LoggedOut { session } => {
                format!("is logged out without asking for it (session {})", session.0)
            }
            Observation::CodeMailed { address, code } => format!("mail with code {} arrives at {address}", code.0),
            Observation::ReminderMailed { address, due_ms } => {
                let due_ms = due_ms.saturating_sub(EPOCH.millis());
                format!(
                    "reminder due at {}.{:03} s arrives at {address}",
                    due_ms / 1000,
                    due_ms % 1000
                )
            }
            Observation::HookCalled { .. } => "the analytics hook is called".to_owned(),
        }
    }

    fn outcome(&self) -> (Tone, &'static str) {
        match self {
            Observation::LoggedOut { .. } => (Tone::Bad, ""),
            Observation::CodeMailed { .. } | Observation::ReminderMailed { .. } => (Tone::Plain, ""),
            Observation::HookCalled { answered: true } => (Tone::Good, "answered"),
            Observation::HookCalled { answered: false } => (Tone::Unsure, "not answered"),
        }
    }

    fn filter(&self) -> Option<&'static str> {
        match self {
            Observation::CodeMailed { .. } | Observation::ReminderMailed { .. } => Some("mail"),
            _ => None,
        }
    }

    fn is_alike(&self) -> bool {
        matches!(self, Observation::HookCalled { .. })
    }

    fn routine(&self) -> Option<&'static str> {
        match self {
            Observation::HookCalled { answered: true } => Some("calls that the analytics hook answered"),
            _ => None,
        }
    }

    fn is_part_of(&self, op: &Op) -> bool {
        match (self, op) {
            (Observation::CodeMailed { address, .. }, Op::SendCode { address: asked, .. }) => address == asked,
            _ => false,
        }
    }
}
