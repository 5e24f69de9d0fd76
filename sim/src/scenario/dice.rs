//! Random draws that a seed decides.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use sha2::{Digest, Sha256};
use std::{
    ops::{Range, RangeInclusive},
    time::Duration,
};

/// A stream of random draws. Each part of a scenario has a stream of its own, keyed by a label, so a new draw in one
/// part does not change the other parts.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a seed and a label.
    pub fn of(seed: u64, label: &str) -> Dice {
        let key = Sha256::new()
            .chain_update(seed.to_le_bytes())
            .chain_update(label)
            .finalize();
        Dice(ChaCha8Rng::from_seed(key.into()))
    }

    /// A random number from `low` to `high`, both included. The bias of the modulus is below 2^-40 for the ranges drawn
    /// here.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "nothing lies between {low} and {high}");
        low + self.0.next_u64() % (high - low + 1)
    }

    /// True with a probability of `percent` per cent.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of the elements, chosen at random.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.between(0, from.len() as u64 - 1) as usize].clone()
    }

    /// A random time within a spread, milliseconds.
    pub fn ms(&mut self, spread: Spread) -> u64 {
        self.between(spread.low_ms, spread.high_ms)
    }
}

/// A time, or a range of times from which the seed draws one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    low_ms: u64,
    high_ms: u64,
}

impl From<Duration> for Spread {
    fn from(exact: Duration) -> Spread {
        let ms = exact.as_millis() as u64;
        Spread {
            low_ms: ms,
            high_ms: ms,
        }
    }
}

impl From<Range<Duration>> for Spread {
    fn from(range: Range<Duration>) -> Spread {
        Spread {
            low_ms: range.start.as_millis() as u64,
            high_ms: range.end.as_millis() as u64,
        }
    }
}

impl From<RangeInclusive<Duration>> for Spread {
    fn from(range: RangeInclusive<Duration>) -> Spread {
        (*range.start()..*range.end()).into()
    }
}

/// A duration in milliseconds.
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A duration in seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_function_of_seed_and_label() {
        let draw = |seed, label: &str| {
            let mut dice = Dice::of(seed, label);
            (0..8).map(|_| dice.between(0, 1 << 40)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "faults"), draw(1, "faults"));
        assert_ne!(draw(1, "faults"), draw(2, "faults"));
        assert_ne!(draw(1, "faults"), draw(1, "world"));
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut dice = Dice::of(7, "bounds");
        for _ in 0..1000 {
            assert!((3..=5).contains(&dice.between(3, 5)));
            assert!((1000..=2000).contains(&dice.ms((secs(1)..secs(2)).into())));
        }
    }
}
