//! What is kept of failures: the count that no failover forgets.

use async_trait::async_trait;
use seams::Outcome;

/// Counts consecutive failures. Durable, because the hard stop of SP 800-63B-4 section 3.2.2 (at most 100) must survive
/// a failover of Redis.
#[async_trait]
pub trait FailureRepository: Send + Sync {
    /// Counts one more consecutive failure at an address and says how many that makes.
    async fn count_failure(&self, address: &str) -> Outcome<u64>;
    /// Consecutive failures at an address so far.
    async fn failures(&self, address: &str) -> Outcome<u64>;
    /// Forgets the failures of an address, after a success. Never after sending a new code.
    async fn clear_failures(&self, address: &str) -> Outcome<()>;
}
