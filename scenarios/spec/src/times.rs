//! When something may have happened: from when a request was sent until it was answered.

/// A span of time; milliseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Not before.
    pub from_ms: u64,
    /// Not after; `u64::MAX`: perhaps still to come.
    pub to_ms: u64,
}

impl Times {
    /// Between two moments.
    pub fn new(from_ms: u64, to_ms: u64) -> Times {
        Times { from_ms, to_ms }
    }

    /// So much later.
    #[must_use]
    pub fn later(self, by_ms: u64) -> Times {
        Times::new(self.from_ms.saturating_add(by_ms), self.to_ms.saturating_add(by_ms))
    }

    /// Wider by so much, either way.
    #[must_use]
    pub fn give_or_take(self, ms: u64) -> Times {
        Times::new(self.from_ms.saturating_sub(ms), self.to_ms.saturating_add(ms))
    }

    /// Whether all of it is before another begins. What is answered in the very millisecond in which the other is sent was
    /// done before: both have a way to go.
    pub fn is_before(self, other: Times) -> bool {
        self.to_ms <= other.from_ms
    }

    /// Whether some of it may be before the end of another.
    pub fn may_precede(self, other: Times) -> bool {
        self.from_ms <= other.to_ms
    }
}
