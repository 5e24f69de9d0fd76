//! Whatever fails, the store is said to be unavailable (inventory 56, 59).
//!
//! Seen in the world: the second report, in which the second of two faults wore the words of the first and was not seen
//! for that long; one message for every kind of failure (JanssenProject/jans-auth-server#60 asks for better). Operators
//! mend Redis while the disk is full.

use crate::{
    planted::twist::{DirectoryTwist, Twisted},
    vocabulary::PlantedBug,
};
use idp::{
    replica::Wiring,
    seams::{Cause, Directory, Failure},
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "one_error_for_all",
    title: "the directory's failures are reported as the store's",
    covers: &[56, 59],
    scenario: "session_survives",
    detected_by: "ErrorsExplained",
    bug: |_, _, wiring| Wiring {
        directory: Arc::new(Twisted(BlamesTheStore(wiring.directory))),
        ..wiring
    },
};

struct BlamesTheStore(Arc<dyn Directory>);

impl DirectoryTwist for BlamesTheStore {
    fn inner(&self) -> &Arc<dyn Directory> {
        &self.0
    }
    fn failed(&self, failure: Failure) -> Failure {
        let cause = Cause::Unreachable("the store".into());
        match failure {
            Failure::Fail(_) => Failure::Fail(cause),
            Failure::Unknown(_) => Failure::Unknown(cause),
        }
    }
}
