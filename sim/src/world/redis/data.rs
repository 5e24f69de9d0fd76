//! Commands on keys and strings, and the effects they send to replicas and disk.

use super::dispatch::{NOT_AN_INTEGER, SYNTAX, wrong_arity};
use super::expiry::deadline;
use super::node::{Context, Node};
use super::resp::{Args, Reply, parse_int};
use bytes::Bytes;
use std::borrow::Cow;

/// A reply, or the error that takes its place.
pub(super) type Answer = Result<Reply, Cow<'static, str>>;

impl Node {
    /// Runs a command on data; `None` if it is not one.
    pub(super) fn data_command(&mut self, name: &'static str, args: &Args, context: Context) -> Option<Answer> {
        Some(match name {
            "get" => Ok(self.value(&args[1], context)),
            "mget" => Ok(Reply::Array(
                args[1..].iter().map(|key| self.value(key, context)).collect(),
            )),
            "strlen" => Ok(Reply::Int(
                self.lookup(&args[1], context)
                    .map_or(0, |entry| entry.value.len() as i64),
            )),
            "getrange" => self.getrange(args, context),
            "exists" => {
                let found = args[1..]
                    .iter()
                    .filter(|key| self.lookup(key, context).is_some())
                    .count();
                Ok(Reply::Int(found as i64))
            }
            "type" => Ok(Reply::simple(if self.lookup(&args[1], context).is_some() {
                "string"
            } else {
                "none"
            })),
            "dbsize" => Ok(Reply::Int(self.data.len() as i64)),
            "keys" => Ok(Reply::Array(self.matching(&args[1], context))),
            "scan" => self.scan(args, context),
            "ttl" | "pttl" => Ok(Reply::Int(self.ttl(&args[1], name == "ttl", context))),
            "set" => self.set(args, context),
            "setnx" => {
                let absent = self.lookup(&args[1], context).is_none();
                if absent {
                    self.write(&args[1], args[2].clone(), None, args.clone());
                }
                Ok(Reply::Int(absent as i64))
            }
            "setex" | "psetex" => self.setex(name, args, context),
            "getset" => {
                let old = self.value(&args[1], context);
                self.write(
                    &args[1],
                    args[2].clone(),
                    None,
                    vec!["SET".into(), args[1].clone(), args[2].clone()],
                );
                Ok(old)
            }
            "mset" if args.len().is_multiple_of(2) => Err(wrong_arity("mset").into()),
            "mset" => {
                for pair in args[1..].chunks(2) {
                    self.data.set(pair[0].clone(), pair[1].clone(), None);
                    self.touch(&pair[0]);
                }
                self.effects.push(args.clone());
                Ok(Reply::OK)
            }
            "append" => {
                let (mut value, at) = self
                    .lookup(&args[1], context)
                    .map_or((vec![], None), |entry| (entry.value.to_vec(), entry.expires_at_ms));
                value.extend_from_slice(&args[2]);
                let length = value.len() as i64;
                self.write(&args[1], value.into(), at, args.clone());
                Ok(Reply::Int(length))
            }
            "incr" => self.add(args, 1, context),
            "decr" => self.add(args, -1, context),
            "incrby" => parse_int(&args[2])
                .ok_or(NOT_AN_INTEGER.into())
                .and_then(|by| self.add(args, by, context)),
            "decrby" => match parse_int(&args[2]) {
                Some(i64::MIN) => Err("ERR decrement would overflow".into()),
                Some(by) => self.add(args, -by, context),
                None => Err(NOT_AN_INTEGER.into()),
            },
            "getdel" => {
                let value = self.value(&args[1], context);
                if value != Reply::Null {
                    self.delete(&args[1]);
                }
                Ok(value)
            }
            "getex" => self.getex(args, context),
            "del" | "unlink" => {
                let mut deleted = 0;
                for key in &args[1..] {
                    if self.lookup(key, context).is_some() {
                        self.data.remove(key);
                        self.touch(key);
                        deleted += 1;
                    }
                }
                if deleted > 0 {
                    self.effects.push(args.clone());
                }
                Ok(Reply::Int(deleted))
            }
            "persist" => {
                let expiring = self
                    .lookup(&args[1], context)
                    .is_some_and(|entry| entry.expires_at_ms.is_some());
                if expiring {
                    self.data.set_expiry(&args[1], None);
                    self.touch(&args[1]);
                    self.effects.push(args.clone());
                }
                Ok(Reply::Int(expiring as i64))
            }
            "expire" | "pexpire" | "expireat" | "pexpireat" => self.expire_command(name, args, context),
            "flushall" | "flushdb" => {
                let known = args.len() == 1 || args.len() == 2 && is_one_of(&args[1], &["SYNC", "ASYNC"]);
                if !known {
                    return Some(Err(SYNTAX.into()));
                }
                self.data.clear();
                self.touch_all();
                self.effects.push(args.clone());
                Ok(Reply::OK)
            }
            _ => return None,
        })
    }

    fn value(&mut self, key: &Bytes, context: Context) -> Reply {
        self.lookup(key, context)
            .map_or(Reply::Null, |entry| Reply::Bulk(entry.value.clone()))
    }

    pub(super) fn write(&mut self, key: &Bytes, value: Bytes, expires_at_ms: Option<i64>, effect: Args) {
        self.data.set(key.clone(), value, expires_at_ms);
        self.touch(key);
        self.effects.push(effect);
    }

    pub(super) fn delete(&mut self, key: &Bytes) {
        self.data.remove(key);
        self.touch(key);
        self.effects.push(vec!["DEL".into(), key.clone()]);
    }

    fn getrange(&mut self, args: &Args, context: Context) -> Answer {
        let (Some(from), Some(to)) = (parse_int(&args[2]), parse_int(&args[3])) else {
            return Err(NOT_AN_INTEGER.into());
        };
        let Some(entry) = self.lookup(&args[1], context) else {
            return Ok(Reply::bulk(""));
        };
        let length = entry.value.len() as i64;
        let place = |at: i64| if at < 0 { (length + at).max(0) } else { at };
        let (from, to) = (place(from), place(to).min(length - 1));
        let inside = from <= to && length > 0;
        Ok(if inside {
            Reply::Bulk(entry.value.slice(from as usize..=to as usize))
        } else {
            Reply::bulk("")
        })
    }

    fn matching(&mut self, pattern: &[u8], context: Context) -> Vec<Reply> {
        let hidden = |entry: &super::dataset::Entry| entry.expired(context.now.wall_ms);
        let keys = self
            .data
            .iter()
            .filter(|(key, entry)| !hidden(entry) && glob(pattern, key));
        keys.map(|(key, _)| Reply::Bulk(key.clone())).collect()
    }

    /// Returns everything at once: cursor 0.
    fn scan(&mut self, args: &Args, context: Context) -> Answer {
        if std::str::from_utf8(&args[1])
            .ok()
            .and_then(|cursor| cursor.parse::<u64>().ok())
            .is_none()
        {
            return Err("ERR invalid cursor".into());
        }
        let mut pattern: &[u8] = b"*";
        for option in args[2..].chunks(2) {
            match option {
                [name, value] if is_one_of(name, &["MATCH"]) => pattern = value,
                [name, value] if is_one_of(name, &["COUNT"]) => match parse_int(value) {
                    Some(1..) => {}
                    Some(_) => return Err(SYNTAX.into()),
                    None => return Err(NOT_AN_INTEGER.into()),
                },
                _ => return Err(SYNTAX.into()),
            }
        }
        let keys = self.matching(pattern, context);
        Ok(Reply::Array(vec![Reply::bulk("0"), Reply::Array(keys)]))
    }

    fn set(&mut self, args: &Args, context: Context) -> Answer {
        let (key, value) = (&args[1], &args[2]);
        let (mut nx, mut xx, mut get, mut keep, mut expiry) = (false, false, false, false, None);
        let mut rest = args[3..].iter();
        while let Some(option) = rest.next() {
            match option.to_ascii_uppercase().as_slice() {
                b"NX" if !xx => nx = true,
                b"XX" if !nx => xx = true,
                b"GET" => get = true,
                b"KEEPTTL" if expiry.is_none() => keep = true,
                unit @ (b"EX" | b"PX" | b"EXAT" | b"PXAT") if expiry.is_none() && !keep => {
                    expiry = Some((unit.to_vec(), rest.next().ok_or(SYNTAX)?.clone()));
                }
                _ => return Err(SYNTAX.into()),
            }
        }
        let at = match &expiry {
            Some((unit, amount)) => Some(deadline(unit, amount, "set", context.now)?),
            None => None,
        };
        let old = self
            .lookup(key, context)
            .map(|entry| (entry.value.clone(), entry.expires_at_ms));
        let reply = match (&old, get) {
            (_, false) => Reply::OK,
            (Some((value, _)), true) => Reply::Bulk(value.clone()),
            (None, true) => Reply::Null,
        };
        if nx && old.is_some() || xx && old.is_none() {
            return Ok(if get { reply } else { Reply::Null });
        }
        // A relative expiry would mean another moment on another node.
        let effect = match at {
            Some(at) => vec![
                "SET".into(),
                key.clone(),
                value.clone(),
                "PXAT".into(),
                at.to_string().into(),
            ],
            None => args
                .iter()
                .enumerate()
                .filter(|(i, arg)| *i < 3 || !is_one_of(arg, &["GET"]))
                .map(|(_, arg)| arg.clone())
                .collect(),
        };
        let at = if keep { old.and_then(|(_, at)| at) } else { at };
        self.write(key, value.clone(), at, effect);
        Ok(reply)
    }

    /// Keeps the expiry, as INCR does.
    fn add(&mut self, args: &Args, by: i64, context: Context) -> Answer {
        let (old, at) = match self.lookup(&args[1], context) {
            Some(entry) => (parse_int(&entry.value).ok_or(NOT_AN_INTEGER)?, entry.expires_at_ms),
            None => (0, None),
        };
        let new = old.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
        self.write(&args[1], new.to_string().into(), at, args.clone());
        Ok(Reply::Int(new))
    }
}

pub(super) fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Glob of KEYS and SCAN: `*`, `?`, `\x`. Character classes are deliberately absent.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => glob(rest, text) || !text.is_empty() && glob(pattern, &text[1..]),
        ([b'?', rest @ ..], [_, text @ ..]) => glob(rest, text),
        ([b'\\', wanted, rest @ ..], [byte, text @ ..]) | ([wanted, rest @ ..], [byte, text @ ..]) => {
            wanted == byte && glob(rest, text)
        }
        _ => false,
    }
}
