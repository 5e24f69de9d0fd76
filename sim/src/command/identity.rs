//! What a program does, as far as a sample shows.
//!
//! Runs of two builds must not be merged: their seeds stand for different plans, or their plans come out differently, or
//! another claim judges them. Which sources a program was built from, [`Suite::built_from`] says; a version number does not
//! change with every commit, and the bytes of an executable differ between machines that build the same source.
//!
//! That equal sources do the same on every machine is what the harness promises, and so it is compared as well: the plans
//! that are drawn, what is claimed and marked, and the fingerprint of a run, which covers every packet that was sent. Of a
//! suite that does not know its sources, it is all that can be compared, and it proves nothing: a claim that judges
//! otherwise under the same name does not show in it.

use super::{Trouble, perform::perform};
use crate::{judge::JudgeOptions, service::Service, suite::Suite};
use sha2::{Digest, Sha256};

/// The seed of the plans that are compared.
const SEED: u64 = 1;

/// Differs only between builds whose runs cannot be put into one table. Costs one run.
///
/// # Errors
/// The run cannot be performed: then no other can be, either.
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
