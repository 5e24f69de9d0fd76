//! The files of a disk, and what is being done to them.

use crate::{file::File, locks::Locks, shm::Shm, waiting};
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

/// All files of a disk.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Every file that there ever was, by its number. A file that is open may have lost its name.
    pub(crate) nodes: Vec<Node>,
    pub(crate) names: BTreeMap<String, usize>,
    /// Files that were created or deleted since the last sync of any file, in order.
    pub(crate) renamed: Vec<Renamed>,
    /// How often the machine has had power. A file that was opened before the last time is dead.
    pub(crate) boot: u64,
    operations: u64,
    handles: u64,
    ignores_syncs: bool,
    is_full: bool,
    is_silent: bool,
    syncs_unawaited: u64,
    transactions_untold: u64,
    crash: Option<Crash>,
}

/// A file, its locks and its shared memory.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) file: File,
    pub(crate) locks: Locks,
    pub(crate) shm: Weak<Shm>,
    /// How often its shared memory has lost its name: whoever has it keeps it, and whoever comes later gets another.
    pub(crate) shm_lost: u64,
    /// Whether a power loss has no effect on it: nobody can find it afterwards.
    pub(crate) is_temporary: bool,
}

/// A name that was given to a file, or taken from it.
#[derive(Debug)]
pub(crate) struct Renamed {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) node: usize,
    pub(crate) is_there: bool,
}

/// A power loss that will happen during an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    pub(crate) at: u64,
    pub(crate) seed: u64,
}

/// The machine has lost power.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PowerLost;

/// Why a write was not performed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotWritten {
    PowerLost,
    Full,
}

impl From<PowerLost> for NotWritten {
    fn from(_: PowerLost) -> NotWritten {
        NotWritten::PowerLost
    }
}

impl State {
    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    pub(crate) fn crash_at(&mut self, crash: Option<Crash>) {
        self.crash = crash;
    }

    pub(crate) fn ignore_syncs(&mut self, ignores: bool) {
        self.ignores_syncs = ignores;
    }

    pub(crate) fn fill(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Takes the log of a database and its index away from their names.
    pub(crate) fn lose_log(&mut self, name: &str) -> Result<(), PowerLost> {
        self.delete(&format!("{name}-wal"), true)?;
        if let Some(node) = self.names.get(name) {
            let node = &mut self.nodes[*node];
            node.shm = Weak::new();
            node.shm_lost += 1;
        }
        Ok(())
    }

    pub(crate) fn be_silent(&mut self, is_silent: bool) {
        self.is_silent = is_silent;
    }

    /// The numbers of a database's file, its log and its index.
    pub(crate) fn identity(&self, name: &str) -> Option<[Option<u64>; 3]> {
        if self.is_silent {
            return None;
        }
        let node = |name: &str| self.names.get(name).map(|node| *node as u64);
        let log = format!("{name}-wal");
        let index = self.names.get(name).map(|node| self.nodes[*node].shm_lost);
        Some([node(name), node(&log), index.filter(|_| node(&log).is_some())])
    }

    pub(crate) fn unsynced(&self) -> usize {
        let files = self.nodes.iter().map(|node| node.file.unsynced());
        self.renamed.len() + files.sum::<usize>()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    pub(crate) fn content(&self, name: &str) -> Option<Vec<u8>> {
        let node = self.names.get(name)?;
        Some(self.nodes[*node].file.data().to_vec())
    }

    /// The number of the next operation.
    fn count(&mut self) -> u64 {
        self.operations += 1;
        self.operations
    }

    /// Loses power if it is to be lost during the operation that was counted last.
    fn crash_if_due(&mut self) -> Result<(), PowerLost> {
        match self.crash {
            Some(Crash { at, seed }) if at <= self.operations => {
                self.lose_power(seed);
                Err(PowerLost)
            }
            _ => Ok(()),
        }
    }

    /// A number for an open file.
    pub(crate) fn handle(&mut self) -> u64 {
        self.handles += 1;
        self.handles
    }

    /// The file of a name. It is created if it is not there and `creates` is true.
    pub(crate) fn open(&mut self, name: &str, creates: bool) -> Option<usize> {
        if let Some(node) = self.names.get(name) {
            return Some(*node);
        }
        if !creates {
            return None;
        }
        self.nodes.push(Node::default());
        let node = self.nodes.len() - 1;
        self.names.insert(name.to_owned(), node);
        self.renamed.push(Renamed {
            number: self.operations,
            name: name.to_owned(),
            node,
            is_there: true,
        });
        Some(node)
    }

    /// A file without a name.
    pub(crate) fn open_temporary(&mut self) -> usize {
        self.nodes.push(Node {
            is_temporary: true,
            ..Node::default()
        });
        self.nodes.len() - 1
    }

    /// Whether there is a file of this name with something in it. SQLite takes an empty journal for none.
    pub(crate) fn is_there(&self, name: &str) -> bool {
        let node = self.names.get(name);
        node.is_some_and(|node| self.nodes[*node].file.len() > 0)
    }

    /// Deletes a file. Returns whether it was there.
    pub(crate) fn delete(&mut self, name: &str, syncs: bool) -> Result<bool, PowerLost> {
        let number = self.count();
        self.crash_if_due()?;
        let Some(node) = self.names.remove(name) else {
            return Ok(false);
        };
        self.renamed.push(Renamed {
            number,
            name: name.to_owned(),
            node,
            is_there: false,
        });
        if syncs && !self.ignores_syncs {
            self.renamed.clear();
        }
        Ok(true)
    }

    /// On a full disk a file cannot become longer; what it has already can be written anew.
    pub(crate) fn write(&mut self, node: usize, offset: usize, bytes: &[u8]) -> Result<(), NotWritten> {
        let number = self.count();
        let node = &mut self.nodes[node];
        if self.is_full && offset + bytes.len() > node.file.len() {
            return Err(NotWritten::Full);
        }
        node.file.write((!node.is_temporary).then_some(number), offset, bytes);
        Ok(self.crash_if_due()?)
    }

    pub(crate) fn truncate(&mut self, node: usize, length: usize) -> Result<(), PowerLost> {
        let number = self.count();
        let node = &mut self.nodes[node];
        node.file.truncate((!node.is_temporary).then_some(number), length);
        self.crash_if_due()
    }

    pub(crate) fn syncs_unawaited(&self) -> u64 {
        self.syncs_unawaited
    }

    pub(crate) fn transactions_untold(&self) -> u64 {
        self.transactions_untold
    }

    /// A transaction has ended of which nobody had said that it begins.
    pub(crate) fn count_untold(&mut self) {
        self.transactions_untold += 1;
    }

    pub(crate) fn sync(&mut self, node: usize) -> Result<(), PowerLost> {
        self.syncs_unawaited += u64::from(!waiting::for_syncs());
        self.count();
        self.crash_if_due()?;
        if !self.ignores_syncs {
            self.nodes[node].file.sync();
            self.renamed.clear();
        }
        Ok(())
    }

    /// The shared memory of a file.
    pub(crate) fn shm(&mut self, node: usize) -> Arc<Shm> {
        let node = &mut self.nodes[node];
        node.shm.upgrade().unwrap_or_else(|| {
            let shm = Arc::default();
            node.shm = Arc::downgrade(&shm);
            shm
        })
    }
}
