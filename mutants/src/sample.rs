//! Which mutants are judged.

use crate::{operator::Operator, site::Mutant};
use std::{collections::BTreeMap, fmt, str::FromStr};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Draws `count` mutants, from each folder in proportion to how many it has. Each mutant has a number of its own that follows
/// from the seed, and the lowest are drawn: so a sample stays nearly the same when the code changes a little.
pub fn draw<'a>(mutants: impl Iterator<Item = &'a Mutant>, count: usize, seed: u64) -> Vec<&'a Mutant> {
    let mut folders = BTreeMap::<&str, Vec<&Mutant>>::new();
    for mutant in mutants.filter(|mutant| mutant.operator != Operator::Harmless) {
        folders.entry(mutant.folder()).or_default().push(mutant);
    }
    let all: usize = folders.values().map(Vec::len).sum();
    let count = count.min(all);
    // The largest remainders are rounded up; ties by the folder's name.
    let mut shares: Vec<(usize, usize, &str)> = folders
        .iter()
        .map(|(folder, mutants)| {
            let exact = mutants.len() * count;
            (exact % all.max(1), exact / all.max(1), *folder)
        })
        .collect();
    let rounded: usize = shares.iter().map(|(_, share, _)| share).sum();
    shares.sort_by_key(|(remainder, ..)| std::cmp::Reverse(*remainder));
    for (_, share, _) in shares.iter_mut().take(count - rounded) {
        *share += 1;
    }
    let mut drawn = vec![];
    for (_, share, folder) in shares {
        drawn.extend(
            shuffled(folders.remove(folder).unwrap_or_default(), seed)
                .into_iter()
                .take(share),
        );
    }
    shuffled(drawn, seed)
}

/// Draws `count` changes that change nothing.
pub fn draw_harmless<'a>(mutants: impl Iterator<Item = &'a Mutant>, count: usize, seed: u64) -> Vec<&'a Mutant> {
    let harmless = mutants.filter(|mutant| mutant.operator == Operator::Harmless).collect();
    shuffled(harmless, seed).into_iter().take(count).collect()
}

fn shuffled(mut mutants: Vec<&Mutant>, seed: u64) -> Vec<&Mutant> {
    mutants.sort_by_key(|mutant| xxh3_64_with_seed(mutant.id.as_bytes(), seed));
    mutants
}

/// Which part of a sample: the first of four is `1/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    part: usize,
    of: usize,
}

impl Shard {
    /// Whether the mutant at this place of the sample is its own.
    pub fn owns(self, place: usize) -> bool {
        place % self.of == self.part - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        const HOW: &str = "write I/N, as in 1/4 for the first of four";
        let (part, of) = text.split_once('/').ok_or(HOW)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| HOW);
        let (part, of) = (number(part)?, number(of)?);
        match (1..=of).contains(&part) {
            true => Ok(Shard { part, of }),
            false => Err(HOW.into()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Found, Shape, name};

    fn mutants(file: &str, count: u32, operator: Operator) -> Vec<Mutant> {
        let found = (0..count).map(|n| Found {
            range: 0..1,
            shape: Shape::Expr,
            operator,
            replacement: n.to_string(),
            function: "f".into(),
        });
        name(file, "x", found.collect(), 0)
    }

    #[test]
    fn folders_have_their_share() {
        let mut all = mutants("core/src/session/a.rs", 60, Operator::Body);
        all.extend(mutants("core/src/limits/a.rs", 30, Operator::Body));
        all.extend(mutants("core/src/hash.rs", 10, Operator::Body));
        all.extend(mutants("core/src/hash.rs", 50, Operator::Harmless));
        let drawn = draw(all.iter(), 10, 7);
        let of = |folder| drawn.iter().filter(|mutant| mutant.folder() == folder).count();
        assert_eq!((of("session"), of("limits"), of("(root)")), (6, 3, 1));
        assert_eq!(drawn, draw(all.iter().rev(), 10, 7), "whatever the order");
        assert_ne!(drawn, draw(all.iter(), 10, 8));
        assert_eq!(draw(all.iter(), 1000, 7).len(), 100, "no more than there are");
        assert_eq!(draw_harmless(all.iter(), 20, 7).len(), 20);
    }

    #[test]
    fn shards_are_a_partition() {
        let shards: Vec<Shard> = (1..=3)
            .map(|part| format!("{part}/3").parse().expect("a shard"))
            .collect();
        for place in 0..10 {
            assert_eq!(shards.iter().filter(|shard| shard.owns(place)).count(), 1);
        }
        for wrong in ["", "1", "0/3", "4/3", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
