//! Random choices, from a stream of the node's own: equal nodes choose equally.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The stream of a node: a child of its run ID.
pub(super) fn stream(run_id: &str) -> ChaCha8Rng {
    let mut seed = [0; 32];
    for (byte, digit) in seed.iter_mut().zip(run_id.bytes()) {
        *byte = digit;
    }
    ChaCha8Rng::from_seed(seed)
}

/// One of them.
pub(super) fn pick_one<T: Clone>(random: &mut ChaCha8Rng, from: &[T]) -> Option<T> {
    from.choose(random).cloned()
}

/// So many of them, each at most once; with a negative number so many draws, each from all.
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
