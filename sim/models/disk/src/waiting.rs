//! Who waits for a disk, and who has said that a transaction begins.

use std::cell::Cell;

thread_local! {
    static FOR_SYNCS: Cell<bool> = const { Cell::new(false) };
    static BEGINS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in [`wait_for_syncs`].
pub(crate) fn for_syncs() -> bool {
    FOR_SYNCS.get()
}

/// Performs something that syncs, on a thread that may wait for it as long as the disk takes. Whatever is synced otherwise is
/// counted: see [`Disk::syncs_unawaited`](crate::Disk::syncs_unawaited).
pub fn wait_for_syncs<T>(work: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            FOR_SYNCS.set(self.0);
        }
    }
    let _before = Before(FOR_SYNCS.replace(true));
    work()
}

/// Says that a transaction begins on this thread, so that whoever takes the write lock next is expected. Whatever else takes it is
/// counted: see [`Disk::transactions_untold`](crate::Disk::transactions_untold).
pub fn transaction_begins() {
    BEGINS.set(true);
}

/// Whether somebody has said so since the last transaction.
pub(crate) fn take_begins() -> bool {
    BEGINS.replace(false)
}
