//! Short-lived state, shared by the replicas.

use async_trait::async_trait;
use seams::{Outcome, Timestamp};
use std::{fmt, time::Duration};

/// What a key is for. Each module defines the namespaces that it uses; [`crate::registry::NAMESPACES`] lists them all.
/// They are disjoint, so that a code of one kind is never accepted as another (inventory 10, 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(&'static str);

impl Namespace {
    /// The namespace whose keys in Redis begin with `prefix`, followed by a colon.
    pub const fn new(prefix: &'static str) -> Namespace {
        Namespace(prefix)
    }

    /// The prefix of its keys in Redis, without the colon.
    pub const fn prefix(self) -> &'static str {
        self.0
    }
}

/// A namespaced key. `id` is a hash or a public name, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What the key is for.
    pub namespace: Namespace,
    /// Which one.
    pub id: String,
}

impl Key {
    /// A key in a namespace.
    pub fn new(namespace: Namespace, id: impl Into<String>) -> Key {
        Key {
            namespace,
            id: id.into(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace.prefix(), self.id)
    }
}

/// Short-lived state: every entry has a lifetime, every call has a deadline and one of three
/// outcomes. Nothing here survives a failover for certain; what must (spent codes, the acting
/// leader) is guarded by the [`crate::directory::Directory`].
#[async_trait]
pub trait AuthStateStore: Send + Sync {
    /// Writes a value, whatever was there.
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()>;

    /// Writes a value unless there is one. True if it was written.
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool>;

    /// Reads a value; expired means absent.
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>>;

    /// Reads and deletes in one step: of two that race, one gets the value (inventory 23).
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>>;

    /// Counts one more and says how many that makes in the current fixed window. The counter has a
    /// lifetime from its first increment on, in one atomic step (inventory 24).
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64>;

    /// Prolongs a lease if `holder` still holds it. True if so.
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool>;

    /// Gives a lease back if `holder` still holds it. True if so.
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool>;

    /// Whether a master can be reached that would take a write.
    async fn health(&self) -> Outcome<()>;

    /// What time it is by the store's clock, which is one for all replicas.
    async fn time(&self) -> Outcome<Timestamp>;
}
