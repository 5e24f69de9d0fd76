//! The leader: one replica, which runs the background jobs.

use crate::store::Namespace;

mod fitness;
mod lease;
mod reminders;
mod repository;
mod sqlite;
mod sweep;

pub use fitness::Fitness;
pub use lease::{Leadership, seek_leadership};
pub use reminders::send_reminders;
pub use repository::{EpochRepository, ExpiryRepository, LeaderEpoch, Reminder, ReminderClaim, ReminderRepository};
pub(crate) use sqlite::SCHEMA;
pub use sweep::sweep_directory;

/// The renewable lease.
pub const LEASE: Namespace = Namespace::new("auth:leader");
