//! The calls that a replica makes through its seams, and how the world wraps them: see [`sim::calls`].

mod errors;
mod sites;
mod troubles;
pub(crate) mod wrap;

pub(crate) use sites::{CALLS, Purpose, purpose};
pub(crate) use troubles::of_call;

/// Name of the call that opens the directory, which has an error type of its own.
pub(crate) const OPEN: &str = "directory open";
