//! Fuzz targets: readers of untrusted bytes as functions, and a short run of them on any toolchain, with a corpus and
//! mutations of it.
//!
//! A coverage-guided fuzzer calls the same functions ([`check`]). Targets that wait do so in simulated time (see
//! [`super::Stage`]), so a hang is a failure and does not depend on real time.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

/// Longest input, bytes; the rest of a longer one is ignored. A reader that keeps an incomplete message needs as much
/// memory as the input has bytes.
const INPUT_BYTES_MAX: usize = 4096;

/// The default amount of work for the mutations of one target, in units of [`Target::cost`].
const EFFORT: usize = 20_000;

/// A fuzz target: a reader of untrusted bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// Reads any bytes. Panics if the reader panics, hangs, or breaks a promise of its own.
    pub check: fn(&[u8]),
    /// How many times longer one input takes than with a plain parser, about.
    pub cost: usize,
}

/// Passes these bytes to the target of this name.
///
/// # Panics
/// The target found a defect, or there is no such target.
pub fn check(targets: &[Target], name: &str, input: &[u8]) {
    let target = find(targets, name);
    (target.check)(&input[..input.len().min(INPUT_BYTES_MAX)]);
}

fn find<'a>(targets: &'a [Target], name: &str) -> &'a Target {
    let target = targets.iter().find(|target| target.name == name);
    target.unwrap_or_else(|| panic!("there is no fuzz target {name}"))
}

/// Passes every file of `corpus/NAME` to the target, then mutations of them, which are the same in each run. The
/// environment variable `FUZZ_EFFORT` sets their number (default 20,000, divided by the target's cost).
///
/// # Panics
/// The target found a defect (the message contains the input), or there is no corpus.
pub fn short_run(targets: &[Target], name: &str, corpus: &Path) {
    let target = find(targets, name);
    let corpus = read_corpus(&corpus.join(name));
    assert!(!corpus.is_empty(), "the corpus of {name} is empty");
    let give = |what: &str, input: &[u8]| {
        let done = catch_unwind(|| check(targets, name, input));
        assert!(done.is_ok(), "{name}: {what}\n{}", input.escape_ascii());
    };
    for (file, input) in &corpus {
        give(file, input);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let effort = std::env::var("FUZZ_EFFORT").map_or(EFFORT, |effort| effort.parse().expect("FUZZ_EFFORT is a number"));
    for nth in 0..effort / target.cost {
        let other = rng.next_u32() as usize % corpus.len();
        let (file, input) = &corpus[nth % corpus.len()];
        give(
            &format!("{file}, mutation {nth}"),
            &mutate(&mut rng, input, &corpus[other].1),
        );
    }
}

fn read_corpus(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.display().to_string(), bytes)
    };
    files.into_iter().map(read).collect()
}

/// Makes one to five changes: a byte is inserted or changed; or a piece is removed, repeated, taken from another input,
/// or replaced by a word that parsers treat in a special way.
fn mutate(rng: &mut ChaCha8Rng, input: &[u8], other: &[u8]) -> Vec<u8> {
    const WORDS: [&[u8]; 8] = [
        b"-1",
        b"0",
        b"9223372036854775808",
        b"\r\n",
        b"$",
        b"*",
        b"\xff",
        b"\"'",
    ];
    let mut bytes = input.to_vec();
    let below = |rng: &mut ChaCha8Rng, n: usize| rng.next_u32() as usize % n.max(1);
    for _ in 0..=below(rng, 4) {
        let at = below(rng, bytes.len() + 1);
        let end = (at + below(rng, 12)).min(bytes.len());
        match below(rng, 6) {
            0 => bytes.insert(at, rng.next_u32() as u8),
            1 if at < bytes.len() => bytes[at] ^= 1 << below(rng, 8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].repeat(1 + below(rng, 8));
                bytes.splice(at..at, piece);
            }
            4 if !other.is_empty() => {
                let from = below(rng, other.len());
                let piece = other[from..(from + below(rng, 40)).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            _ => {
                bytes.splice(at..end, WORDS[below(rng, WORDS.len())].iter().copied());
            }
        }
    }
    bytes
}
