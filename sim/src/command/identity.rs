//! Which program a sweep was run by, as far as it decides how runs come out.
//!
//! Runs of two builds must not be merged: their seeds stand for different plans, or their plans come out differently. A
//! version number does not change with every commit, and the bytes of an executable differ between machines that build the
//! same source. What is compared instead is what the build *does*: the plans that it draws, what it claims and marks, and
//! the fingerprint of a run, which covers every packet that was sent.

use super::{Trouble, perform::perform};
use crate::{judge::JudgeOptions, service::Service, suite::Suite};
use sha2::{Digest, Sha256};

/// The seed of the plans that are compared.
const SEED: u64 = 1;

/// Equal for builds whose runs can be put into one table. Costs one run.
///
/// # Errors
/// The run cannot be performed: then no other can be, either.
pub(crate) fn identity<S: Service>(suite: &Suite<S>) -> Result<String, Trouble> {
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
