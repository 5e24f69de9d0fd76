//! The words for the faults of the login service's own world.

use crate::vocabulary::{Fault, Mode, Trouble};
use std::time::Duration;

/// The mail relay changes its mode.
pub fn mail(mode: Mode) -> Fault {
    Fault::Own(Trouble::Mail { mode })
}

/// The analytics hook changes its mode.
pub fn analytics(mode: Mode) -> Fault {
    Fault::Own(Trouble::Analytics { mode })
}

/// Somebody else holds the directory's write lock.
pub fn directory_busy(lasts: Duration) -> Fault {
    Fault::Own(Trouble::DirectoryBusy {
        lasts_ms: lasts.as_millis() as u64,
    })
}
