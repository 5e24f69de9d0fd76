//! A hash of a program's behaviour, computed from a sample.
//!
//! Runs of two builds must not be merged: their seeds may give different plans, their plans different runs, or their
//! properties different verdicts. [`Suite::built_from`] gives the identity of the sources. A version number would not
//! do, because it does not change with every commit; and the bytes of an executable differ between machines that build
//! the same source.
//!
//! The harness promises that equal sources behave equally on every machine, and therefore compares the behaviour as
//! well: the drawn plans, the names of properties and marks, and the fingerprint of a run, which covers every packet.
//! For a suite that does not know its sources, nothing else can be compared. This proves nothing then: a property with
//! the same name but another check gives the same hash.

use super::{Trouble, perform::perform};
use crate::{judge::JudgeOptions, service::Service, suite::Suite};
use sha2::{Digest, Sha256};

/// The seed of the plans that are compared.
const SEED: u64 = 1;

/// The hash. It differs only between builds whose runs cannot be put into one table. Costs one run.
///
/// # Errors
/// The run cannot be performed; then no other run can be performed either.
pub(crate) fn behaviour<S: Service>(suite: &Suite<S>) -> Result<String, Trouble> {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    add(env!("CARGO_PKG_VERSION"));
    add(suite.name);
    for scenario in suite.scenarios() {
        add(&scenario.plan(SEED).to_text());
        scenario.claims().iter().for_each(|claim| add(claim));
        scenario.marks().iter().for_each(|mark| add(mark.name));
    }
    let first = &suite.scenarios()[0];
    let run = perform(first, &first.plan(SEED), None, &JudgeOptions::default())?;
    add(&run.fingerprint.to_string());
    Ok(hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
