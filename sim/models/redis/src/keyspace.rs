//! How commands access keys: lookups, changes, and the effects for replicas and disk.

use super::config::Moment;
use super::databases::Databases;
use super::dataset::{Dataset, Entry};
use super::node::Node;
use super::resp::{Args, Reply};
use super::value::{Kind, Value, WRONGTYPE};
use bytes::Bytes;
use std::borrow::Cow;

/// A reply, or an error.
pub(super) type Answer = Result<Reply, Fault>;
/// An error, with its code.
pub(super) type Fault = Cow<'static, str>;

pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
pub(super) const NOT_A_FLOAT: &str = "ERR value is not a valid float";
pub(super) const SYNTAX: &str = "ERR syntax error";

/// The context in which a command runs.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) now: Moment,
    /// The command's name, as the table has it.
    pub(super) name: &'static str,
    /// The database that the client has selected.
    pub(super) db: u8,
    /// The command comes from this node's master: it is not checked, and it also sees expired keys.
    pub(super) from_master: bool,
    /// In a transaction or a script: a command that would block returns at once.
    pub(super) nested: bool,
    /// The keys that it looks up are counted as hits and misses.
    pub(super) reads: bool,
}

/// A command to replicate, and its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) db: u8,
    pub(super) args: Args,
}

impl Node {
    /// The selected database.
    pub(super) fn db(&mut self, ctx: Context) -> &mut Dataset {
        &mut self.data[ctx.db]
    }

    /// Looks at a key without a trace. An expired key is absent: a master deletes it and replicates that, except during
    /// CLIENT PAUSE; a replica hides it and waits for its master's DEL; commands from the master still see it
    /// (expireIfNeeded in db.c).
    pub(super) fn peek(&mut self, key: &Bytes, ctx: Context) -> Option<&mut Entry> {
        let expired = self.data[ctx.db].get(key)?.expired(ctx.now.wall_ms);
        if expired && !ctx.from_master {
            if self.role.is_master() && self.paused_at(ctx.now).is_none() {
                self.expire(ctx.db, key);
            }
            return None;
        }
        self.data[ctx.db].get_mut(key)
    }

    /// Looks up a key for a command that asks about it: this is no use of its value (LOOKUP_NOTOUCH).
    pub(super) fn look_at(&mut self, key: &Bytes, ctx: Context) -> Option<&mut Entry> {
        let found = self.peek(key, ctx).is_some();
        self.stats.looked_up(found, ctx);
        if found { self.data[ctx.db].get_mut(key) } else { None }
    }

    /// Looks up a key for its value.
    pub(super) fn lookup(&mut self, key: &Bytes, ctx: Context) -> Option<&Entry> {
        let entry = self.look_at(key, ctx)?;
        entry.used_mono_ms = ctx.now.mono_ms;
        Some(entry)
    }

    /// Whether the key exists.
    pub(super) fn exists(&mut self, key: &Bytes, ctx: Context) -> bool {
        self.lookup(key, ctx).is_some()
    }

    /// The string at a key.
    pub(super) fn string(&mut self, key: &Bytes, ctx: Context) -> Result<Option<&Bytes>, Fault> {
        self.lookup(key, ctx).map(|entry| entry.value.string()).transpose()
    }

    /// The value of a family's type at a key.
    pub(super) fn read<K: Kind>(&mut self, key: &Bytes, ctx: Context) -> Result<Option<&K>, Fault> {
        match self.lookup(key, ctx) {
            None => Ok(None),
            Some(entry) => K::of(&entry.value).map(Some).ok_or(WRONGTYPE.into()),
        }
    }

    /// The same, or an empty one.
    pub(super) fn copy_of<K: Kind + Clone>(&mut self, key: &Bytes, ctx: Context) -> Result<K, Fault> {
        Ok(self.read::<K>(key, ctx)?.cloned().unwrap_or_default())
    }

    /// Changes the value of an existing key, and removes the key if the value has become empty.
    pub(super) fn edit<K: Kind, R>(
        &mut self,
        key: &Bytes,
        ctx: Context,
        change: impl FnOnce(&mut K) -> R,
    ) -> Result<Option<R>, Fault> {
        if self.read::<K>(key, ctx)?.is_none() {
            return Ok(None);
        }
        let entry = self.data[ctx.db].get_mut(key).expect("it has just been read");
        let result = change(K::of_mut(&mut entry.value).expect("of this type"));
        if entry.value.len() == 0 {
            self.data[ctx.db].remove(key);
        }
        Ok(Some(result))
    }

    /// Changes the value of a key, which is created if it does not exist.
    pub(super) fn edit_or_create<K: Kind, R>(
        &mut self,
        key: &Bytes,
        ctx: Context,
        change: impl FnOnce(&mut K) -> R,
    ) -> Result<R, Fault> {
        if self.read::<K>(key, ctx)?.is_none() {
            self.put(key, K::default().into_value(), None, ctx);
        }
        Ok(self.edit(key, ctx, change)?.expect("it exists"))
    }

    /// Replaces a key. Clients that wait for it are served when the execution unit is over, but only if the key did not exist
    /// before: a client that waits while the key has another type continues to wait when it is replaced (dbAdd and
    /// dbOverwrite).
    pub(super) fn put(&mut self, key: &Bytes, value: Value, expires_at_ms: Option<i64>, ctx: Context) {
        let data = self.db(ctx);
        let is_new = data.get(key).is_none();
        data.set(key.clone(), value, expires_at_ms);
        if let Some(entry) = data.get_mut(key) {
            entry.used_mono_ms = ctx.now.mono_ms;
        }
        if is_new && !self.waiters.is_empty() {
            self.signal_ready(ctx.db, key);
        }
    }

    /// Replaces a key by a value that may be empty, as the *STORE commands do. Returns the number of elements.
    pub(super) fn store(&mut self, key: &Bytes, value: Value, args: &Args, ctx: Context) -> Reply {
        let (existed, length) = (self.peek(key, ctx).is_some(), value.len());
        if length > 0 {
            self.put(key, value, None, ctx);
            self.changed(key, args.clone(), ctx);
        } else if existed {
            // A destination that is removed is replicated as the command itself, not as DEL.
            self.data[ctx.db].remove(key);
            self.changed(key, args.clone(), ctx);
        }
        Reply::Int(length as i64)
    }

    /// Notes that a key has changed, and replicates the given command.
    pub(super) fn changed(&mut self, key: &Bytes, args: Args, ctx: Context) {
        self.touch(ctx.db, key);
        self.effect(args, ctx);
    }

    /// Replicates a command.
    pub(super) fn effect(&mut self, args: Args, ctx: Context) {
        self.effects.push(Effect { db: ctx.db, args });
    }

    /// Deletes an existing key, and replicates that as DEL.
    pub(super) fn delete(&mut self, key: &Bytes, ctx: Context) {
        self.data[ctx.db].remove(key);
        self.changed(key, vec![Bytes::from_static(b"DEL"), key.clone()], ctx);
    }

    /// Deletes an expired key, on a master.
    pub(super) fn expire(&mut self, db: u8, key: &Bytes) {
        self.stats.expired_keys += 1;
        self.remove_unasked(db, key);
    }

    /// Deletes a key that no command has named, and replicates that as DEL.
    pub(super) fn remove_unasked(&mut self, db: u8, key: &Bytes) {
        self.data[db].remove(key);
        self.touch(db, key);
        let args = vec![Bytes::from_static(b"DEL"), key.clone()];
        self.effects.push(Effect { db, args });
    }

    /// Notes that a key has changed: transactions that watch it will fail.
    pub(super) fn touch(&mut self, db: u8, key: &Bytes) {
        self.dirty += 1;
        for client in self.clients.values_mut() {
            if !client.watched.is_empty() && client.watched.keys().any(|(d, k)| *d == db && k == key) {
                client.dirty = true;
            }
        }
        self.own_dirty |= self.own_watched.iter().any(|(d, k)| *d == db && k == key);
        if self.config.maxmemory > 0 {
            self.data[db].weigh(key);
        }
    }

    /// Notes that all keys for which this is true are about to change (touchAllWatchedKeysInDb).
    pub(super) fn touch_all(&mut self, touched: impl Fn(&Databases, u8, &Bytes) -> bool) {
        self.dirty += 1;
        for client in self.clients.values_mut() {
            client.dirty |= client.watched.keys().any(|(db, key)| touched(&self.data, *db, key));
        }
        self.own_dirty |= self.own_watched.iter().any(|(db, key)| touched(&self.data, *db, key));
    }
}

/// Whether a word is one of these, in any case.
pub(super) fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// `ERR wrong number of arguments for 'get' command`.
pub fn wrong_arity(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}

/// An integer argument.
pub(super) fn integer(text: &[u8]) -> Result<i64, Fault> {
    super::number::parse_int(text).ok_or(NOT_AN_INTEGER.into())
}

/// An integer argument from 0 on.
pub(super) fn count(text: &[u8]) -> Result<usize, Fault> {
    let range = "ERR value is out of range, must be positive";
    usize::try_from(super::number::parse_int(text).ok_or(range)?).map_err(|_| range.into())
}

/// A range of positions, negative ones counted from the end, as a range of indexes, possibly empty.
pub(super) fn span(from: i64, to: i64, length: usize) -> std::ops::Range<usize> {
    let length = length as i64;
    let place = |at: i64| if at < 0 { (length + at).max(0) } else { at };
    let last = if to < 0 { length + to } else { to.min(length - 1) };
    let first = place(from);
    if first > last {
        0..0
    } else {
        first as usize..last as usize + 1
    }
}
