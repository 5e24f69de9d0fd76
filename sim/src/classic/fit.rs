//! Which plans the classic engine can perform. A fault that it cannot do is refused, never left out silently.

use crate::{fault::Fault, plan::Plan, service::Service};
use thiserror::Error;

/// A fault that the classic engine cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the plan does not fit the classic engine: fault {number} ({fault}, at {at_ms} ms). It can kill and start hosts, cut \
     links both ways, mend them, slow them down and shift clocks: no power loss, no pause, no slow disk, no cut one way, no loss. Leave \
     out `--engine turmoil`, or that `[[fault]]`"
)]
pub struct Misfit {
    /// Its position, counted from 1, as in the file.
    pub number: usize,
    /// The fault.
    pub fault: Box<str>,
    /// When it happens or begins, milliseconds.
    pub at_ms: u64,
}

/// Whether the classic engine can do a fault.
pub fn can<S: Service>(fault: &Fault<S>) -> bool {
    match fault {
        Fault::PowerLoss { .. } | Fault::Pause { .. } | Fault::CutOneWay { .. } => false,
        Fault::DiskSlow { .. } => false, // the process is paused meanwhile
        Fault::Loss { percent, .. } => *percent == 0,
        Fault::Kill { .. }
        | Fault::Start { .. }
        | Fault::Resume { .. } // no host is ever paused
        | Fault::Cut { .. }
        | Fault::Mend { .. }
        | Fault::Latency { .. }
        | Fault::LatencySpike { .. }
        | Fault::ClockOffset { .. }
        | Fault::ClockJump { .. }
        | Fault::DiskError { .. }
        | Fault::Own(_)
        | Fault::Heal => true,
    }
}

/// Whether the classic engine can perform a plan.
///
/// # Errors
/// The first fault that it cannot do.
pub fn fits<S: Service>(plan: &Plan<S>) -> Result<(), Misfit> {
    let misfit = (plan.faults.iter().enumerate()).find(|(_, timed)| !can(&timed.fault));
    match misfit {
        None => Ok(()),
        Some((index, timed)) => Err(Misfit {
            number: index + 1,
            fault: timed.fault.to_string().into(),
            at_ms: timed.at_ms,
        }),
    }
}
