//! Real time, for what really runs. Nothing simulated is told of it.

use std::time::{Duration, Instant, SystemTime};

/// Real time since it was started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the real programs live in real time")]
    pub(super) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}

/// Waits, really.
#[expect(clippy::disallowed_methods, reason = "the real programs live in real time")]
pub(super) fn sleep_ms(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Milliseconds since the Unix epoch, really.
#[expect(clippy::disallowed_methods, reason = "the real programs live in real time")]
pub(super) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as i64
}
