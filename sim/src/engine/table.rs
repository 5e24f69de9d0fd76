//! Tables that are looked into all the time.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// A hash table whose hasher has no random seed. Its order is that of insertions and removals, which is the same in
/// every run, and of no meaning: whoever goes through all of it sorts.
pub(super) type Table<K, V> = IndexMap<K, V, FxBuildHasher>;
