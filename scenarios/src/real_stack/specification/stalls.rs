//! When this machine had no time for us. A replica that gets no processor answers late or "not now", and is right to do so: for
//! the specification a stall is a fault, as a paused process is in the simulation.

use crate::exchange::SETTLES_MS;
use seams_os::clock::{Stopwatch, wall_ms};
use spec::{Touches, Trouble};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::sleep;

/// Between two looks.
const LOOKS: Duration = Duration::from_millis(10);
/// A timer that is so late says that nobody got a processor. A replica gives up connecting to its store after 300 ms.
const STALL_MS: u64 = 100;
/// What waits while the machine has no time may have begun so long before it is noticed.
const NOTICED_MS: u64 = 2_000;

/// A time without a processor, milliseconds from the start of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// When it was over.
    pub until_ms: u64,
    /// How late a timer was.
    pub late_ms: u64,
}

/// The stalls so far. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Stalls(Arc<Mutex<Vec<Stall>>>);

impl Stalls {
    /// Looks for ever; the history begins at `epoch_ms`, milliseconds since the Unix epoch.
    pub(super) async fn watch(self, epoch_ms: u64) {
        loop {
            let watch = Stopwatch::start();
            sleep(LOOKS).await;
            let late_ms = watch.elapsed().saturating_sub(LOOKS).as_millis() as u64;
            if late_ms >= STALL_MS {
                let until_ms = (wall_ms() as u64).saturating_sub(epoch_ms);
                let mut stalls = self.0.lock().expect("nobody panics while holding the stalls");
                stalls.push(Stall { until_ms, late_ms });
            }
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Stall> {
        self.0.lock().expect("nobody panics while holding the stalls").clone()
    }
}

impl Stall {
    /// What it can do.
    pub(super) fn trouble(self) -> Trouble {
        Trouble {
            from_ms: self.until_ms.saturating_sub(self.late_ms + NOTICED_MS),
            until_ms: self.until_ms + SETTLES_MS,
            touches: Touches {
                store: true,
                directory: true,
                service: true,
                mail: true,
                analytics: true,
                jobs: true,
                stops: false,
                stale: false,
                keys: false,
                clocks_ms: 0,
                dates_ms: 0,
                ahead_ms: 0,
                leader_ms: 0,
            },
        }
    }
}
