//! The words for the faults of the login service's own world.

use crate::{
    analytics, directory, mail,
    vocabulary::{Fault, Mode, OwnFault},
};
use std::time::Duration;

/// The mail relay changes its mode.
pub fn mail(mode: Mode) -> Fault {
    Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode }))
}

/// The analytics hook changes its mode.
pub fn analytics(mode: Mode) -> Fault {
    Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode }))
}

/// Somebody else holds the directory's write lock.
pub fn directory_busy(lasts: Duration) -> Fault {
    Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy {
        lasts_ms: lasts.as_millis() as u64,
    }))
}
