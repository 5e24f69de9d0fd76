//! What a search may cost, and what it forgives.

/// How hard to search, and how exactly lifetimes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// By how much the clocks that decide about expiry may be off, milliseconds.
    pub slack_ms: u64,
    /// How many configurations to look at for each key.
    pub configurations: usize,
}

impl Default for Limits {
    /// A millisecond, for rounding; a hundred thousand configurations, which takes well under a second.
    fn default() -> Limits {
        Limits {
            slack_ms: 1,
            configurations: 100_000,
        }
    }
}
