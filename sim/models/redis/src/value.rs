//! Values of keys.

use super::number::parse_int;
use super::options::{self, Options};
use super::zset::Zset;
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

/// A list, from head to tail.
pub(super) type List = VecDeque<Bytes>;
/// Fields and values of a hash. Redis promises no order; here they are sorted by field.
pub(super) type Hash = BTreeMap<Bytes, Bytes>;
/// Members of a set. Redis promises no order; here they are sorted.
pub(super) type Set = BTreeSet<Bytes>;

/// The error for a key of another type than the command's.
pub(super) const WRONGTYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

/// Up to where values have their small encodings: `hash-max-listpack-entries` and so on.
pub(super) struct Limits {
    hash_entries: usize,
    hash_bytes: usize,
    set_entries: usize,
    zset_entries: usize,
    zset_bytes: usize,
}

static DEFAULTS: LazyLock<Limits> = LazyLock::new(|| Limits::of(&Options::new()));

impl Limits {
    /// As the options say.
    pub(super) fn of(options: &Options) -> Limits {
        let number = |name| usize::try_from(options::number(options, name)).unwrap_or(0);
        Limits {
            hash_entries: number("hash-max-listpack-entries"),
            hash_bytes: number("hash-max-listpack-value"),
            set_entries: number("set-max-intset-entries"),
            zset_entries: number("zset-max-listpack-entries"),
            zset_bytes: number("zset-max-listpack-value"),
        }
    }
}

/// The value of one key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Bytes; numbers too.
    Str(Bytes),
    /// A list; never empty, like the following types.
    List(List),
    /// A hash.
    Hash(Hash),
    /// A set.
    Set(Set),
    /// A sorted set.
    Zset(Zset),
}

impl Value {
    /// TYPE.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Str(_) => "string",
            Value::List(_) => "list",
            Value::Hash(_) => "hash",
            Value::Set(_) => "set",
            Value::Zset(_) => "zset",
        }
    }

    /// OBJECT ENCODING by the default limits.
    pub(super) fn encoding(&self) -> &'static str {
        self.encoding_within(&DEFAULTS)
    }

    /// OBJECT ENCODING, from the current value alone. Redis never converts back (a hash that once was large stays a
    /// hashtable, an appended string stays raw); the model does not keep that.
    pub(super) fn encoding_within(&self, limits: &Limits) -> &'static str {
        let short = |word: &Bytes, most: usize| word.len() <= most;
        match self {
            Value::Str(text) if text.len() <= 20 && parse_int(text).is_some() => "int",
            Value::Str(text) if text.len() <= 44 => "embstr",
            Value::Str(_) => "raw",
            Value::List(_) => "quicklist",
            Value::Hash(hash)
                if hash.len() <= limits.hash_entries
                    && hash
                        .iter()
                        .all(|(field, value)| short(field, limits.hash_bytes) && short(value, limits.hash_bytes)) =>
            {
                "listpack"
            }
            Value::Set(set)
                if set.len() <= limits.set_entries && set.iter().all(|member| parse_int(member).is_some()) =>
            {
                "intset"
            }
            Value::Hash(_) | Value::Set(_) => "hashtable",
            Value::Zset(zset)
                if zset.len() <= limits.zset_entries
                    && zset.iter().all(|(member, _)| short(member, limits.zset_bytes)) =>
            {
                "listpack"
            }
            Value::Zset(_) => "skiplist",
        }
    }

    /// Number of elements; 1 for a string.
    pub(super) fn len(&self) -> usize {
        match self {
            Value::Str(_) => 1,
            Value::List(list) => list.len(),
            Value::Hash(hash) => hash.len(),
            Value::Set(set) => set.len(),
            Value::Zset(zset) => zset.len(),
        }
    }

    /// Bytes of the elements themselves, without overhead.
    pub(super) fn payload(&self) -> usize {
        match self {
            Value::Str(text) => text.len(),
            Value::List(list) => list.iter().map(Bytes::len).sum(),
            Value::Hash(hash) => hash.iter().map(|(field, value)| field.len() + value.len()).sum(),
            Value::Set(set) => set.iter().map(Bytes::len).sum(),
            Value::Zset(zset) => zset.iter().map(|(member, _)| member.len() + 8).sum(),
        }
    }

    /// The string, or WRONGTYPE.
    pub(super) fn string(&self) -> Result<&Bytes, Cow<'static, str>> {
        match self {
            Value::Str(text) => Ok(text),
            _ => Err(WRONGTYPE.into()),
        }
    }
}

/// A type of values, for the commands of one family.
pub(super) trait Kind: Default {
    /// The value as this type, if it is one.
    fn of(value: &Value) -> Option<&Self>;
    /// The same, mutable.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    /// As a value.
    fn into_value(self) -> Value;
}

macro_rules! kind {
    ($type:ty, $variant:ident) => {
        impl Kind for $type {
            fn of(value: &Value) -> Option<&Self> {
                match value {
                    Value::$variant(inner) => Some(inner),
                    _ => None,
                }
            }
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                match value {
                    Value::$variant(inner) => Some(inner),
                    _ => None,
                }
            }
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    };
}
kind!(List, List);
kind!(Hash, Hash);
kind!(Set, Set);
kind!(Zset, Zset);
