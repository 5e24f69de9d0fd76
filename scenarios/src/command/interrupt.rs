//! Ctrl-C, and whatever else asks a process to end (SIGTERM, as Kubernetes and Slurm send it).
//!
//! The first one is heard by the sweep, which begins no more runs and tells what was done so far; the
//! second one ends the process at once.

use super::Trouble;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of a command that was interrupted: 128 and the number of SIGINT, as shells have it.
pub(crate) const EXIT: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens from now on.
///
/// # Errors
/// The operating system will not have it.
pub(crate) fn listen() -> Result<(), Trouble> {
    let heard = || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(EXIT));
        }
        eprintln!("squall: finishing the runs that have begun; once more ends at once");
    };
    ctrlc::try_set_handler(heard).map_err(|error| Trouble(format!("cannot listen for Ctrl-C: {error}")))
}

/// Whether somebody has asked for an end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
