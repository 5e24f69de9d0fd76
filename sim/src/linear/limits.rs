//! Limits of the search, and the tolerance for clocks.

/// How long to search, and how exact lifetimes must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How wrong the clocks that decide about expiry may be, milliseconds.
    pub slack_ms: u64,
    /// How many configurations to examine for each key.
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
