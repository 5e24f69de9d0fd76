//! Random choices of people: how long they think, which mail they open.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use sha2::{Digest, Sha256};
use std::{sync::Mutex, time::Duration};

/// A person's stream of random choices in one operation. It depends only on the run's seed and on the operation's own
/// label, so an operation behaves the same when others are removed from the plan. Without this, failing plans could not
/// be shrunk.
pub(crate) struct Choices(Mutex<ChaCha8Rng>);

impl Choices {
    /// The stream for a label.
    pub(crate) fn new(seed: u64, label: &str) -> Choices {
        let mut hash = Sha256::new();
        hash.update(b"whim"); // another word would change every choice, and with it the meaning of every saved plan
        hash.update(seed.to_be_bytes());
        hash.update(label.as_bytes());
        Choices(Mutex::new(ChaCha8Rng::from_seed(hash.finalize().into())))
    }

    /// A number between two bounds, both included.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        // The modulo's bias does not matter for bounds this small.
        low + self.0.lock().expect("no draw panics").next_u64() % (high - low + 1)
    }

    /// A time between two bounds in milliseconds, both included.
    pub(crate) fn ms(&self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    /// One of the elements; `None` if there are none.
    pub(crate) fn pick<'a, T>(&self, among: &'a [T]) -> Option<&'a T> {
        let last = among.len().checked_sub(1)?;
        among.get(self.between(0, last as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_seed_and_label_alone() {
        let draws = |seed, label| {
            let choices = Choices::new(seed, label);
            (0..8).map(|_| choices.between(0, 1 << 40)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1, "ann"), draws(1, "ann"));
        assert_ne!(draws(1, "ann"), draws(2, "ann"));
        assert_ne!(draws(1, "ann"), draws(1, "bob"));
    }

    #[test]
    fn stays_within_its_bounds() {
        let choices = Choices::new(7, "bounds");
        assert!((0..200).all(|_| (3..=5).contains(&choices.between(3, 5))));
        assert_eq!(choices.between(4, 4), 4);
        assert_eq!(choices.pick::<u8>(&[]), None);
        assert_eq!(choices.pick(&[9]), Some(&9));
    }
}
