//! What is kept of a session.

use async_trait::async_trait;
use seams::{Outcome, Timestamp};

/// A browser that is logged in. Kept in the directory, not in Redis, because people who are logged
/// in stay so through a failover that forgets (inventory 55, 61).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the session cookie, hexadecimal.
    pub id_hash: String,
    /// Who is logged in.
    pub user_id: String,
    /// When the person authenticated: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When the session ends.
    pub expires_at: Timestamp,
    /// Keyed hash of the one-time code that opened it: the same code, posted again from the same
    /// browser, leads to the same session (inventory 4).
    pub opened_by: String,
}

/// What became of an attempt to open a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOpening {
    /// The one-time code was unspent: it is spent now, and the session is open.
    Opened,
    /// The very same session was opened by the very same code before.
    AlreadyOpen,
    /// The one-time code has been spent on another session.
    CodeSpent,
}

/// Keeps sessions.
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Spends a one-time code and opens a session, in one transaction. The ledger remembers the code until
    /// `remember_until` at least.
    async fn open_session(
        &self,
        session: Session,
        code_hash: &str,
        remember_until: Timestamp,
    ) -> Outcome<SessionOpening>;
    /// A live session by the hash of its cookie; `None` when there is none or it has ended. A
    /// failure is not an absence (inventory 55).
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>>;
    /// Ends a session, and says whose it was; `None` if there was none.
    async fn end_session(&self, id_hash: &str) -> Outcome<Option<String>>;
}
