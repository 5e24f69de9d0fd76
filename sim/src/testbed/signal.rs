//! Signals to real processes.

use std::{io, process::Command};

/// Sends a signal (`TERM`, `INT`, `STOP`) to a process, as kill(1) does.
///
/// # Errors
/// There is no such process, or no kill.
pub fn signal(process: u32, signal: &str) -> io::Result<()> {
    let sent = Command::new("kill")
        .args(["-s", signal, &process.to_string()])
        .status()?;
    match sent.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("kill -s {signal} {process}: {sent}"))),
    }
}
