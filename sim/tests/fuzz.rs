//! The short run of the fuzz targets, on any toolchain: the corpus in `fuzz/corpus`, and mutations of it.
//!
//! `fuzz/README.md` says how to run them for longer, guided by coverage.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use sim::fuzz::{TARGETS, Target, check};
use std::{fs, path::PathBuf};

/// How much work the mutations of one target are, about; `FUZZ_EFFORT` is for who has time.
const EFFORT: usize = 20_000;

fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus")).join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.display().to_string(), bytes)
    };
    files.into_iter().map(read).collect()
}

/// A few changes: a byte, a piece taken out, doubled, or taken from another input.
fn mutated(rng: &mut ChaCha8Rng, input: &[u8], other: &[u8]) -> Vec<u8> {
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
                bytes.splice(at..end, WORDS[below(rng, WORDS.len())].iter().copied());
            }
        }
    }
    bytes
}

fn fuzz(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "there is nothing to begin with");
    let put = |what: &str, input: &[u8]| {
        let done = std::panic::catch_unwind(|| check(name, input));
        assert!(done.is_ok(), "{name}: {what}\n{}", input.escape_ascii());
    };
    for (file, input) in &corpus {
        put(file, input);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let effort = std::env::var("FUZZ_EFFORT").map_or(EFFORT, |effort| effort.parse().expect("FUZZ_EFFORT is a number"));
    for nth in 0..effort / target.cost {
        let other = rng.next_u32() as usize % corpus.len();
        let (file, input) = &corpus[nth % corpus.len()];
        put(
            &format!("{file}, mutation {nth}"),
            &mutated(&mut rng, input, &corpus[other].1),
        );
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                fuzz(stringify!($name));
            }
        )*

        #[test]
        fn no_target_is_forgotten() {
            let named = [$(stringify!($name)),*];
            assert_eq!(named.to_vec(), TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
            let manifest = include_str!("../../fuzz/Cargo.toml");
            for name in named {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml lacks {name}");
            }
        }
    };
}

targets!(redis_request redis_reply redis_node redis_link sentinel login_redis login_sentinel login_http login_form);
