//! Seeds that are derived by labels.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The random stream of `labels` under `seed`. Labels are hashed with their lengths, so that no two lists of labels share a
/// stream, and a new host or link does not change the stream of another.
pub(crate) fn stream(seed: u64, labels: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for label in labels {
        hash.update((label.len() as u64).to_le_bytes());
        hash.update(label.as_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}
