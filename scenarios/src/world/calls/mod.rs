//! The calls that a replica makes through its seams, as the world wraps them: see [`sim::calls`].

mod errors;
mod sites;
mod troubles;
pub(crate) mod wrap;

pub(crate) use sites::{CALLS, Purpose, purpose};
pub(crate) use troubles::of_call;

/// The opening of the directory, which has an error of its own.
pub(crate) const OPEN: &str = "directory open";
