//! The locks of a database file that has a rollback journal: <https://sqlite.org/lockingv3.html>.

/// How strong a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    None,
    /// It reads. Any number of others may read as well.
    Shared,
    /// It will write. Others may go on reading, and begin to.
    Reserved,
    /// It waits for the others to stop reading. Nobody may begin to read.
    Pending,
    /// It writes to the file.
    Exclusive,
}

/// A lock that somebody else has is in the way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// The locks of one file: who has one, and how strong it is.
#[derive(Debug, Default)]
pub(crate) struct Locks(Vec<(u64, Level)>);

impl Locks {
    fn of(&self, handle: u64) -> Level {
        let held = self.0.iter().find(|(holder, _)| *holder == handle);
        held.map_or(Level::None, |(_, level)| *level)
    }

    /// The strongest lock of the others.
    fn of_others(&self, handle: u64) -> Level {
        let others = self.0.iter().filter(|(holder, _)| *holder != handle);
        others.map(|(_, level)| *level).max().unwrap_or(Level::None)
    }

    fn set(&mut self, handle: u64, level: Level) {
        self.0.retain(|(holder, _)| *holder != handle);
        if level > Level::None {
            self.0.push((handle, level));
        }
    }

    /// Takes a lock, or makes it stronger. Never waits.
    ///
    /// A connection that asks for EXCLUSIVE while others read gets PENDING, and is told that it is busy; SQLite asks again.
    pub(crate) fn lock(&mut self, handle: u64, level: Level) -> Result<(), Busy> {
        if level <= self.of(handle) {
            return Ok(());
        }
        let others = self.of_others(handle);
        match level {
            Level::None => {}
            Level::Shared if others >= Level::Pending => return Err(Busy),
            Level::Shared => {}
            _ if others >= Level::Reserved => return Err(Busy),
            Level::Reserved | Level::Pending => {}
            Level::Exclusive if others == Level::Shared => {
                self.set(handle, Level::Pending);
                return Err(Busy);
            }
            Level::Exclusive => {}
        }
        self.set(handle, level);
        Ok(())
    }

    /// Makes a lock weaker, or releases it.
    pub(crate) fn unlock(&mut self, handle: u64, level: Level) {
        if level < self.of(handle) {
            self.set(handle, level);
        }
    }

    /// Whether anybody is going to write.
    pub(crate) fn is_reserved(&self) -> bool {
        self.0.iter().any(|(_, level)| *level >= Level::Reserved)
    }

    /// The machine has lost power.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Level::*, *};

    #[test]
    fn one_writer_excludes_others_and_then_readers() {
        let mut locks = Locks::default();
        for reader in [1, 2] {
            assert_eq!(locks.lock(reader, Shared), Ok(()));
        }
        assert_eq!(locks.lock(1, Reserved), Ok(()));
        assert_eq!(locks.lock(2, Reserved), Err(Busy), "one will write");
        assert_eq!(locks.lock(3, Shared), Ok(()), "others may begin to read");
        assert_eq!(locks.lock(1, Exclusive), Err(Busy), "others read");
        assert_eq!(locks.lock(4, Shared), Err(Busy), "and none may begin to");
        locks.unlock(2, None);
        assert_eq!(locks.lock(1, Exclusive), Err(Busy));
        locks.unlock(3, None);
        assert_eq!(locks.lock(1, Exclusive), Ok(()));
        assert_eq!(locks.lock(2, Shared), Err(Busy));
        locks.unlock(1, Shared);
        assert_eq!(locks.lock(2, Shared), Ok(()));
        assert!(!locks.is_reserved());
    }

    #[test]
    fn a_journal_is_rolled_back_by_one() {
        let mut locks = Locks::default();
        assert_eq!((locks.lock(1, Shared), locks.lock(2, Shared)), (Ok(()), Ok(())));
        assert_eq!(locks.lock(1, Exclusive), Err(Busy), "straight from SHARED");
        assert_eq!(locks.lock(2, Exclusive), Err(Busy), "the other was first");
        locks.unlock(2, None);
        assert_eq!(locks.lock(1, Exclusive), Ok(()));
    }
}
