//! The time bounds of properties that judge the service after healing.

use std::time::Duration;

/// How long something may take, and how long the world has to settle after healing before it is judged, milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) within_ms: u64,
    pub(crate) settle_ms: u64,
}

impl Bound {
    pub(crate) fn within(limit: Duration, settle_ms: u64) -> Bound {
        Bound {
            within_ms: limit.as_millis() as u64,
            settle_ms,
        }
    }

    pub(crate) fn settling(self, settle: Duration) -> Bound {
        Bound::within(Duration::from_millis(self.within_ms), settle.as_millis() as u64)
    }
}
