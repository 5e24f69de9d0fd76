//! The keys of one node: strings with an absolute expiry, judged by that node's own wall clock.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::collections::{BTreeMap, BTreeSet};

/// Opens every snapshot. The encoding is our own, not RDB: nobody but these nodes reads it, and its
/// size is in proportion to the data, as RDB's is.
const SNAPSHOT_MAGIC: &[u8] = b"SQUALL01";

/// A value and its expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The string.
    pub value: Bytes,
    /// Wall-clock milliseconds since the Unix epoch, on whichever node asks.
    pub expires_at_ms: Option<i64>,
}

impl Entry {
    /// Expired when the clock is past the time, not when it has reached it (measured).
    pub fn expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at| now_ms > at)
    }
}

/// All keys, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    entries: BTreeMap<Bytes, Entry>,
    expiries: BTreeSet<(i64, Bytes)>,
}

impl Dataset {
    /// The entry, expired or not.
    pub fn get(&self, key: &Bytes) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Replaces the entry.
    pub fn set(&mut self, key: Bytes, value: Bytes, expires_at_ms: Option<i64>) {
        self.remove(&key);
        if let Some(at) = expires_at_ms {
            self.expiries.insert((at, key.clone()));
        }
        self.entries.insert(key, Entry { value, expires_at_ms });
    }

    /// Changes the expiry of an existing key; `None` makes it permanent.
    pub fn set_expiry(&mut self, key: &Bytes, expires_at_ms: Option<i64>) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if let Some(old) = std::mem::replace(&mut entry.expires_at_ms, expires_at_ms) {
            self.expiries.remove(&(old, key.clone()));
        }
        if let Some(at) = expires_at_ms {
            self.expiries.insert((at, key.clone()));
        }
    }

    /// Takes the entry out.
    pub fn remove(&mut self, key: &Bytes) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        if let Some(at) = entry.expires_at_ms {
            self.expiries.remove(&(at, key.clone()));
        }
        Some(entry)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Dataset::default();
    }

    /// All keys, expired ones included, as DBSIZE counts them.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys that have an expiry.
    pub fn expiring(&self) -> usize {
        self.expiries.len()
    }

    /// Keys and entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.entries.iter()
    }

    /// The earliest expiry.
    pub fn next_expiry_ms(&self) -> Option<i64> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// The key that expired first, if any has.
    pub fn first_expired(&self, now_ms: i64) -> Option<Bytes> {
        self.expiries
            .first()
            .filter(|(at, _)| now_ms > *at)
            .map(|(_, key)| key.clone())
    }

    /// The whole dataset as one bulk, for a full resynchronisation.
    pub fn snapshot(&self) -> Bytes {
        let mut out = BytesMut::from(SNAPSHOT_MAGIC);
        for (key, entry) in &self.entries {
            for part in [key, &entry.value] {
                out.put_u32(part.len() as u32);
                out.put_slice(part);
            }
            out.put_i64(entry.expires_at_ms.unwrap_or(i64::MIN));
        }
        out.freeze()
    }

    /// Reads a snapshot. `None` if it is not one.
    pub fn from_snapshot(snapshot: &Bytes) -> Option<Dataset> {
        let mut rest = snapshot.clone();
        if rest.len() < SNAPSHOT_MAGIC.len() || rest.split_to(SNAPSHOT_MAGIC.len()) != SNAPSHOT_MAGIC {
            return None;
        }
        let mut data = Dataset::default();
        let part = |rest: &mut Bytes| {
            let length = rest.try_get_u32().ok()? as usize;
            (rest.len() >= length).then(|| rest.split_to(length))
        };
        while rest.has_remaining() {
            let (key, value) = (part(&mut rest)?, part(&mut rest)?);
            let at = rest.try_get_i64().ok()?;
            data.set(key, value, (at != i64::MIN).then_some(at));
        }
        Some(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_expires_after_its_time_not_at_it() {
        let mut data = Dataset::default();
        data.set("k".into(), "v".into(), Some(1000));
        assert!(!data.get(&"k".into()).unwrap().expired(1000));
        assert_eq!(data.first_expired(1000), None);
        assert_eq!(data.first_expired(1001), Some("k".into()));
    }

    #[test]
    fn a_snapshot_is_read_back() {
        let mut data = Dataset::default();
        data.set("a".into(), "1".into(), None);
        data.set("b".into(), "".into(), Some(-5));
        let snapshot = data.snapshot();
        assert_eq!(Dataset::from_snapshot(&snapshot), Some(data));
        assert_eq!(Dataset::from_snapshot(&snapshot.slice(..snapshot.len() - 1)), None);
    }
}
