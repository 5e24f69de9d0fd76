//! The whole program, from the operator's command line to its end.

use crate::{
    options::Options,
    start::{StartFailure, run},
};
use std::io::{self, IsTerminal};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tracing_subscriber::EnvFilter;

/// Logs to standard error and does what the operator asked for, until it fails or is interrupted.
///
/// A command that is interrupted may have been done. A replica that gets SIGTERM or SIGINT (Ctrl-C) stops: it answers what
/// has begun, sends what waits in its outbox, and ends. With the second of them it ends at once.
///
/// # Errors
/// Why it could not be done.
pub fn program(options: Options) -> Result<(), StartFailure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let failed = |error: io::Error| StartFailure::Replica(error.to_string());
    let runtime = runtime.map_err(failed)?;
    let is_command = options.command.is_some();
    let ended = runtime.block_on(async {
        if is_command {
            return seams::select! {
                result = run(options, watch::Sender::new(false).subscribe()) => result,
                _ = tokio::signal::ctrl_c() => Err(StartFailure::Unknown("interrupted".into())),
            };
        }
        let mut signals = Signals::new().map_err(failed)?;
        let (ask, asked) = watch::channel(false);
        let twice = async {
            signals.next().await;
            ask.send_replace(true);
            signals.next().await;
        };
        seams::select! {
            result = run(options, asked) => result,
            () = twice => Err(StartFailure::Interrupted),
        }
    });
    // Not dropped: that waits for every thread, also for one that waits for a disk that hangs.
    runtime.shutdown_background();
    ended
}

/// The signals that ask the process to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        seams::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
