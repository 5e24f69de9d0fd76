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
    /// The name of what goes on from one cookie to the next while the same person logs in again in the same browser: "a Session
    /// of a User Agent or device for a logged-in End-User" (OpenID Connect Back-Channel Logout section 2.4, `sid`). Codes and
    /// tokens belong to it, and signing out ends it. It is the `id_hash` of the first session.
    pub sid: String,
    /// The session (its `id_hash`) whose cookie the browser had when this one was opened. It ends when the new cookie comes for
    /// the first time, and not before: the answer with it may be lost, and then the browser still has the old one.
    pub replaces: Option<String>,
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
    /// `remember_until` at least. If it replaces a live session of the same person, it has the `sid` of that one.
    async fn open_session(
        &self,
        session: Session,
        code_hash: &str,
        remember_until: Timestamp,
    ) -> Outcome<SessionOpening>;
    /// A live session by the hash of its cookie; `None` when there is none or it has ended. A
    /// failure is not an absence (inventory 55).
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>>;
    /// The cookie of a session has come: ends what it replaces, and what that has replaced whose cookie never came. Says who is
    /// signed out by that: those whom another person has followed. The codes and tokens of their sessions end with them; what
    /// is said of `remember_until` below holds here too. Those of the same person go on.
    async fn end_replaced(&self, id_hash: &str, remember_until: Timestamp) -> Outcome<Vec<String>>;
    /// Ends a session, what it replaces, and the codes and tokens that were issued in it under whichever cookie, and says who is
    /// signed out: nobody, if there was no such session. That it has ended is remembered until `remember_until` at least: as long
    /// as anything may be presented that was issued in it.
    async fn end_session(&self, id_hash: &str, remember_until: Timestamp) -> Outcome<Vec<String>>;
}
