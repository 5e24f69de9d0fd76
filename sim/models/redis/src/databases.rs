//! The sixteen databases of a node, and their encoding for a replica.

use super::dataset::Dataset;
use super::value::{List, Value};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::ops::{Index, IndexMut};

/// `databases`, at its default.
pub(super) const DATABASES: u8 = 16;

/// The beginning of every snapshot. The encoding is the model's own, not RDB: only these nodes read it, and its size is in
/// proportion to the data, as RDB's is.
const SNAPSHOT_MAGIC: &[u8] = b"SQUALL01";
/// In the place of a key's length: the next key is not a string, or not in database 0.
const OTHER: u32 = u32::MAX;

/// All databases.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Databases(Vec<Dataset>);

impl Default for Databases {
    fn default() -> Databases {
        Databases(vec![Dataset::default(); usize::from(DATABASES)])
    }
}

impl From<Dataset> for Databases {
    fn from(data: Dataset) -> Databases {
        let mut databases = Databases::default();
        databases[0] = data;
        databases
    }
}

impl Index<u8> for Databases {
    type Output = Dataset;
    fn index(&self, db: u8) -> &Dataset {
        &self.0[usize::from(db)]
    }
}

impl IndexMut<u8> for Databases {
    fn index_mut(&mut self, db: u8) -> &mut Dataset {
        &mut self.0[usize::from(db)]
    }
}

impl Databases {
    /// Each with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, &Dataset)> {
        (0..).zip(&self.0)
    }

    /// All of them, mutable.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Dataset> {
        self.0.iter_mut()
    }

    /// Exchanges two.
    pub(super) fn swap(&mut self, one: u8, other: u8) {
        self.0.swap(usize::from(one), usize::from(other));
    }

    /// A key that has expired, in whichever database.
    pub(super) fn first_expired(&self, now_ms: i64) -> Option<(u8, Bytes)> {
        self.iter()
            .find_map(|(db, data)| Some((db, data.first_expired(now_ms)?)))
    }

    /// The earliest expiry of all.
    pub(super) fn next_expiry_ms(&self) -> Option<i64> {
        self.0.iter().filter_map(Dataset::next_expiry_ms).min()
    }

    /// Everything as one bulk, for a full resynchronisation.
    pub(super) fn snapshot(&self) -> Bytes {
        let mut out = BytesMut::from(SNAPSHOT_MAGIC);
        for (db, data) in self.iter() {
            for (key, entry) in data.iter() {
                match (&entry.value, db) {
                    (Value::Str(text), 0) => {
                        put(&mut out, key);
                        put(&mut out, text);
                    }
                    (value, db) => {
                        out.put_u32(OTHER);
                        out.put_u8(db);
                        put(&mut out, key);
                        put_value(&mut out, value);
                    }
                }
                out.put_i64(entry.expires_at_ms.unwrap_or(i64::MIN));
            }
        }
        out.freeze()
    }

    /// Reads a snapshot. `None` if it is not one.
    pub(super) fn from_snapshot(snapshot: &Bytes) -> Option<Databases> {
        let mut rest = snapshot.clone();
        if rest.len() < SNAPSHOT_MAGIC.len() || rest.split_to(SNAPSHOT_MAGIC.len()) != SNAPSHOT_MAGIC {
            return None;
        }
        let mut databases = Databases::default();
        while rest.has_remaining() {
            let (db, key, value) = if rest.clone().try_get_u32().ok()? == OTHER {
                rest.advance(4);
                let db = rest.try_get_u8().ok().filter(|db| *db < DATABASES)?;
                (db, take(&mut rest)?, take_value(&mut rest)?)
            } else {
                (0, take(&mut rest)?, Value::Str(take(&mut rest)?))
            };
            let at = rest.try_get_i64().ok()?;
            databases[db].set(key, value, (at != i64::MIN).then_some(at));
        }
        Some(databases)
    }
}

fn put(out: &mut BytesMut, part: &[u8]) {
    out.put_u32(part.len() as u32);
    out.put_slice(part);
}

fn take(rest: &mut Bytes) -> Option<Bytes> {
    let length = rest.try_get_u32().ok()? as usize;
    (rest.len() >= length).then(|| rest.split_to(length))
}

fn put_value(out: &mut BytesMut, value: &Value) {
    out.put_u8(match value {
        Value::Str(_) => 0,
        Value::List(_) => 1,
        Value::Set(_) => 2,
        Value::Zset(_) => 3,
        Value::Hash(_) => 4,
    });
    out.put_u32(value.len() as u32);
    match value {
        Value::Str(text) => put(out, text),
        Value::List(list) => list.iter().for_each(|element| put(out, element)),
        Value::Set(set) => set.iter().for_each(|member| put(out, member)),
        Value::Hash(hash) => hash.iter().for_each(|(field, value)| {
            put(out, field);
            put(out, value);
        }),
        Value::Zset(zset) => zset.iter().for_each(|(member, score)| {
            put(out, member);
            out.put_f64(score);
        }),
    }
}

fn take_value(rest: &mut Bytes) -> Option<Value> {
    let (kind, count) = (rest.try_get_u8().ok()?, rest.try_get_u32().ok()?);
    Some(match kind {
        0 => Value::Str(take(rest)?),
        1 => Value::List((0..count).map(|_| take(rest)).collect::<Option<List>>()?),
        2 => Value::Set((0..count).map(|_| take(rest)).collect::<Option<_>>()?),
        3 => {
            let pairs = (0..count).map(|_| Some((take(rest)?, rest.try_get_f64().ok()?)));
            Value::Zset(pairs.collect::<Option<_>>()?)
        }
        4 => {
            let pairs = (0..count).map(|_| Some((take(rest)?, take(rest)?)));
            Value::Hash(pairs.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_back() {
        let mut data = Databases::default();
        data[0].set("a".into(), Value::Str("1".into()), None);
        data[0].set("b".into(), Value::Str("".into()), Some(-5));
        data[0].set("l".into(), Value::List(["x".into(), "".into()].into()), Some(7));
        data[3].set("h".into(), Value::Hash([("f".into(), "v".into())].into()), None);
        data[3].set("s".into(), Value::Set(["m".into()].into()), None);
        data[15].set("z".into(), Value::Zset([("m".into(), 1.5)].into_iter().collect()), None);
        let snapshot = data.snapshot();
        assert_eq!(Databases::from_snapshot(&snapshot), Some(data));
        assert_eq!(Databases::from_snapshot(&snapshot.slice(..snapshot.len() - 1)), None);
    }
}
