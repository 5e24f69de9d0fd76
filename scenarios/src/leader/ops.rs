//! Observations of the leader's work.

use crate::login::Login;
use serde::{Deserialize, Serialize};
use sim::world::EPOCH;

/// An event of the leader's work that the mail relay observes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// The relay accepted a reminder.
    ReminderMailed {
        /// The recipient's address.
        address: String,
        /// When the reminder was due, milliseconds since the Unix epoch.
        due_ms: u64,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["reminder mailed"];

    fn name(&self) -> &'static str {
        "reminder mailed"
    }

    fn describe(&self) -> String {
        let Observation::ReminderMailed { address, due_ms } = self;
        let due_ms = due_ms.saturating_sub(EPOCH.millis());
        format!(
            "reminder due at {}.{:03} s arrives at {address}",
            due_ms / 1000,
            due_ms % 1000
        )
    }

    fn filter(&self) -> Option<&'static str> {
        Some("mail")
    }
}
