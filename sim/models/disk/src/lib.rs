//! A disk in memory, on which SQLite keeps its files, and which loses what was not synced when it loses power.
//!
//! It is a VFS of SQLite, called `model-disk`. SQLite itself is unchanged: its journals, its write-ahead log, its locks and
//! its recovery are the real ones. The disk records each write, and forgets the record when the file is synced. At a power
//! loss it takes back some of the writes that it still has a record of: see [`Disk::lose_power`]. SQLite's own crash tests
//! work in this way (`test6.c`).
//!
//! ```
//! use model_disk::Disk;
//! use rusqlite::Connection;
//!
//! let disk = Disk::new();
//! let uri = disk.uri("shop.sqlite");
//! let first = Connection::open(&uri)?;
//! first.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE sold (seat INTEGER);")?;
//! first.execute_batch("INSERT INTO sold VALUES (7)")?;
//!
//! disk.lose_power(42);
//! assert!(first.execute_batch("INSERT INTO sold VALUES (8)").is_err(), "its machine is gone");
//! let second = Connection::open(&uri)?;
//! let sold: u64 = second.query_row("SELECT count(*) FROM sold", [], |row| row.get(0))?;
//! assert_eq!(sold, 1, "the transaction was synced");
//! # Ok::<(), rusqlite::Error>(())
//! ```
//!
//! **Any number of connections** may have a file open. Locks exclude each other as those of the operating system do, both
//! those of the rollback journal (SHARED, RESERVED, PENDING, EXCLUSIVE) and those of the write-ahead log's shared memory. The
//! disk never waits for a lock, so a connection must have a busy timeout of 0: waiting is a matter of the caller's own clock.
//!
//! **What it promises is what Linux promises with SQLite's usual settings**: a write does not damage bytes beside it
//! (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`), and the file system has a journal, so that creating and deleting files happens in
//! order and is on the disk with the next sync of any file. Of a write that was not synced any of its sectors may be there;
//! writes may reach the disk in another order.
//!
//! **Nothing in it depends on the machine.** It has no clock, which stands at the Unix epoch for SQL, and no randomness but the
//! seed of a power loss. SQLite takes the salt of a write-ahead log from its own generator, which the process seeds once; nothing
//! that can be observed through SQL depends on the salt.
//!
//! Deliberately absent: memory-mapped files, errors of a single read or write, sectors that can no longer be
//! read, bytes that change by themselves, and directories.

mod file;
mod handle;
mod locks;
mod power;
mod registry;
mod shm;
mod state;
mod vfs;
mod waiting;

pub use power::PowerLoss;
pub use waiting::{transaction_begins, wait_for_syncs};

use registry::Inner;
use state::Crash;
use std::sync::Arc;

/// A disk. Clones are the same disk. Its files are gone when the last clone and the last connection are.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Inner>);

impl Default for Disk {
    fn default() -> Disk {
        Disk::new()
    }
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Disk {
        vfs::register();
        Disk(registry::add())
    }

    /// The disk of a URI that [`Disk::uri`] returned, as long as the disk is there.
    pub fn of(uri: &str) -> Option<Disk> {
        let path = uri.strip_prefix("file:")?.split('?').next()?;
        registry::find(path).map(|(disk, _)| Disk(disk))
    }

    /// The URI under which SQLite opens a file of this disk. It contains a number that differs between the disks of a
    /// process; keep it out of everything that two runs must have in common.
    ///
    /// # Panics
    /// The name is not made of letters, digits, dots, hyphens and underscores.
    pub fn uri(&self, file: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        assert!(
            !file.is_empty() && file.chars().all(is_plain),
            "no plain name: {file:?}"
        );
        let (path, vfs) = (self.0.path(file), vfs::NAME.to_string_lossy());
        format!("file:{path}?vfs={vfs}")
    }

    /// The machine loses power, and has it again at once. Every connection that is open now gets
    /// `SQLITE_IOERR` from now on; its locks are gone.
    ///
    /// Of the writes that were not synced, the seed decides which are lost. In a third of the cases all are lost. In a
    /// third the disk has performed them in order up to some point, and the last one in part. In a third each one is kept,
    /// lost, or kept in part, independently of the others. A part is any of the sectors of 512 bytes. Files that were
    /// created or deleted since the last sync of any file are kept so in order up to some point.
    pub fn lose_power(&self, seed: u64) -> PowerLoss {
        self.0.state().lose_power(seed)
    }

    /// The machine will lose power while it performs an operation (a write, a truncation, a sync or a deletion), counted from
    /// 1 for the next one. A write may have been performed in part by then; a sync or a deletion has had no effect. See
    /// [`Disk::lose_power`].
    pub fn lose_power_at(&self, operation: u64, seed: u64) {
        let at = self.0.state().operations() + operation.max(1);
        self.0.state().crash_at(Some(Crash { at, seed }));
    }

    /// Sets whether syncs do nothing from now on: the disk says that it has synced, and has not. It is what `PRAGMA
    /// synchronous = OFF` has as its effect, for all connections.
    pub fn ignore_syncs(&self, ignores: bool) {
        self.0.state().ignore_syncs(ignores);
    }

    /// How many transactions took the write lock of a write-ahead log without [`transaction_begins`]: they are none that their
    /// process knows of, or the second half of one that was cut in two. Who recovers the index of a log takes the lock as well, and is
    /// not counted.
    pub fn transactions_untold(&self) -> u64 {
        self.0.state().transactions_untold()
    }

    /// How often a file was synced outside of [`wait_for_syncs`]: as often somebody's thread was blocked for as long as a sync
    /// takes, which for a real disk may be seconds.
    pub fn syncs_unawaited(&self) -> u64 {
        self.0.state().syncs_unawaited()
    }

    /// Sets whether it is full from now on: no file can become longer, which SQLite gets as `SQLITE_FULL`. What a file has
    /// already can be read, written anew and cut, as on a file system whose blocks are all taken.
    pub fn fill(&self, is_full: bool) {
        self.0.state().fill(is_full);
    }

    /// Somebody deletes the write-ahead log of a database and the log's index (`rm directory.sqlite-wal directory.sqlite-shm`).
    /// Whoever has them open goes on with them, as on Unix; whoever opens the database afterwards gets new ones.
    pub fn lose_log(&self, file: &str) {
        let lost = self.0.state().lose_log(file);
        drop(lost); // with the machine's power it is lost as well
    }

    /// Which files a database consists of now, by name: itself, its write-ahead log and the log's index, by numbers that no
    /// other file of this disk has or had. `None`: it does not say ([`Disk::be_silent`]).
    pub fn identity(&self, file: &str) -> Option<[Option<u64>; 3]> {
        self.0.state().identity(file)
    }

    /// Sets whether [`Disk::identity`] says nothing from now on: as for a service that does not ask.
    pub fn be_silent(&self, is_silent: bool) {
        self.0.state().be_silent(is_silent);
    }

    /// How many operations it has performed so far: writes, truncations, syncs and deletions.
    pub fn operations(&self) -> u64 {
        self.0.state().operations()
    }

    /// How many writes, truncations, creations and deletions a power loss could take back now.
    pub fn unsynced(&self) -> usize {
        self.0.state().unsynced()
    }

    /// The names of its files, in ascending order.
    pub fn files(&self) -> Vec<String> {
        self.0.state().names()
    }

    /// The content of a file as its connections see it.
    pub fn content(&self, file: &str) -> Option<Vec<u8>> {
        self.0.state().content(file)
    }
}
