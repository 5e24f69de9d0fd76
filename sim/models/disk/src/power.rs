//! A power loss: what becomes of the writes that were not synced.

use crate::{
    file::{Redo, Share},
    state::{Renamed, State},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Weak;

/// What a power loss did to the writes and truncations that were not synced, and to files that were created or deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PowerLoss {
    /// How many of them the disk had performed.
    pub kept: usize,
    /// How many were lost.
    pub lost: usize,
    /// How many the disk had performed in part. It may be that all parts are there, or none.
    pub torn: usize,
}

/// Which of the operations that were not synced the disk has performed.
enum Survival {
    Nothing,
    /// In order, up to this one, which it was performing.
    UpTo(u64),
    /// Each by itself.
    Each,
}

impl Survival {
    fn draw(dice: &mut ChaCha8Rng, (first, last): (u64, u64)) -> Survival {
        match dice.random_range(0..3) {
            0 => Survival::Nothing,
            1 => Survival::UpTo(dice.random_range(first..=last)),
            _ => Survival::Each,
        }
    }

    fn share(&self, number: u64, dice: &mut ChaCha8Rng) -> Share {
        match self {
            Survival::Nothing => Share::None,
            Survival::UpTo(last) if number < *last => Share::All,
            Survival::UpTo(last) if number > *last => Share::None,
            Survival::UpTo(_) => Share::Part,
            Survival::Each => match dice.random_range(0..3) {
                0 => Share::All,
                1 => Share::None,
                _ => Share::Part,
            },
        }
    }
}

impl PowerLoss {
    fn count(&mut self, share: Share) {
        *match share {
            Share::All => &mut self.kept,
            Share::None => &mut self.lost,
            Share::Part => &mut self.torn,
        } += 1;
    }
}

impl State {
    /// Loses power, and has it again: see [`crate::Disk::lose_power`].
    pub(crate) fn lose_power(&mut self, seed: u64) -> PowerLoss {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut loss = PowerLoss::default();
        self.boot += 1;
        self.crash_at(None);
        let mut changes: Vec<(usize, Redo)> = vec![];
        for (index, node) in self.nodes.iter_mut().enumerate() {
            node.locks.clear();
            if let Some(shm) = std::mem::replace(&mut node.shm, Weak::new()).upgrade() {
                shm.lose();
            }
            changes.extend(node.file.rewind().into_iter().map(|redo| (index, redo)));
        }
        let renamed = std::mem::take(&mut self.renamed);
        let numbers = changes.iter().map(|(_, redo)| redo.number);
        let numbers = numbers.chain(renamed.iter().map(|renamed| renamed.number));
        let (Some(first), Some(last)) = (numbers.clone().min(), numbers.max()) else {
            return loss; // all was synced
        };
        let survival = Survival::draw(&mut dice, (first, last));
        for (node, redo) in &changes {
            let share = survival.share(redo.number, &mut dice);
            loss.count(share);
            self.nodes[*node].file.redo(redo, share, || dice.random());
        }
        let kept = match survival {
            Survival::Nothing => 0,
            Survival::UpTo(last) => renamed.partition_point(|renamed| renamed.number < last),
            Survival::Each => dice.random_range(0..=renamed.len()),
        };
        loss.kept += kept;
        loss.lost += renamed.len() - kept;
        for Renamed {
            name, node, is_there, ..
        } in renamed.into_iter().skip(kept).rev()
        {
            match is_there {
                true => self.names.remove(&name),
                false => self.names.insert(name, node),
            };
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        power::PowerLoss,
        state::{Crash, NotWritten, State},
    };

    /// A file with one synced write and several that are not; another that was deleted, and one that was created.
    fn state() -> State {
        let mut state = State::default();
        let old = state.open("old", true).expect("created");
        state.write(old, 0, b"old").expect("power");
        let file = state.open("file", true).expect("created");
        state.write(file, 0, &[1; 2048]).expect("power");
        state.sync(old).expect("power");
        state.sync(file).expect("power");
        state.write(file, 0, &[2; 2048]).expect("power");
        state.delete("old", false).expect("power");
        state.write(file, 2048, &[3; 2048]).expect("power");
        state.open("new", true).expect("created");
        state
    }

    #[test]
    fn a_seed_decides_and_seeds_differ() {
        let after = |seed| {
            let mut state = state();
            let loss = state.lose_power(seed);
            assert_eq!(loss.kept + loss.lost + loss.torn, 4);
            assert_eq!(state.unsynced(), 0);
            (loss, state.names(), state.content("file").expect("it was synced"))
        };
        type Seen = (Vec<String>, Vec<u8>);
        let mut seen: Vec<Seen> = vec![];
        for seed in 0..300 {
            let (loss, names, content) = after(seed);
            assert_eq!(after(seed), (loss, names.clone(), content.clone()));
            let is_possible = |bytes: &[u8], of: &[u8]| bytes.chunks(512).all(|part| of.contains(&part[0]));
            let (overwritten, appended) = content.split_at(2048);
            assert!(is_possible(overwritten, &[1, 2]), "seed {seed}");
            assert!(is_possible(appended, &[0, 3]), "seed {seed}");
            assert!(names.contains(&"old".to_owned()) || loss.kept > 0, "seed {seed}");
            seen.push((names, content));
        }
        let count = |what: &dyn Fn(&Seen) -> bool| seen.iter().filter(|seen| what(seen)).count();
        let all_lost = count(&|(names, content)| names == &["file", "old"] && content == &[1; 2048]);
        let out_of_order = count(&|(_, content)| content.len() > 2048 && content[..2048] == [1; 2048]);
        let torn = count(&|(_, content)| content[0] != content[512]);
        for (what, times) in [("all lost", all_lost), ("out of order", out_of_order), ("torn", torn)] {
            assert!((10..200).contains(&times), "{what}: {times} of 300");
        }
    }

    #[test]
    fn what_was_synced_stays() {
        for seed in 0..20 {
            let mut state = state();
            let file = state.open("file", false).expect("it is there");
            state.sync(file).expect("power");
            assert_eq!(state.lose_power(seed), PowerLoss::default());
            assert_eq!(
                state.names(),
                ["file", "new"],
                "a sync of any file writes the file system's journal"
            );
        }
    }

    #[test]
    fn ignored_syncs_keep_nothing() {
        let lost = (0..20).filter(|seed| {
            let mut state = State::default();
            state.ignore_syncs(true);
            let file = state.open("file", true).expect("created");
            state.write(file, 0, b"abc").expect("power");
            state.sync(file).expect("power");
            state.lose_power(*seed);
            state.content("file").is_none_or(|content| content != b"abc")
        });
        assert!(lost.count() > 5);
    }

    #[test]
    fn power_is_lost_during_the_operation_that_was_named() {
        let mut state = State::default();
        let file = state.open("file", true).expect("created");
        state.crash_at(Some(Crash { at: 3, seed: 0 }));
        assert_eq!(state.write(file, 0, b"a"), Ok(()));
        assert_eq!(state.sync(file), Ok(()));
        assert_eq!(state.boot, 0);
        assert_eq!(state.write(file, 1, b"b"), Err(NotWritten::PowerLost));
        assert_eq!(state.boot, 1);
        assert_eq!(state.content("file").expect("synced")[0], b'a');
        let file = state.open("file", false).expect("it is there");
        assert_eq!(state.write(file, 1, b"c"), Ok(()), "once");
    }
}
