//! Outgoing mail: no request waits for it.

mod console;
mod outbox;
mod relay;
mod starttls;

pub use console::ConsoleMailer;
pub use outbox::Outbox;

use async_trait::async_trait;
use seams::{Cause, Outcome, Timestamp};
use std::time::Duration;

/// A mail, before it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The person's address.
    pub to: String,
    /// What it says.
    pub subject: Subject,
    /// Nobody has the address: everything is done as for somebody, and the relay never gets it.
    pub is_decoy: bool,
}

/// What a mail says.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// A one-time code.
    Code {
        /// The code as the person types it.
        code: String,
        /// The name of the application that the person wants to go to.
        client: String,
        /// Host and port of this service, as the person sees them in the browser.
        service: String,
        /// For how many minutes it is valid.
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

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Puts a mail into the bounded outbox and returns at once; a worker delivers it. `Fail` when
    /// the outbox is full (inventory 1).
    async fn enqueue(&self, mail: Mail) -> Outcome<()>;

    /// Hands a mail to the relay and waits for its answer, within a deadline: for background jobs
    /// only, never on a request's path.
    async fn deliver(&self, mail: Mail) -> Outcome<()>;

    /// Nothing more will be enqueued, for the process stops: sends what waits, and what waits for its next try at once.
    /// Returns how many mails are left after this time; it may be that some of them have been sent.
    async fn finish(&self, _within: Duration) -> usize {
        0
    }

    /// What keeps mails from being delivered at present, for `/health`.
    fn trouble(&self) -> Option<Cause> {
        None
    }
}
