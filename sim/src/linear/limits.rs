//! Limits of the search, and the tolerance for clocks.

/// Limits of the search, and how exact lifetimes must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// By how much the clocks that decide about expiry may be wrong, milliseconds.
    pub slack_ms: u64,
    /// Number of configurations to examine for each key at most.
    pub configurations: usize,
}

impl Default for Limits {
    /// One millisecond, for rounding; 100,000 configurations, which take well under a second.
    fn default() -> Limits {
        Limits {
            slack_ms: 1,
            configurations: 100_000,
        }
    }
}
