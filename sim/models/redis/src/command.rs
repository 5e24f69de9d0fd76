//! Properties of commands: arity, flags, keys, ACL categories.

use super::client::Client;
use super::keyspace::{Answer, Context};
use super::node::Node;
use super::number::parse_int;
use super::resp::{Args, Reply};
pub(super) use super::table::TABLE;
use bytes::Bytes;

/// The flags of COMMAND INFO, as bits.
pub(super) mod flag {
    /// Changes data: refused by replicas (READONLY) and without enough replicas (NOREPLICAS).
    pub(in super::super) const WRITE: u32 = 1;
    pub(in super::super) const READONLY: u32 = 1 << 1;
    /// Refused when memory is full (OOM).
    pub(in super::super) const DENYOOM: u32 = 1 << 2;
    pub(in super::super) const ADMIN: u32 = 1 << 3;
    pub(in super::super) const PUBSUB: u32 = 1 << 4;
    pub(in super::super) const NOSCRIPT: u32 = 1 << 5;
    pub(in super::super) const BLOCKING: u32 = 1 << 6;
    /// Answered while loading.
    pub(in super::super) const LOADING: u32 = 1 << 7;
    /// Answered by a replica that refuses stale data.
    pub(in super::super) const STALE: u32 = 1 << 8;
    pub(in super::super) const SKIP_MONITOR: u32 = 1 << 9;
    pub(in super::super) const SKIP_SLOWLOG: u32 = 1 << 10;
    pub(in super::super) const FAST: u32 = 1 << 11;
    /// Answered before AUTH.
    pub(in super::super) const NO_AUTH: u32 = 1 << 12;
    pub(in super::super) const NO_MANDATORY_KEYS: u32 = 1 << 13;
    pub(in super::super) const NO_ASYNC_LOADING: u32 = 1 << 14;
    pub(in super::super) const NO_MULTI: u32 = 1 << 15;
    pub(in super::super) const MOVABLE_KEYS: u32 = 1 << 16;
    pub(in super::super) const ALLOW_BUSY: u32 = 1 << 17;
    /// It may be replicated although it does not write: PUBLISH, and scripts (not shown).
    pub(in super::super) const MAY_REPLICATE: u32 = 1 << 19;
    /// It writes, and looks up as readers do: what it finds is counted as hits and misses (not shown).
    pub(in super::super) const READS: u32 = 1 << 21;
    /// Its "keys" are channels: no rights on keys are needed (not shown).
    pub(in super::super) const NOT_KEYS: u32 = 1 << 20;
    /// Expired keys that it deletes are not replicated as one transaction (not shown).
    pub(in super::super) const ARBITRARY_KEYS: u32 = 1 << 18;

    /// Names, in Redis's order.
    pub(in super::super) const NAMES: &[(u32, &str)] = &[
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_MONITOR, "skip_monitor"),
        (SKIP_SLOWLOG, "skip_slowlog"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (NO_ASYNC_LOADING, "no_async_loading"),
        (NO_MULTI, "no_multi"),
        (MOVABLE_KEYS, "movablekeys"),
        (ALLOW_BUSY, "allow_busy"),
    ];
}

/// How a command runs.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// On data: for clients, and for the master's stream and the append-only file.
    Data(fn(&mut Node, &Args, Context) -> Answer),
    /// For a client only.
    Client(fn(&mut Node, &mut Client, &Args, Context) -> Reply),
}

/// A row of the table of commands.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    /// Lower-case name.
    pub(super) name: &'static str,
    /// Number of words, name included; negative: at least so many.
    pub(super) arity: i8,
    pub(super) flags: u32,
    /// First key, last key and the step between them, as in COMMAND INFO; 0: no keys at fixed positions.
    pub(super) keys: (i8, i8, i8),
    /// ACL categories, in COMMAND INFO's order, separated by spaces.
    pub(super) categories: &'static str,
    pub(super) run: Run,
    /// Subcommands and their arity, both words included.
    pub(super) subcommands: &'static [(&'static str, i8)],
}

impl Spec {
    /// Whether this number of words is right.
    pub(super) fn takes(&self, words: usize) -> bool {
        fits(self.arity, words)
    }

    /// Whether all of these flags are set.
    pub(super) fn is(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// The error for a wrong number of words or an unknown subcommand.
    pub(super) fn misused(&self, args: &Args) -> Option<String> {
        if !self.takes(args.len()) {
            return Some(super::keyspace::wrong_arity(self.name));
        }
        if self.subcommands.is_empty() || args.len() == 1 {
            return None;
        }
        let known = self
            .subcommands
            .iter()
            .find(|(name, _)| args[1].eq_ignore_ascii_case(name.as_bytes()));
        match known {
            None => Some(format!(
                "ERR unknown subcommand '{:.128}'. Try {} HELP.",
                String::from_utf8_lossy(&args[1]),
                self.name.to_ascii_uppercase()
            )),
            Some((name, arity)) if !fits(*arity, args.len()) => {
                Some(super::keyspace::wrong_arity(&format!("{}|{name}", self.name)))
            }
            Some(_) => None,
        }
    }

    /// Its name in errors: `get`, `client|setname`.
    pub(super) fn full_name(&self, args: &Args) -> String {
        match args.get(1) {
            Some(subcommand) if !self.subcommands.is_empty() => {
                let subcommand = String::from_utf8_lossy(subcommand).to_ascii_lowercase();
                format!("{}|{subcommand}", self.name)
            }
            _ => self.name.to_owned(),
        }
    }

    /// The keys among the words (getKeysFromCommand in db.c).
    pub(super) fn keys_of<'a>(&self, args: &'a [Bytes]) -> Vec<&'a Bytes> {
        if self.is(flag::NOT_KEYS) {
            return vec![];
        }
        let (first, last, step) = self.keys;
        let last = if last < 0 {
            args.len() as i64 + i64::from(last)
        } else {
            i64::from(last)
        };
        let fixed = if first == 0 {
            None
        } else {
            args.get(first as usize..=last.max(0) as usize)
        };
        let mut keys: Vec<&Bytes> = fixed.unwrap_or(&[]).iter().step_by(step.max(1) as usize).collect();
        if self.is(flag::MOVABLE_KEYS) {
            // The number of keys, then the keys: after the name, or after a destination, a script, a time-out.
            let second = ["eval", "evalsha", "eval_ro", "evalsha_ro", "bzmpop", "blmpop"].contains(&self.name);
            let at = if second || first == 1 { 2 } else { 1 };
            let number = args
                .get(at)
                .and_then(|n| parse_int(n))
                .and_then(|n| usize::try_from(n).ok());
            let end = at.saturating_add(1).saturating_add(number.unwrap_or(0));
            keys.extend(args.get(at + 1..end).unwrap_or(&[]));
        }
        keys
    }
}

fn fits(arity: i8, words: usize) -> bool {
    let least = usize::from(arity.unsigned_abs());
    if arity < 0 { words >= least } else { words == least }
}

/// The command of that name, in any case.
pub(super) fn lookup(name: &[u8]) -> Option<&'static Spec> {
    let mut lower = [0; 16];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    TABLE
        .binary_search_by(|spec| spec.name.as_bytes().cmp(lower))
        .ok()
        .map(|at| &TABLE[at])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_in_order() {
        assert!(super::TABLE.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn every_name_is_found() {
        assert!(
            super::TABLE
                .iter()
                .all(|spec| super::lookup(spec.name.as_bytes()).is_some())
        );
    }
}
