//! Fresh seeds, and what a piece of work costs. Both stay outside of the runs; inside, everything comes from the plan.

use chrono::{DateTime, Utc};
pub(crate) use seams_os::clock::Stopwatch;
use seams_os::clock::wall_ms;
use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Sweeps begin below this: short numbers are easier to type again.
const FRESH_SEED_MAX: u64 = 1_000_000_000;

/// A seed that nobody has drawn before, as likely as not: from the operating system's entropy.
pub fn seed() -> u64 {
    // RandomState is keyed from the operating system's entropy.
    RandomState::new().hash_one(wall_ms()) % FRESH_SEED_MAX
}

/// What time it is: for names of folders and for people.
pub(crate) fn utc() -> DateTime<Utc> {
    DateTime::from_timestamp(wall_ms() / 1000, 0).unwrap_or_default()
}

/// Time that the calling thread has spent on a processor, as Linux counts it; nothing elsewhere.
pub(crate) fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// Measures one piece of work on this thread: its result, processor time (real time where the system does not count the
/// processor's), real time.
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
