//! What must not be lost: the directory that the replicas share.

use super::{Outcome, Timestamp};
use async_trait::async_trait;

/// A person who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Opaque, stable identifier: the `sub` of ID tokens.
    pub id: String,
    /// Mail address, lower case.
    pub address: String,
    /// Display name.
    pub name: String,
}

/// How a client proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// Public client: `token_endpoint_auth_method` is `none`.
    None,
    /// Confidential client: SHA-256 of the secret, in lower-case hexadecimal. The secret is 256
    /// random bits, so a fast hash is enough.
    Sha256(String),
}

/// A relying party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Name shown to people.
    pub name: String,
    /// How it authenticates at the token endpoint.
    pub secret: ClientSecret,
    /// Redirect URIs, compared exactly (RFC 9700 section 2.1).
    pub redirect_uris: Vec<String>,
}

/// A signing key, as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// Key ID.
    pub kid: String,
    /// PKCS#8 DER of a P-256 private key.
    pub pkcs8: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A browser that is logged in. Kept in the directory, not in Redis, because people who are logged
/// in stay so through a failover that forgets (inventory 55, 61).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the session cookie, hexadecimal.
    pub id_hash: String,
    /// Who is logged in.
    pub user_id: String,
    /// When the person proved who they are: `auth_time`.
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

/// A redemption to be recorded: the spent code and the token issued for it, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRedemption {
    /// SHA-256 of the authorization code, hexadecimal.
    pub code_hash: String,
    /// Until when the ledger must remember it: not before the code's own expiry, with slack for
    /// clocks.
    pub remember_until: Timestamp,
    /// The access token issued.
    pub token: TokenRecord,
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// First presentation: the token is recorded.
    Now,
    /// The code was spent before; the tokens issued from it are revoked now (RFC 6749 section
    /// 4.1.2).
    AlreadySpent,
}

/// An access token, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// SHA-256 of the token, hexadecimal.
    pub token_hash: String,
    /// Whose it is.
    pub user_id: String,
    /// For which client.
    pub client_id: String,
    /// Granted scope, space-separated.
    pub scope: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

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

/// The durable truth. Every write is one transaction and a compare-and-set judged by the rows it
/// touched (inventory 27).
#[async_trait]
pub trait Directory: Send + Sync {
    /// A client by its `client_id`.
    async fn client(&self, id: &str) -> Outcome<Option<Client>>;
    /// A user by mail address (lower case).
    async fn user_by_address(&self, address: &str) -> Outcome<Option<User>>;
    /// A user by identifier.
    async fn user(&self, id: &str) -> Outcome<Option<User>>;

    /// All signing keys, newest first.
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>>;
    /// Stores a key unless there is one already; returns all keys, newest first. Two replicas that
    /// start together end up with the same one.
    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>>;
    /// Stores the secret that keys the hashes of one-time codes unless there is one already;
    /// returns the one in force.
    async fn ensure_pepper(&self, candidate: [u8; 32]) -> Outcome<[u8; 32]>;

    /// Spends a one-time code and opens a session, in one transaction.
    async fn open_session(
        &self,
        session: Session,
        code_hash: &str,
        remember_until: Timestamp,
    ) -> Outcome<SessionOpening>;
    /// A live session by the hash of its cookie; `None` when there is none or it has ended. A
    /// failure is not an absence (inventory 55).
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>>;
    /// Ends a session. True if there was one.
    async fn end_session(&self, id_hash: &str) -> Outcome<bool>;

    /// Records a redemption, unless the code is in the spent ledger. This, not Redis, is what makes
    /// a code redeemable at most once through a failover (inventory 7).
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed>;
    /// A live, unrevoked access token.
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>>;

    /// Counts one more consecutive failure to verify at an address and says how many that makes.
    /// Durable: the hard stop of SP 800-63B-4 section 3.2.2 (at most 100) must survive a failover.
    async fn count_failure(&self, address: &str) -> Outcome<u64>;
    /// Consecutive failures at an address so far.
    async fn failures(&self, address: &str) -> Outcome<u64>;
    /// Forgets the failures of an address, after a success. Never after sending a new code.
    async fn clear_failures(&self, address: &str) -> Outcome<()>;

    /// Begins a new leader's epoch: higher than all before.
    async fn begin_epoch(&self, holder: &str) -> Outcome<LeaderEpoch>;
    /// The newest epoch that anybody has begun. A leader whose own is older acts no more, whatever
    /// lease it holds.
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch>;
    /// Adds a reminder; false if there is one for the same user and time.
    async fn add_reminder(&self, reminder: Reminder) -> Outcome<bool>;
    /// Reminders due by `now` that nobody has claimed, oldest first.
    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>>;
    /// Claims a reminder for sending, provided that `epoch` is the newest (inventory 29, 31).
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim>;
    /// Notes that a claimed reminder was sent.
    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool>;
    /// Gives a claim back, when the relay definitely did not take the mail.
    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool>;

    /// Deletes what has expired, provided that `epoch` is the newest; says how many rows went.
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64>;
}
