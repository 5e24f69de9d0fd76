//! A run that does not come to its end: code that loops without waiting, or waits in real time, which no simulated clock
//! can interrupt. A program would hang there for ever, and say nothing. The limit is in real time and far above what a run
//! takes, so that it decides nothing about runs that end.

use super::{interrupt, tell};
use crate::run::RUN_ENDS;
use seams_os::clock::{self, Stopwatch};
use std::{
    collections::BTreeMap,
    process,
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A run takes a fraction of a second.
const LIMIT: Duration = Duration::from_secs(120);
/// Between two looks.
const PAUSE_MS: u64 = 1_000;

static RUNS: Mutex<BTreeMap<u64, (Stopwatch, String)>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);
static STARTED: Once = Once::new();

/// A run that is watched until this is dropped.
pub(super) struct Watched(u64);

impl Drop for Watched {
    fn drop(&mut self) {
        drop(runs().remove(&self.0));
    }
}

fn runs() -> std::sync::MutexGuard<'static, BTreeMap<u64, (Stopwatch, String)>> {
    RUNS.lock().expect("nobody panics while holding the list of runs")
}

/// Watches a run from now on. If it does not end, the process does, as one that found a violation; `replay` is the command
/// that shows it.
pub(super) fn watch(replay: String) -> Watched {
    STARTED.call_once(|| {
        let watchdog = std::thread::Builder::new().name("watchdog".into());
        // Without it a run that hangs does so in silence, which is no reason to perform none.
        drop(watchdog.spawn(|| {
            loop {
                clock::sleep_ms(PAUSE_MS);
                if let Some(replay) = stuck(&runs(), LIMIT) {
                    give_up(&replay);
                }
            }
        }));
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    runs().insert(number, (Stopwatch::start(), replay));
    Watched(number)
}

fn stuck(runs: &BTreeMap<u64, (Stopwatch, String)>, limit: Duration) -> Option<String> {
    let found = runs.values().find(|(since, _)| since.elapsed() > limit);
    found.map(|(_, replay)| replay.clone())
}

fn give_up(replay: &str) -> ! {
    interrupt::something_is_violated();
    tell(format!(
        "violated: {RUN_ENDS}. A run has not ended after {} s of real time: the service loops without waiting, or waits in real \
         time. Runs that had ended are in the sweep's folder. To see it again: {replay}",
        LIMIT.as_secs()
    ));
    process::exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_watched_until_it_ends() {
        let named = |name: &str| {
            let runs = runs();
            runs.values().filter(|(_, replay)| replay == name).count()
        };
        let watched = watch("replay this".into());
        assert_eq!(named("replay this"), 1);
        drop(watched);
        assert_eq!(named("replay this"), 0);
    }

    #[test]
    fn the_one_that_is_stuck_is_named() {
        let runs = BTreeMap::from([(1, (Stopwatch::start(), "replay this".to_owned()))]);
        assert_eq!(stuck(&runs, Duration::from_secs(60)), None);
        clock::sleep_ms(2);
        assert_eq!(stuck(&runs, Duration::from_millis(1)), Some("replay this".into()));
    }
}
