//! A file that a connection has open.

use crate::{
    locks::{Busy, Level},
    registry::{self, Inner},
    shm::{self, Ended, Shm},
    state::{NotWritten, PowerLost, State},
};
use std::sync::{Arc, MutexGuard};

/// Why the disk did not do what it was asked to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The machine has lost power since the file was opened.
    PowerLost,
    /// Somebody else has a lock.
    Busy,
    /// There is no room for more.
    Full,
}

impl From<NotWritten> for Refused {
    fn from(why: NotWritten) -> Refused {
        match why {
            NotWritten::PowerLost => Refused::PowerLost,
            NotWritten::Full => Refused::Full,
        }
    }
}

impl From<PowerLost> for Refused {
    fn from(_: PowerLost) -> Refused {
        Refused::PowerLost
    }
}

impl From<Busy> for Refused {
    fn from(_: Busy) -> Refused {
        Refused::Busy
    }
}

impl From<shm::Refused> for Refused {
    fn from(refused: shm::Refused) -> Refused {
        match refused {
            shm::Refused::Busy => Refused::Busy,
            shm::Refused::Gone => Refused::PowerLost,
        }
    }
}

/// An open file. It is dead after a power loss: everything that it is asked for is refused.
pub(crate) struct Handle {
    disk: Arc<Inner>,
    node: usize,
    number: u64,
    boot: u64,
    shm: Option<Arc<Shm>>,
    /// The name under which it is deleted when it is closed.
    deleted_on_close: Option<String>,
}

impl Handle {
    /// Opens a file; `None` if there is no such disk or file.
    pub(crate) fn open(path: &str, creates: bool, deletes_on_close: bool) -> Option<Handle> {
        let (disk, name) = registry::find(path)?;
        let deleted_on_close = deletes_on_close.then(|| name.to_owned());
        let mut state = disk.state();
        let node = state.open(name, creates)?;
        let (number, boot) = (state.handle(), state.boot);
        drop(state);
        Some(Handle {
            disk,
            node,
            number,
            boot,
            shm: None,
            deleted_on_close,
        })
    }

    /// Opens a temporary file.
    pub(crate) fn open_temporary() -> Handle {
        let disk = Inner::unnamed();
        let node = disk.state().open_temporary();
        Handle {
            disk,
            node,
            number: 0,
            boot: 0,
            shm: None,
            deleted_on_close: None,
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, PowerLost> {
        let state = self.disk.state();
        if state.boot == self.boot {
            Ok(state)
        } else {
            Err(PowerLost)
        }
    }

    /// Passes the bytes from an offset to a function, fewer than `length` if the file ends before.
    pub(crate) fn read(&self, offset: usize, length: usize, take: impl FnOnce(&[u8])) -> Result<(), Refused> {
        take(self.state()?.nodes[self.node].file.read(offset, length));
        Ok(())
    }

    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Refused> {
        Ok(self.state()?.write(self.node, offset, bytes)?)
    }

    pub(crate) fn truncate(&self, length: usize) -> Result<(), Refused> {
        Ok(self.state()?.truncate(self.node, length)?)
    }

    pub(crate) fn sync(&self) -> Result<(), Refused> {
        Ok(self.state()?.sync(self.node)?)
    }

    pub(crate) fn len(&self) -> Result<usize, Refused> {
        Ok(self.state()?.nodes[self.node].file.len())
    }

    pub(crate) fn lock(&self, level: Level) -> Result<(), Refused> {
        Ok(self.state()?.nodes[self.node].locks.lock(self.number, level)?)
    }

    pub(crate) fn unlock(&self, level: Level) -> Result<(), Refused> {
        self.state()?.nodes[self.node].locks.unlock(self.number, level);
        Ok(())
    }

    pub(crate) fn is_reserved(&self) -> Result<bool, Refused> {
        Ok(self.state()?.nodes[self.node].locks.is_reserved())
    }

    /// A region of the shared memory; `None` if it is not there and `extend` is false.
    pub(crate) fn shm_region(&mut self, index: usize, bytes: usize, extend: bool) -> Result<Option<*mut u64>, Refused> {
        if self.shm.is_none() {
            let shm = self.state()?.shm(self.node);
            self.shm = Some(shm);
        }
        let shm = self.shm.as_ref().expect("mapped above");
        Ok(shm.region(index, bytes, extend))
    }

    pub(crate) fn shm_lock(&self, slots: u8, exclusive: bool) -> Result<(), Refused> {
        let shm = self.shm.as_ref().ok_or(Refused::PowerLost)?; // SQLite maps it first
        Ok(shm.lock(self.number, slots, exclusive)?)
    }

    pub(crate) fn shm_unlock(&self, slots: u8) {
        if let Some(shm) = &self.shm
            && shm.unlock(self.number, slots) == Ended::Untold
            && let Ok(mut state) = self.state()
        {
            state.count_untold();
        }
    }

    pub(crate) fn shm_unmap(&mut self) {
        if let Some(shm) = self.shm.take() {
            shm.leave(self.number);
        }
    }
}

impl Drop for Handle {
    /// A process that ends has no locks any more.
    fn drop(&mut self) {
        self.shm_unmap();
        let _ = self.unlock(Level::None); // refused after a power loss, which has released it
        if let Some(name) = &self.deleted_on_close
            && let Ok(mut state) = self.state()
        {
            let _ = state.delete(name, false); // the power may be lost in it
        }
    }
}
