//! The shared memory of a write-ahead log (its index) and the locks in it: <https://sqlite.org/walformat.html>.

use crate::{locks::Busy, registry::lock, waiting};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering, fence},
};

/// The shared memory of one database file. The connections that have mapped it own it: it is gone with the last of them,
/// as its content is in reality.
#[derive(Debug, Default)]
pub(crate) struct Shm {
    /// Never made smaller, because connections have pointers to the regions. Words of eight bytes, for alignment.
    regions: Mutex<Vec<Arc<[AtomicU64]>>>,
    locks: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    held: Vec<Held>,
    /// Whether its machine has lost power since.
    is_gone: bool,
}

/// The slot of whoever writes: `WAL_WRITE_LOCK` in SQLite's wal.c.
const WRITE: u8 = 1 << 0;
/// The slot of whoever recovers the index, who has that of the writer as well: `WAL_RECOVER_LOCK`.
const RECOVER: u8 = 1 << 2;

/// The slots that one connection has locked, as bits.
#[derive(Debug)]
struct Held {
    handle: u64,
    shared: u8,
    exclusive: u8,
    /// Whether it writes, and nobody had said that a transaction begins.
    is_untold: bool,
}

/// What ends with an unlocking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// No transaction, or one of which it was said that it begins.
    Nothing,
    /// A transaction of which nobody had said that it begins.
    Untold,
}

/// Why a slot could not be locked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Busy,
    /// The machine has lost power.
    Gone,
}

impl From<Busy> for Refused {
    fn from(_: Busy) -> Refused {
        Refused::Busy
    }
}

impl Shm {
    /// A region of `bytes`; `None` if it is not there and `extend` is false.
    pub(crate) fn region(&self, index: usize, bytes: usize, extend: bool) -> Option<*mut u64> {
        let mut regions = lock(&self.regions);
        while extend && regions.len() <= index {
            regions.push((0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect());
        }
        regions.get(index).map(|region| region.as_ptr().cast_mut().cast())
    }

    /// Locks slots for one connection, given as bits. A connection never turns a shared lock into an exclusive one.
    pub(crate) fn lock(&self, handle: u64, slots: u8, exclusive: bool) -> Result<(), Refused> {
        let mut locks = lock(&self.locks);
        if locks.is_gone {
            return Err(Refused::Gone);
        }
        let in_the_way = |held: &Held| match exclusive {
            true => held.shared | held.exclusive,
            false => held.exclusive,
        };
        let others = locks.held.iter().filter(|held| held.handle != handle);
        if others.map(in_the_way).any(|bits| bits & slots != 0) {
            return Err(Busy.into());
        }
        let place = locks.held.iter().position(|held| held.handle == handle);
        let place = place.unwrap_or_else(|| {
            locks.held.push(Held {
                handle,
                shared: 0,
                exclusive: 0,
                is_untold: false,
            });
            locks.held.len() - 1
        });
        let held = &mut locks.held[place];
        match exclusive {
            true => held.exclusive |= slots,
            false => held.shared |= slots,
        }
        if exclusive && slots & WRITE != 0 {
            held.is_untold = !waiting::take_begins();
        }
        if exclusive && slots & RECOVER != 0 && !std::mem::take(&mut held.is_untold) {
            waiting::transaction_begins(); // it still does
        }
        Ok(())
    }

    /// Unlocks slots of one connection.
    pub(crate) fn unlock(&self, handle: u64, slots: u8) -> Ended {
        let mut locks = lock(&self.locks);
        let Some(held) = locks.held.iter_mut().find(|held| held.handle == handle) else {
            return Ended::Nothing;
        };
        let ends = held.exclusive & slots & WRITE != 0;
        held.shared &= !slots;
        held.exclusive &= !slots;
        match ends && held.is_untold {
            true => Ended::Untold,
            false => Ended::Nothing,
        }
    }

    /// Forgets a connection.
    pub(crate) fn leave(&self, handle: u64) {
        lock(&self.locks).held.retain(|held| held.handle != handle);
    }

    /// The machine has lost power: whoever has mapped it gets no lock any more.
    pub(crate) fn lose(&self) {
        lock(&self.locks).is_gone = true;
    }

    /// What was written before is seen by everybody who reads after.
    pub(crate) fn barrier() {
        fence(Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_locked_one_by_one_or_together() {
        let shm = Shm::default();
        assert_eq!(shm.lock(1, 0b0001, true), Ok(()), "the writer");
        assert_eq!(shm.lock(2, 0b0001, true), Err(Refused::Busy));
        assert_eq!(shm.lock(2, 0b1000, false), Ok(()), "a reader");
        assert_eq!(shm.lock(3, 0b1000, false), Ok(()), "and another");
        assert_eq!(shm.lock(1, 0b1110, true), Err(Refused::Busy), "all or none");
        assert_eq!(shm.lock(2, 0b0010, true), Ok(()), "so the others are free");
        shm.unlock(2, 0b1000);
        assert_eq!(shm.lock(1, 0b1000, true), Err(Refused::Busy), "one still reads");
        shm.leave(3);
        assert_eq!(shm.lock(1, 0b1000, true), Ok(()));
        assert_eq!(shm.lock(2, 0b1000, false), Err(Refused::Busy));
    }

    #[test]
    fn regions_stay_where_they_are() {
        let shm = Shm::default();
        assert_eq!(shm.region(0, 32_768, false), None);
        let first = shm.region(0, 32_768, true).expect("a region");
        let third = shm.region(2, 32_768, true).expect("a region");
        assert_eq!(shm.region(0, 32_768, false), Some(first));
        assert_ne!(first, third);
    }

    #[test]
    fn a_machine_without_power_locks_nothing() {
        let shm = Shm::default();
        shm.lose();
        assert_eq!(shm.lock(1, 1, true), Err(Refused::Gone));
    }
}
