//! Ctrl-C (SIGINT), and SIGTERM, with which Kubernetes and Slurm ask a process to end.
//!
//! After the first one a sweep begins no more runs and reports what was done so far; the second one ends the process at
//! once. Either way a violation that was found is the exit code. SIGHUP is left alone: `nohup` is how sweeps run overnight.

use super::Trouble;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// The exit code of a command that was interrupted: 128 and the number of SIGINT, as shells have it.
pub const EXIT: u8 = 130;

/// The exit code of a command that found a violation.
const VIOLATED_EXIT: i32 = 1;

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Whether a violation was found.
static VIOLATED: AtomicBool = AtomicBool::new(false);

/// Whether a violation was found, and an end was asked for: then the second interruption ends the process as a violation.
static VIOLATED_AND_ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Listens from now on.
///
/// # Errors
/// The operating system refuses it.
pub fn listen() -> Result<(), Trouble> {
    let asked = ASKED.get_or_init(Arc::default);
    let violated = VIOLATED_AND_ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        // In this order: the ones that end the process look at what was there before this signal.
        flag::register_conditional_shutdown(signal, VIOLATED_EXIT, violated.clone())
            .and_then(|_| flag::register_conditional_shutdown(signal, i32::from(EXIT), asked.clone()))
            .and_then(|_| flag::register(signal, asked.clone()))
            .map_err(|error| Trouble(format!("cannot listen for Ctrl-C: {error}")))?;
    }
    Ok(())
}

/// Whether somebody has asked for an end.
pub fn asked() -> bool {
    let asked = ASKED.get().is_some_and(|asked| asked.load(Ordering::SeqCst));
    if let (true, true, Some(both)) = (asked, VIOLATED.load(Ordering::SeqCst), VIOLATED_AND_ASKED.get()) {
        both.store(true, Ordering::SeqCst);
    }
    asked
}

/// Notes that a violation was found: whatever ends the process now, its exit code says so.
pub(crate) fn something_is_violated() {
    VIOLATED.store(true, Ordering::SeqCst);
}
