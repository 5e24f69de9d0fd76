//! The whole program, from the operator's command line to its end.

use crate::{
    options::Options,
    start::{StartFailure, run},
};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Logs to standard error and does what the operator asked for, until it fails or Ctrl-C is pressed. A command that is
/// interrupted may have been done.
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
    let runtime = runtime.map_err(|error| StartFailure::Replica(error.to_string()))?;
    let is_command = options.command.is_some();
    runtime.block_on(async {
        tokio::select! {
            result = run(options) => result,
            _ = tokio::signal::ctrl_c() => match is_command {
                true => Err(StartFailure::Unknown("interrupted".into())),
                false => Ok(()),
            },
        }
    })
}
