//! Whether the directory can be written.

use async_trait::async_trait;
use seams::Outcome;

/// How a replica checks the health of its directory.
#[async_trait]
pub trait DirectoryProbe: Send + Sync {
    /// The smallest write transaction there is: a disk that can only be read lets nobody log in.
    async fn probe(&self) -> Outcome<()>;
}
