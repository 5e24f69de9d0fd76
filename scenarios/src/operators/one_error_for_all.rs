//! Every failure is reported as an unavailable store (inventory 56, 59).
//!
//! Seen in the second incident report, in which the second of two faults had the error text of the first and therefore
//! stayed undetected for long; and in real systems with one message for every kind of failure
//! (JanssenProject/jans-auth-server#60 asks for better ones). Operators repair Redis while the disk is full.

use crate::{planted::twist::relabelled_directory, vocabulary::PlantedBug};
use idp::replica::Wiring;
use seams::{Cause, Failure};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "one_error_for_all",
    title: "the directory's failures are reported as the store's",
    covers: &[56, 59],
    scenario: "session_survives",
    detected_by: "ErrorsExplained",
    bug: |_, _, wiring| Wiring {
        directory: relabelled_directory(wiring.directory, blame_the_store),
        ..wiring
    },
};

fn blame_the_store(failure: Failure) -> Failure {
    let cause = Cause::Unreachable("the store".into());
    match failure {
        Failure::Fail(_) => Failure::Fail(cause),
        Failure::Unknown(_) => Failure::Unknown(cause),
    }
}
