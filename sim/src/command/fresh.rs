//! New random seeds, and the measurement of cost. Both stay outside of runs; inside, everything comes from the plan.

use chrono::{DateTime, Utc};
pub(crate) use seams_os::clock::Stopwatch;
use seams_os::clock::wall_ms;
use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// New first seeds are below this number, because short numbers are easier to type.
const FRESH_SEED_MAX: u64 = 1_000_000_000;

/// A new seed from the operating system's entropy, which has probably never been used.
pub fn seed() -> u64 {
    // RandomState gets its keys from the operating system's entropy.
    RandomState::new().hash_one(wall_ms()) % FRESH_SEED_MAX
}

/// The current time, for names of folders and for people.
pub(crate) fn utc() -> DateTime<Utc> {
    DateTime::from_timestamp(wall_ms() / 1000, 0).unwrap_or_default()
}

/// Processor time of the calling thread, as Linux counts it; `None` on other systems.
pub(crate) fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// Runs a piece of work on this thread; returns its result, its processor time (real time if the system does not count
/// processor time), and its real time.
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
