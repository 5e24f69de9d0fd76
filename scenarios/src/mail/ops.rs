//! Observations of the mail relay: each conversation with it.

use crate::login::Login;
use serde::{Deserialize, Serialize};

/// What the relay observes of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// Somebody has connected.
    ConversationBegan {
        /// Its number: its end has the same.
        number: u64,
    },
    /// The connection is closed.
    ConversationEnded {
        /// The number of its beginning.
        number: u64,
        /// The `Message-ID`s of the mails that the relay has accepted in it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        took: Vec<String>,
        /// The recipients whom the relay has refused for good.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<String>,
        /// When the relay answered QUIT, milliseconds from the start of the run; `None`: nobody said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quit_ms: Option<u64>,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["relay connected", "relay disconnected"];

    fn name(&self) -> &'static str {
        match self {
            Observation::ConversationBegan { .. } => "relay connected",
            Observation::ConversationEnded { .. } => "relay disconnected",
        }
    }

    fn describe(&self) -> String {
        match self {
            Observation::ConversationBegan { number } => format!("conversation {number} with the relay begins"),
            Observation::ConversationEnded { number, took, .. } => {
                format!(
                    "conversation {number} with the relay is over: it took {} mails",
                    took.len()
                )
            }
        }
    }

    fn filter(&self) -> Option<&'static str> {
        Some("mail")
    }

    fn routine(&self) -> Option<&'static str> {
        Some("conversations with the mail relay")
    }
}
