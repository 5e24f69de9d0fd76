//! A catch-all: whatever fails, "internal error" is all that anybody is told, the log included (inventory 56).
//!
//! Seen in the world: the second report; "an unknown error occurred" without a word in the server's log
//! (wasp-lang/wasp#2026), a cause swallowed in two or three layers (gitpod-io/gitpod#12158). Anyone who is asked for help
//! with a reference finds the line, and learns nothing.

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

/// Whether it may have happened all the same is kept: nothing else changes.
fn internal(failure: Failure) -> Failure {
    let cause = Cause::Protocol("internal error".into());
    match failure {
        Failure::Fail(_) => Failure::Fail(cause),
        Failure::Unknown(_) => Failure::Unknown(cause),
    }
}
