//! What is kept for the leader: the epoch that fences it, the reminders that it sends, and what has expired.

use async_trait::async_trait;
use seams::{Outcome, Timestamp};

/// The fencing epoch: each new leader's is higher than all before, and guarded writes carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaderEpoch(pub u64);

/// Something a person asked to be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Identifier; unique per (user, due).
    pub id: String,
    /// Whom to remind.
    pub user_id: String,
    /// Their address.
    pub address: String,
    /// What to say.
    pub text: String,
    /// When.
    pub due: Timestamp,
}

/// What became of an attempt to claim a reminder before sending it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderClaim {
    /// Claimed: send it now, once.
    Claimed,
    /// Somebody claimed it before.
    Taken,
    /// A newer leader exists: the caller must stop acting.
    Fenced,
}

/// Counts epochs (inventory 29).
#[async_trait]
pub trait EpochRepository: Send + Sync {
    /// Begins a new leader's epoch: higher than all before.
    async fn begin_epoch(&self, holder: &str) -> Outcome<LeaderEpoch>;
    /// The newest epoch that anybody has begun. A leader with an older one must stop acting, whatever
    /// lease it holds.
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch>;
}

/// Keeps reminders. Each write is judged by the rows that it changed (inventory 27).
#[async_trait]
pub trait ReminderRepository: Send + Sync {
    /// Adds a reminder; false if there is one for the same user and time.
    async fn add_reminder(&self, reminder: Reminder) -> Outcome<bool>;
    /// Reminders due by `now` that nobody has claimed: those that were tried least often first, the oldest of them first.
    /// Otherwise a few that fail again and again would keep all others from being sent.
    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>>;
    /// Claims a reminder for sending, provided that `epoch` is the newest (inventory 29, 31).
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim>;
    /// Records that a claimed reminder was sent.
    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool>;
    /// Gives a claim back, when the relay definitely did not take the mail, and counts the try.
    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool>;
}

/// Deletes what has expired.
#[async_trait]
pub trait ExpiryRepository: Send + Sync {
    /// Deletes the expired rows of all tables, as long as `epoch` is the newest; returns how many there were. Some rows at a
    /// time, for nobody else can write meanwhile.
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64>;
}
