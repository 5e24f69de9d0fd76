//! Login events for analytics: no request waits for them.

mod hook;

pub use hook::{AnalyticsHook, NoAnalytics};

use async_trait::async_trait;
use seams::Cause;
use std::time::Duration;

/// What analytics learns of a login. No address, no code, no token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LoginEvent {
    /// What happened: `login_started`, `code_sent`, `login_succeeded`, `login_failed`.
    pub event: &'static str,
    /// The relying party's client ID.
    pub client_id: String,
    /// Opaque user ID, where known.
    pub subject: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// Delivers login events.
#[async_trait]
pub trait Analytics: Send + Sync {
    /// Puts an event into the bounded queue and returns at once. A full queue drops its
    /// oldest event, and the log says so: analytics never costs a login anything (inventory 53).
    async fn record(&self, event: LoginEvent);

    /// Nothing more will be recorded, for the process stops: tells what waits. Returns how many events are lost that the log
    /// has not counted yet, after this time at the latest.
    async fn finish(&self, _within: Duration) -> u64 {
        0
    }

    /// What keeps events from being told at present, for `/health`.
    fn trouble(&self) -> Option<Cause> {
        None
    }
}
