//! Something that the service depends on did not do its part.

use seams::{Failure, Outcome};

/// A dependency failed. Says nothing about the person's rights: a failure is never an absence (inventory 54, 55).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {failure}")]
pub struct Unavailable {
    /// What the service was doing, for the log.
    pub doing: &'static str,
    /// What came of it.
    pub failure: Failure,
}

/// Adds what was being done to a failure.
pub trait During<T> {
    /// Adds what was being done.
    ///
    /// # Errors
    /// The failure, as [`Unavailable`].
    fn during(self, doing: &'static str) -> Result<T, Unavailable>;
}

impl<T> During<T> for Outcome<T> {
    fn during(self, doing: &'static str) -> Result<T, Unavailable> {
        self.map_err(|failure| Unavailable { doing, failure })
    }
}
