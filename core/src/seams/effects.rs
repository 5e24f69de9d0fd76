//! What leaves the service without being waited for: mail and analytics.

use super::{Outcome, Timestamp};
use async_trait::async_trait;

/// A mail, before it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The person's address.
    pub to: String,
    /// What it says.
    pub subject: Subject,
}

/// What a mail says.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// A one-time code.
    Code {
        /// The code as the person types it.
        code: String,
        /// For how many minutes it is good.
        minutes: u64,
    },
    /// Something the person asked to be reminded of.
    Reminder {
        /// Which reminder: becomes the Message-ID.
        id: String,
        /// What to say.
        text: String,
        /// When it was due.
        due: Timestamp,
    },
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Code { .. } => f.write_str("Code(…)"), // a secret: not for logs
            Subject::Reminder { id, .. } => write!(f, "Reminder({id})"),
        }
    }
}

/// Takes mail away.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Puts a mail into the bounded outbox and returns at once; a worker delivers it. `Fail` when
    /// the outbox is full (inventory 1).
    async fn enqueue(&self, mail: Mail) -> Outcome<()>;

    /// Hands a mail to the relay and waits for its word, within a deadline: for background jobs
    /// only, never on a request's path.
    async fn deliver(&self, mail: Mail) -> Outcome<()>;
}

/// What analytics is told of a login. No address, no code, no token.
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

/// Takes login events away.
#[async_trait]
pub trait Analytics: Send + Sync {
    /// Puts an event into the bounded queue and returns at once. A full queue drops the event and
    /// counts it: analytics never costs a login anything (inventory 53).
    async fn record(&self, event: LoginEvent);
}
