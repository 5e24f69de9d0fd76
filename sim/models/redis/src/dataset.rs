//! The keys of one database: values with an absolute expiry, by the node's own wall clock.

use super::value::Value;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// A value and its expiry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) value: Value,
    /// Wall-clock milliseconds since the Unix epoch, on the node that has the key.
    pub(super) expires_at_ms: Option<i64>,
    /// When a command last looked it up, monotonic milliseconds: for eviction and OBJECT IDLETIME.
    pub(super) used_mono_ms: u64,
    /// Its share of `maxmemory`, bytes; 0 while there is no `maxmemory`.
    weight: usize,
}

impl Entry {
    /// Expired when the clock is past the time, not when it has reached it (measured).
    pub(super) fn expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at| now_ms > at)
    }
}

/// Memory of a key in addition to its bytes: dictionary entry, object, allocator (measured: 90 bytes for a key and a string
/// of 10 bytes each, 7.0.15 on x86-64).
const KEY_OVERHEAD: usize = 70;
/// Memory of an expiry, bytes (measured).
const EXPIRY_OVERHEAD: usize = 44;

/// Memory of an element in addition to its bytes, by encoding (measured with ten elements of ten bytes).
fn element_overhead(encoding: &str) -> usize {
    match encoding {
        "listpack" => 4,
        "quicklist" => 12,
        "hashtable" | "skiplist" => 64,
        _ => 0,
    }
}

/// All keys of one database, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dataset {
    entries: BTreeMap<Bytes, Entry>,
    expiries: BTreeSet<(i64, Bytes)>,
    weight: usize,
}

impl Dataset {
    /// The entry, expired or not.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The same, mutable for its value and its last use. Expiries change through [`Dataset::set_expiry`].
    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    /// Replaces the entry.
    pub(super) fn set(&mut self, key: Bytes, value: Value, expires_at_ms: Option<i64>) {
        self.remove(&key);
        if let Some(at) = expires_at_ms {
            self.expiries.insert((at, key.clone()));
        }
        let entry = Entry {
            value,
            expires_at_ms,
            used_mono_ms: 0,
            weight: 0,
        };
        self.entries.insert(key, entry);
    }

    /// Changes the expiry of an existing key; `None` makes it permanent.
    pub(super) fn set_expiry(&mut self, key: &Bytes, expires_at_ms: Option<i64>) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if let Some(old) = std::mem::replace(&mut entry.expires_at_ms, expires_at_ms) {
            self.expiries.remove(&(old, key.clone()));
        }
        if let Some(at) = expires_at_ms {
            self.expiries.insert((at, key.clone()));
        }
    }

    /// Removes the entry.
    pub(super) fn remove(&mut self, key: &Bytes) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        if let Some(at) = entry.expires_at_ms {
            self.expiries.remove(&(at, key.clone()));
        }
        self.weight -= entry.weight;
        Some(entry)
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) {
        *self = Dataset::default();
    }

    /// All keys, expired ones included, as DBSIZE counts them.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keys that have an expiry.
    pub(super) fn expiring(&self) -> usize {
        self.expiries.len()
    }

    /// Keys and entries in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.entries.iter()
    }

    /// The n-th key.
    pub(super) fn nth(&self, n: usize) -> Option<(&Bytes, &Entry)> {
        self.entries.iter().nth(n)
    }

    /// The n-th of the keys that have an expiry, the earliest first.
    pub(super) fn nth_expiring(&self, n: usize) -> Option<(&Bytes, &Entry)> {
        let (_, key) = self.expiries.iter().nth(n)?;
        self.entries.get_key_value(key)
    }

    /// The earliest expiry.
    pub(super) fn next_expiry_ms(&self) -> Option<i64> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// The key that expired first, if any has.
    pub(super) fn first_expired(&self, now_ms: i64) -> Option<Bytes> {
        self.expiries
            .first()
            .filter(|(at, _)| now_ms > *at)
            .map(|(_, key)| key.clone())
    }

    /// Memory of the keys whose memory has been counted, bytes.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Counts a key's current memory.
    pub(super) fn weigh(&mut self, key: &[u8]) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let value = &entry.value;
        let elements = value.len() * element_overhead(value.encoding());
        let expiry = if entry.expires_at_ms.is_some() {
            EXPIRY_OVERHEAD
        } else {
            0
        };
        let weight = KEY_OVERHEAD + key.len() + value.payload() + elements + expiry;
        self.weight = self.weight - entry.weight + weight;
        entry.weight = weight;
    }

    /// Counts the memory of all keys.
    pub(super) fn weigh_all(&mut self) {
        let keys: Vec<Bytes> = self.entries.keys().cloned().collect();
        keys.iter().for_each(|key| self.weigh(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_expires_after_its_time_not_at_it() {
        let mut data = Dataset::default();
        data.set("k".into(), Value::Str("v".into()), Some(1000));
        assert!(!data.get(b"k").unwrap().expired(1000));
        assert_eq!(data.first_expired(1000), None);
        assert_eq!(data.first_expired(1001), Some("k".into()));
    }

    #[test]
    fn a_key_weighs_nothing_once_it_is_gone() {
        let mut data = Dataset::default();
        data.set("k".into(), Value::Str("v".into()), None);
        data.weigh(b"k");
        data.weigh(b"k");
        assert_eq!(data.weight(), KEY_OVERHEAD + 1 + 1);
        data.remove(&"k".into());
        assert_eq!(data.weight(), 0);
    }
}
