//! Commands about when a key ends. Every expiry is absolute once it is set, and goes to replicas so.

use super::config::Moment;
use super::data::{Answer, is_one_of};
use super::dispatch::{NOT_AN_INTEGER, SYNTAX};
use super::node::{Context, Node};
use super::resp::{Args, Reply, parse_int};
use bytes::Bytes;
use std::borrow::Cow;

impl Node {
    /// -2: no key, -1: no expiry.
    pub(super) fn ttl(&mut self, key: &Bytes, seconds: bool, context: Context) -> i64 {
        match self.lookup(key, context).map(|entry| entry.expires_at_ms) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => {
                let left = (at - context.now.wall_ms).max(0);
                if seconds { (left + 500) / 1000 } else { left }
            }
        }
    }

    pub(super) fn setex(&mut self, name: &'static str, args: &Args, context: Context) -> Answer {
        let unit: &[u8] = if name == "setex" { b"EX" } else { b"PX" };
        let at = deadline(unit, &args[2], name, context.now)?;
        let effect = vec![
            "SET".into(),
            args[1].clone(),
            args[3].clone(),
            "PXAT".into(),
            at.to_string().into(),
        ];
        self.write(&args[1], args[3].clone(), Some(at), effect);
        Ok(Reply::OK)
    }

    pub(super) fn getex(&mut self, args: &Args, context: Context) -> Answer {
        let change = match args.len() {
            2 => None,
            3 if is_one_of(&args[2], &["PERSIST"]) => Some(None),
            4 if is_one_of(&args[2], &["EX", "PX", "EXAT", "PXAT"]) => Some(Some(deadline(
                &args[2].to_ascii_uppercase(),
                &args[3],
                "getex",
                context.now,
            )?)),
            _ => return Err(SYNTAX.into()),
        };
        let key = &args[1];
        let Some(entry) = self.lookup(key, context) else {
            return Ok(Reply::Null);
        };
        let (value, old) = (Reply::Bulk(entry.value.clone()), entry.expires_at_ms);
        match change {
            Some(Some(at)) => self.move_expiry(key, at, context),
            Some(None) if old.is_some() => {
                self.data.set_expiry(key, None);
                self.touch(key);
                self.effects.push(vec!["PERSIST".into(), key.clone()]);
            }
            _ => {}
        }
        Ok(value)
    }

    /// Sets an absolute expiry; one in the past deletes, unless the master of us all said otherwise.
    fn move_expiry(&mut self, key: &Bytes, at: i64, context: Context) {
        if at <= context.now.wall_ms && self.role.is_master() {
            return self.delete(key);
        }
        self.data.set_expiry(key, Some(at));
        self.touch(key);
        self.effects
            .push(vec!["PEXPIREAT".into(), key.clone(), at.to_string().into()]);
    }

    pub(super) fn expire_command(&mut self, name: &'static str, args: &Args, context: Context) -> Answer {
        let amount = parse_int(&args[2]).ok_or(NOT_AN_INTEGER)?;
        let invalid = || format!("ERR invalid expire time in '{name}' command");
        let scale = if name.starts_with('p') { 1 } else { 1000 };
        let base = if name.ends_with("at") { 0 } else { context.now.wall_ms };
        let at = amount
            .checked_mul(scale)
            .and_then(|ms| ms.checked_add(base))
            .ok_or_else(invalid)?;
        let (mut nx, mut xx, mut gt, mut lt) = (false, false, false, false);
        for option in &args[3..] {
            match option.to_ascii_uppercase().as_slice() {
                b"NX" => nx = true,
                b"XX" => xx = true,
                b"GT" => gt = true,
                b"LT" => lt = true,
                _ => return Err(format!("ERR Unsupported option {}", String::from_utf8_lossy(option)).into()),
            }
        }
        if nx && (xx || gt || lt) {
            return Err("ERR NX and XX, GT or LT options at the same time are not compatible".into());
        }
        if gt && lt {
            return Err("ERR GT and LT options at the same time are not compatible".into());
        }
        let Some(entry) = self.lookup(&args[1], context) else {
            return Ok(Reply::Int(0));
        };
        let old = entry.expires_at_ms;
        // No expiry counts as infinitely late.
        let unmet = nx && old.is_some()
            || xx && old.is_none()
            || gt && old.is_none_or(|old| at <= old)
            || lt && old.is_some_and(|old| at >= old);
        if unmet {
            return Ok(Reply::Int(0));
        }
        self.move_expiry(&args[1], at, context);
        Ok(Reply::Int(1))
    }
}

/// EX, PX, EXAT, PXAT: when, in milliseconds (getExpireMillisecondsOrReply in t_string.c).
pub(super) fn deadline(unit: &[u8], amount: &[u8], command: &str, now: Moment) -> Result<i64, Cow<'static, str>> {
    let amount = parse_int(amount).ok_or(NOT_AN_INTEGER)?;
    let scale = if unit.starts_with(b"E") { 1000 } else { 1 };
    let base = if unit.ends_with(b"AT") { 0 } else { now.wall_ms };
    let at = if amount > 0 {
        amount.checked_mul(scale).and_then(|ms| ms.checked_add(base))
    } else {
        None
    };
    at.ok_or_else(|| format!("ERR invalid expire time in '{command}' command").into())
}
