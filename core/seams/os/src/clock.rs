//! The real clock, for what is outside of a simulation: how long a sweep takes and when it began, and for driving real
//! programs. Simulated code must not read it; it asks its `Env`.

use std::time::{Duration, Instant, SystemTime};

/// Real time since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
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
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as i64
}

/// Blocks the calling thread in real time, for milliseconds.
pub fn sleep_ms(ms: u64) {
    sleep(Duration::from_millis(ms));
}

/// Blocks the calling thread in real time.
pub fn sleep(time: Duration) {
    std::thread::sleep(time);
}
