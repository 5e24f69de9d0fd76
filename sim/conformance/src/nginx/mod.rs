//! nginx and the model in front of the same upstreams: the same routing, the same answers to the client, the same
//! executions.
//!
//! Not compared, because it cannot be caused on a loopback: a SYN that is dropped, a worker that is killed.

mod locations;
mod real;
mod sequences;
mod simulated;
mod traffic;

pub use model_nginx::Location;
pub use real::{Balancer, run as run_real, start};
pub use sequences::{Sequence, named_sequences, random_sequences};
pub use simulated::run as run_simulated;
pub use traffic::{Behaviour, Exchange, Request, Size};

use crate::{Agreement, Unavailable};
use sim::engine::EngineError;

/// `fail_timeout`, seconds. It is longer than any sequence without a wait, so that no server comes back by chance: nginx
/// counts in whole seconds.
const FAIL_TIMEOUT_S: u64 = 10;
/// `proxy_read_timeout`, seconds.
const READ_TIMEOUT_S: u64 = 1;

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// nginx is not installed, or does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The engine's own.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Runs a sequence through both, and compares every exchange.
///
/// # Errors
/// nginx is not installed or does not work, or the engine fails.
pub fn compare(sequence: &Sequence) -> Result<Agreement, Failure> {
    let theirs = run_real(sequence)?;
    let ours = run_simulated(sequence)?;
    let differences = match ours == theirs {
        true => Vec::new(),
        false => vec![format!(
            "{}{}{}\n{}",
            sequence.name,
            if sequence.keepalive { " (keepalive)" } else { "" },
            if sequence.non_idempotent {
                " (non_idempotent)"
            } else {
                ""
            },
            side_by_side(sequence, &theirs, &ours)
        )],
    };
    Ok(Agreement {
        compared: sequence.requests.len() as u64,
        differences,
        ..Agreement::default()
    })
}

fn side_by_side(sequence: &Sequence, theirs: &[Exchange], ours: &[Exchange]) -> String {
    let lines = sequence
        .requests
        .iter()
        .zip(theirs)
        .zip(ours)
        .map(|((request, theirs), ours)| {
            let mark = if theirs == ours { ' ' } else { '!' };
            let ([a, b], [c, d]) = (request.behaviours, request.others);
            format!(
                "{mark} {} {}{}{} (a: {a:?}, b: {b:?}, c: {c:?}, d: {d:?})\n    nginx:     {theirs}\n    simulated: {ours}",
                request.method,
                request.path,
                request
                    .twice
                    .map_or(String::new(), |line| format!(" with \"{line}\" twice")),
                match request.size == Size::USUAL {
                    true => String::new(),
                    false => format!(" of size {:?}", request.size),
                },
            )
        });
    lines.collect::<Vec<_>>().join("\n")
}
