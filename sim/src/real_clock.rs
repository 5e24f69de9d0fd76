//! The real clock: the one module of this package that reads it. It tells how long a sweep takes and when it began;
//! nothing simulated reads it.

use std::time::{Duration, Instant, SystemTime};

/// Real time since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "the owner of the real clock")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// How long ago that was.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The same, in whole milliseconds.
    pub fn elapsed_ms(&self) -> u64 {
        self.elapsed().as_millis() as u64
    }
}

/// Milliseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the owner of the real clock")]
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as i64
}

/// Blocks the calling thread, really.
pub fn sleep_ms(ms: u64) {
    sleep(Duration::from_millis(ms));
}

/// The same, for less than a millisecond.
#[expect(clippy::disallowed_methods, reason = "the owner of the real clock")]
pub fn sleep(time: Duration) {
    std::thread::sleep(time);
}
