//! Which mutant is on. This file is part of the mutated copy only, as `idp::mutant_switch`; the repository's own `core/` never
//! contains it.
//!
//! One process runs one mutant, named by a number in the environment before its first use; nothing changes it afterwards.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// The environment variable: a mutant's number, or `record` to note which places are reached. Without it, nothing is mutated.
pub const VARIABLE: &str = "SQUALL_MUTANT";
/// As many mutants as can be told apart.
pub const NUMBERS: u32 = 64 * WORDS as u32;

const WORDS: usize = 512;
/// No mutant is on.
const NONE: u32 = u32::MAX;
/// None either, and places are noted.
const RECORD: u32 = u32::MAX - 1;
/// The environment has not been read yet.
const UNREAD: u32 = u32::MAX - 2;

static CHOSEN: AtomicU32 = AtomicU32::new(UNREAD);
static REACHED: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// Whether this mutant is on.
#[inline]
pub fn on(number: u32) -> bool {
    let chosen = CHOSEN.load(Relaxed);
    (chosen == number || chosen == RECORD || chosen == UNREAD) && slow(number)
}

#[cold]
#[inline(never)]
fn slow(number: u32) -> bool {
    let mut chosen = CHOSEN.load(Relaxed);
    if chosen == UNREAD {
        chosen = choice(std::env::var(VARIABLE).ok().as_deref());
        CHOSEN.store(chosen, Relaxed);
    }
    if chosen == RECORD || chosen == number {
        REACHED[number as usize / 64].fetch_or(1 << (number % 64), Relaxed);
    }
    chosen == number
}

/// What the variable asks for.
fn choice(text: Option<&str>) -> u32 {
    match text {
        None | Some("") => NONE,
        Some("record") => RECORD,
        Some(number) => match number.parse() {
            Ok(number) if number < NUMBERS => number,
            _ => panic!("{VARIABLE}={number}: write a mutant's number below {NUMBERS}, or `record`"),
        },
    }
}

/// The places reached since the last time that this was asked.
pub fn take_reached() -> Vec<u32> {
    let mut numbers = vec![];
    for (word, bits) in (0_u32..).zip(&REACHED) {
        let bits = bits.swap(0, Relaxed);
        numbers.extend((0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| 64 * word + bit));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_chosen_one_is_on_and_places_are_noted() {
        CHOSEN.store(choice(Some("65")), Relaxed);
        assert_eq!((on(64), on(65), on(66)), (false, true, false));
        assert_eq!(take_reached(), [65], "of a chosen mutant, whether it was reached");
        assert!(take_reached().is_empty(), "asked anew, noted anew");
        CHOSEN.store(choice(Some("record")), Relaxed);
        assert_eq!((on(3), on(200)), (false, false));
        assert_eq!(take_reached(), [3, 200]);
        CHOSEN.store(choice(None), Relaxed);
        assert!(!on(3) && take_reached().is_empty());
    }

    #[test]
    #[should_panic(expected = "write a mutant's number")]
    fn what_is_no_number_is_refused() {
        choice(Some("seventeen"));
    }
}
