//! Random choices, from a seeded stream of the node: equal nodes make equal choices.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A node's stream of random numbers, seeded by its run ID.
pub(super) fn stream(run_id: &str) -> ChaCha8Rng {
    let mut seed = [0; 32];
    for (byte, digit) in seed.iter_mut().zip(run_id.bytes()) {
        *byte = digit;
    }
    ChaCha8Rng::from_seed(seed)
}

/// One of these.
pub(super) fn pick_one<T: Clone>(random: &mut ChaCha8Rng, from: &[T]) -> Option<T> {
    from.choose(random).cloned()
}

/// So many distinct ones of these; with a negative count, so many draws with repetition.
pub(super) fn pick_many<T: Clone>(random: &mut ChaCha8Rng, from: &[T], count: i64) -> Vec<T> {
    if from.is_empty() {
        return vec![];
    }
    if count < 0 {
        return (0..count.unsigned_abs())
            .map(|_| from[random.random_range(0..from.len())].clone())
            .collect();
    }
    let mut all = from.to_vec();
    if (count as usize) < all.len() {
        all.shuffle(random);
        all.truncate(count as usize);
    }
    all
}
