//! Every failure is reported as "internal error" only, even in the log (inventory 56).
//!
//! Seen in the second incident report, and in real systems: "an unknown error occurred" without a line in the server's
//! log (wasp-lang/wasp#2026); a cause that two or three layers swallowed (gitpod-io/gitpod#12158). An operator who is
//! given the reference of an error finds the line in the log, but not the cause.

use crate::{
    planted::twist::{relabelled_directory, relabelled_store},
    vocabulary::PlantedBug,
};
use idp::replica::Wiring;
use seams::{Cause, Failure};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "error_detail_lost",
    title: "whatever fails is \"internal error\", in the log as well",
    covers: &[56],
    scenario: "redis_unreachable",
    detected_by: "ErrorsExplained",
    bug: |_, _, wiring| Wiring {
        store: relabelled_store(wiring.store, internal),
        directory: relabelled_directory(wiring.directory, internal),
        ..wiring
    },
};

/// Replaces the cause only: a failure of unknown outcome stays one.
fn internal(failure: Failure) -> Failure {
    let cause = Cause::Protocol("internal error".into());
    match failure {
        Failure::Fail(_) => Failure::Fail(cause),
        Failure::Unknown(_) => Failure::Unknown(cause),
    }
}
