//! Time, as a service sees it.

use serde::{Deserialize, Serialize};
use std::{fmt, ops, time::Duration};

/// Wall-clock time in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as JWT's NumericDate wants them (RFC 7519 section 2).
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// Time since `earlier`; zero when the clock has moved back meanwhile.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl ops::Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, by: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(by.as_millis() as u64))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A host's two clocks.
pub trait Clock: Send + Sync {
    /// The wall clock: may be wrong, may jump. For expiry that other hosts must agree on.
    fn wall(&self) -> Timestamp;
    /// Time since some fixed moment: never jumps. For measuring how long something took.
    fn monotonic(&self) -> Duration;
}
