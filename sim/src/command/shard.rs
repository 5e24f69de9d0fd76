//! `--shard I/N`: the runs of a sweep that this machine performs.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The largest number of shards. No job array has more, so a larger number is probably a typing error.
const SHARDS_MAX: u64 = 10_000;

/// One of `of` parts of a sweep, numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Shard {
    pub(crate) index: u64,
    pub(crate) of: u64,
}

impl Shard {
    /// Whether this shard performs the run of `seed` of the scenario at position `place` in the sweep. Every run
    /// belongs to exactly one shard. Neighbouring scenarios and neighbouring seeds belong to different shards, so that
    /// each shard gets both long and short scenarios.
    pub(crate) fn owns(&self, place: usize, seed: u64) -> bool {
        (seed % self.of + place as u64 % self.of) % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Shard, String> {
        text.parse()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        const HOW: &str = "write I/N, as in 1/4 for the first of four; shards are counted from 1";
        let (index, of) = text.split_once('/').ok_or(HOW)?;
        match (index.parse(), of.parse()) {
            (Ok(index), Ok(of)) if 1 <= index && index <= of && of <= SHARDS_MAX => Ok(Shard { index, of }),
            _ => Err(format!("`{text}` is no shard: {HOW}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_exactly_one_shards() {
        for of in 1..8 {
            for (place, seed) in (0..13).flat_map(|place| [0, 1, 7, u64::MAX].map(|seed| (place, seed))) {
                let owners = (1..=of).filter(|index| Shard { index: *index, of }.owns(place, seed));
                assert_eq!(owners.count(), 1, "{place} {seed} {of}");
            }
        }
    }

    #[test]
    fn every_shard_gets_every_scenario() {
        for of in [2, 13] {
            for index in 1..=of {
                let shard = Shard { index, of };
                for place in 0..13 {
                    let mine = (100..100 + of).filter(|seed| shard.owns(place, *seed)).count();
                    assert_eq!(mine, 1, "{shard}, scenario {place}");
                }
            }
        }
    }

    #[test]
    fn shards_count_from_one() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, of: 4 }));
        for text in ["", "0/4", "5/4", "1", "1/0", "a/b", "1/4/2", "-1/4", "1/99999999"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
