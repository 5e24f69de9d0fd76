//! The leader: one replica, which runs the background jobs.

use crate::store::Namespace;

mod repository;
mod sqlite;

pub use repository::{EpochRepository, ExpiryRepository, LeaderEpoch, Reminder, ReminderClaim, ReminderRepository};
pub(crate) use sqlite::SCHEMA;

/// The renewable lease.
pub const LEASE: Namespace = Namespace::new("auth:leader");
