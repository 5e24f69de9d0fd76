//! The real clock and fresh seeds: the one place of this package that reads either. Both stay outside
//! of the runs; inside, everything comes from the plan.

use chrono::{DateTime, Utc};
use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant, SystemTime},
};

/// Sweeps begin below this: short numbers are easier to type again.
const FRESH_SEED_MAX: u64 = 1_000_000_000;

/// A seed that nobody has drawn before, as likely as not.
#[expect(clippy::disallowed_methods, reason = "the one place where a fresh seed comes from")]
pub(crate) fn seed() -> u64 {
    // RandomState is keyed from the operating system's entropy.
    RandomState::new().hash_one(SystemTime::now()) % FRESH_SEED_MAX
}

/// What time it is: for names of folders and for people.
#[expect(
    clippy::disallowed_methods,
    reason = "when a sweep began is real time, and stays outside of the runs"
)]
pub(crate) fn utc() -> DateTime<Utc> {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    DateTime::from_timestamp(since_1970.as_secs() as i64, 0).unwrap_or_default()
}

/// Real time since it was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a sweep takes is real time, and stays outside of the runs"
    )]
    pub(crate) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Time that the calling thread has spent on a processor, as Linux counts it; nothing elsewhere.
pub(crate) fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// Measures one piece of work on this thread: its result, processor time (real time where the
/// processor's is not to be had), real time.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let (watch, before) = (Stopwatch::start(), thread_cpu());
    let result = work();
    let wall = watch.elapsed();
    let cpu = match (before, thread_cpu()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => wall,
    };
    (result, cpu, wall)
}
