//! Hash tables with a fixed hasher.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// A hash table whose hasher has no random seed. Its order depends only on insertions and removals, so it is the same
/// in every run. The order has no meaning: code that iterates over all entries sorts them.
pub(super) type Table<K, V> = IndexMap<K, V, FxBuildHasher>;
