//! A host's implementation of the clock and entropy seams.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use seams::{Clock, Entropy, Timestamp};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A host's clocks. The monotonic clock is simulated time. The wall clock is the epoch plus simulated time plus an
/// offset plus a drift; offset and drift do not affect timers.
pub(crate) struct HostClock {
    epoch: Timestamp,
    now_ms: Arc<AtomicU64>,
    skew: Mutex<Skew>,
}

#[derive(Default)]
struct Skew {
    offset_ms: i64,
    drift_ppm: i64,
    /// When the current `drift_ppm` began to apply, simulated milliseconds.
    since_ms: u64,
    /// The drift accumulated before `since_ms`, in millionths of a millisecond.
    drifted: i128,
}

impl Skew {
    fn drifted_at(&self, now_ms: u64) -> i128 {
        self.drifted + i128::from(now_ms - self.since_ms) * i128::from(self.drift_ppm)
    }
}

impl HostClock {
    pub(crate) fn new(epoch: Timestamp, now_ms: Arc<AtomicU64>) -> HostClock {
        HostClock {
            epoch,
            now_ms,
            skew: Mutex::default(),
        }
    }

    fn skew(&self) -> MutexGuard<'_, Skew> {
        self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset_ms(&self, offset_ms: i64) {
        self.skew().offset_ms = offset_ms;
    }

    pub(crate) fn jump_ms(&self, by_ms: i64) {
        let mut skew = self.skew();
        skew.offset_ms = skew.offset_ms.saturating_add(by_ms);
    }

    /// Changes the rate. The drift accumulated so far is kept, so the clock does not jump.
    pub(super) fn set_drift_ppm(&self, drift_ppm: i64) {
        let now_ms = self.now_ms();
        let mut skew = self.skew();
        skew.drifted = skew.drifted_at(now_ms);
        skew.since_ms = now_ms;
        skew.drift_ppm = drift_ppm;
    }
}

impl Clock for HostClock {
    fn wall(&self) -> Timestamp {
        let now_ms = self.now_ms();
        let skew = self.skew();
        let drifted_ms = match skew.drifted_at(now_ms) {
            0 => 0, // the usual case: saves a 128-bit division
            drifted => drifted.div_euclid(1_000_000),
        };
        let wall = i128::from(self.epoch.0) + i128::from(now_ms) + i128::from(skew.offset_ms) + drifted_ms;
        Timestamp(u64::try_from(wall.max(0)).unwrap_or(u64::MAX))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now_ms())
    }
}

/// A host's random stream. It continues across boots, because a host that starts again must not draw the same tokens.
pub(crate) struct SeededEntropy(Mutex<ChaCha8Rng>);

impl SeededEntropy {
    pub(crate) fn new(stream: ChaCha8Rng) -> SeededEntropy {
        SeededEntropy(Mutex::new(stream))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_epoch_time_offset_and_drift() {
        let now = Arc::new(AtomicU64::new(0));
        let clock = HostClock::new(Timestamp(1_000_000), now.clone());
        let at = |ms: u64| {
            now.store(ms, Ordering::Relaxed);
            clock.wall().0
        };
        assert_eq!(at(500), 1_000_500);
        clock.set_offset_ms(-300);
        assert_eq!(at(500), 1_000_200);
        clock.jump_ms(1_000);
        assert_eq!(at(500), 1_001_200);
        clock.set_offset_ms(0);
        clock.set_drift_ppm(1_000);
        assert_eq!(at(10_500), 1_010_510, "10 s at 1000 ppm are 10 ms");
        clock.set_drift_ppm(-2_000);
        assert_eq!(at(10_500), 1_010_510, "a change of rate is no jump");
        assert_eq!(at(20_500), 1_020_490);
        assert_eq!(clock.monotonic(), Duration::from_millis(20_500));
    }
}
