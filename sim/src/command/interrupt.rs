//! Ctrl-C (SIGINT), and SIGTERM, with which Kubernetes and Slurm ask a process to end.
//!
//! After the first signal a sweep begins no more runs and reports the results so far; the second one ends the process
//! at once. In both cases the exit code reports a violation that was found. SIGHUP is not handled, because `nohup` is
//! how sweeps run overnight.

use super::Trouble;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// The exit code of an interrupted command: 128 plus the number of SIGINT, as in shells.
pub const EXIT: u8 = 130;

/// The exit code of a command that found a violation.
const VIOLATED_EXIT: i32 = 1;

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Whether a violation was found.
static VIOLATED: AtomicBool = AtomicBool::new(false);

/// Whether a violation was found and an end was requested. Then a second interruption ends the process with the exit
/// code of a violation.
static VIOLATED_AND_ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Handles the signals from now on.
///
/// # Errors
/// The operating system refuses it.
pub fn listen() -> Result<(), Trouble> {
    let asked = ASKED.get_or_init(Arc::default);
    let violated = VIOLATED_AND_ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the handlers that end the process check the state before this signal.
        flag::register_conditional_shutdown(signal, VIOLATED_EXIT, violated.clone())
            .and_then(|_| flag::register_conditional_shutdown(signal, i32::from(EXIT), asked.clone()))
            .and_then(|_| flag::register(signal, asked.clone()))
            .map_err(|error| Trouble(format!("cannot listen for Ctrl-C: {error}")))?;
    }
    Ok(())
}

/// Whether an end was requested.
pub fn asked() -> bool {
    let asked = ASKED.get().is_some_and(|asked| asked.load(Ordering::SeqCst));
    if let (true, true, Some(both)) = (asked, VIOLATED.load(Ordering::SeqCst), VIOLATED_AND_ASKED.get()) {
        both.store(true, Ordering::SeqCst);
    }
    asked
}

/// Records that a violation was found: however the process ends now, its exit code reports it.
pub(crate) fn something_is_violated() {
    VIOLATED.store(true, Ordering::SeqCst);
}
