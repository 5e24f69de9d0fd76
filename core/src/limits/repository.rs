//! What is kept of failures: the counts that no failover forgets, and the browsers in which people are known.

use async_trait::async_trait;
use seams::{Outcome, Timestamp};

/// An attempt to log in, to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedAttempt {
    /// The address that it is at.
    pub address: String,
    /// The browser in which its person is known, by the hash of its cookie: then the attempt counts there, and not at the
    /// address.
    pub known: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How many in a row are admitted.
    pub limit: u64,
}

/// A browser in which somebody has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    /// SHA-256 of its cookie, hexadecimal.
    pub cookie_hash: String,
    /// Who.
    pub user_id: String,
    /// With which address.
    pub address: String,
    /// When.
    pub at: Timestamp,
    /// Until when it is known.
    pub until: Timestamp,
    /// In how many browsers the person may be known.
    pub at_most: u64,
}

/// Counts attempts in a row without a success between them. Durable, because the hard stop of SP 800-63B-4 section 3.2.2 (at
/// most 100) must survive a failover of Redis.
#[async_trait]
pub trait FailureRepository: Send + Sync {
    /// Counts one more attempt as a failure, which it is until it succeeds, and says how many in a row that makes. `None`:
    /// there are as many as the limit already, and it is not counted.
    ///
    /// Counting and judging are one step. If the count were read first, attempts at the same moment would all be admitted.
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>>;
    /// The count of an address so far.
    async fn failures(&self, address: &str) -> Outcome<u64>;
    /// Forgets the count of an address. Never after sending a new code.
    async fn clear_failures(&self, address: &str) -> Outcome<()>;
    /// Whether the person with this address is known in the browser with this cookie (its hash). One in which as many failures
    /// in a row have happened as the limit is no longer known.
    async fn is_known(&self, cookie_hash: &str, address: &str, now: Timestamp, limit: u64) -> Outcome<bool>;
    /// After a success: forgets the failures at the address and in the browser, and knows the browser from now on.
    async fn succeed(&self, browser: KnownBrowser) -> Outcome<()>;
}
