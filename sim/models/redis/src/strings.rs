//! Commands on strings.

use super::expiry::deadline;
use super::keyspace::{
    Answer, Context, Fault, NOT_A_FLOAT, NOT_AN_INTEGER, SYNTAX, integer, is_one_of, span, wrong_arity,
};
use super::long_double::LongDouble;
use super::node::Node;
use super::number::parse_int;
use super::resp::{Args, Reply};
use super::value::Value;
use bytes::{Bytes, BytesMut};

/// Longest string, bytes (proto-max-bulk-len).
const STRING_MAX: usize = 512 * 1024 * 1024;
const TOO_LONG: &str = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

impl Node {
    fn set_string(&mut self, key: &Bytes, value: Bytes, expires_at_ms: Option<i64>, effect: Args, ctx: Context) {
        self.put(key, Value::Str(value), expires_at_ms, ctx);
        self.changed(key, effect, ctx);
    }

    /// The string and its expiry.
    fn string_and_expiry(&mut self, key: &Bytes, ctx: Context) -> Result<Option<(Bytes, Option<i64>)>, Fault> {
        match self.lookup(key, ctx) {
            Some(entry) => Ok(Some((entry.value.string()?.clone(), entry.expires_at_ms))),
            None => Ok(None),
        }
    }
}

pub(super) fn get(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let value = node.string(&args[1], ctx)?;
    Ok(value.map_or(Reply::Null, |value| Reply::Bulk(value.clone())))
}

pub(super) fn mget(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    // Another type counts as absent.
    let value = |key| get(node, &vec![Bytes::new(), Bytes::clone(key)], ctx).unwrap_or(Reply::Null);
    Ok(Reply::Array(args[1..].iter().map(value).collect()))
}

pub(super) fn strlen(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(node.string(&args[1], ctx)?.map_or(0, Bytes::len) as i64))
}

/// GETRANGE and SUBSTR.
pub(super) fn getrange(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (from, to) = (integer(&args[2])?, integer(&args[3])?);
    let Some(value) = node.string(&args[1], ctx)? else {
        return Ok(Reply::bulk(""));
    };
    if from < 0 && to < 0 && from > to {
        return Ok(Reply::bulk(""));
    }
    // A position before the beginning is the beginning (getrangeCommand).
    let to = if to < -(value.len() as i64) { 0 } else { to };
    Ok(Reply::Bulk(value.slice(span(from, to, value.len()))))
}

pub(super) fn set(node: &mut Node, args: &Args, ctx: Context) -> Answer {
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
        Some((unit, amount)) => Some(deadline(unit, amount, "set", ctx.now)?),
        None => None,
    };
    let old = node
        .lookup(key, Context { reads: get, ..ctx })
        .map(|entry| (entry.value.clone(), entry.expires_at_ms));
    let reply = match (&old, get) {
        (_, false) => Reply::OK,
        (Some((value, _)), true) => Reply::Bulk(value.string()?.clone()),
        (None, true) => Reply::Null,
    };
    if nx && old.is_some() || xx && old.is_none() {
        return Ok(if get { reply } else { Reply::Null });
    }
    // A relative expiry would be another moment on another node, so it is replicated as an absolute one.
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
    node.set_string(key, value.clone(), at, effect, ctx);
    Ok(reply)
}

pub(super) fn setnx(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let absent = !node.exists(&args[1], ctx);
    if absent {
        node.set_string(&args[1], args[2].clone(), None, args.clone(), ctx);
    }
    Ok(Reply::Int(absent.into()))
}

/// SETEX and PSETEX.
pub(super) fn setex(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let unit: &[u8] = if ctx.name == "setex" { b"EX" } else { b"PX" };
    let at = deadline(unit, &args[2], ctx.name, ctx.now)?;
    let effect = vec![
        "SET".into(),
        args[1].clone(),
        args[3].clone(),
        "PXAT".into(),
        at.to_string().into(),
    ];
    node.set_string(&args[1], args[3].clone(), Some(at), effect, ctx);
    Ok(Reply::OK)
}

pub(super) fn getset(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let old = get(node, args, ctx)?;
    let effect = vec!["SET".into(), args[1].clone(), args[2].clone()];
    node.set_string(&args[1], args[2].clone(), None, effect, ctx);
    Ok(old)
}

pub(super) fn getdel(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let value = get(node, args, ctx)?;
    if value != Reply::Null {
        node.delete(&args[1], ctx);
    }
    Ok(value)
}

/// MSET and MSETNX.
pub(super) fn mset(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    if args.len().is_multiple_of(2) {
        return Err(wrong_arity(ctx.name).into());
    }
    let only_new = ctx.name == "msetnx";
    if only_new && args[1..].chunks(2).any(|pair| node.exists(&pair[0], ctx)) {
        return Ok(Reply::Int(0));
    }
    for pair in args[1..].chunks(2) {
        node.put(&pair[0], Value::Str(pair[1].clone()), None, ctx);
        node.touch(ctx.db, &pair[0]);
    }
    node.effect(args.clone(), ctx);
    Ok(if only_new { Reply::Int(1) } else { Reply::OK })
}

pub(super) fn append(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (old, at) = node.string_and_expiry(&args[1], ctx)?.unwrap_or_default();
    if old.len() + args[2].len() > STRING_MAX {
        return Err(TOO_LONG.into());
    }
    let value = Bytes::from([&old[..], &args[2]].concat());
    let length = value.len() as i64;
    node.set_string(&args[1], value, at, args.clone(), ctx);
    Ok(Reply::Int(length))
}

pub(super) fn setrange(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let offset = usize::try_from(integer(&args[2])?).map_err(|_| "ERR offset is out of range")?;
    let old = node.string_and_expiry(&args[1], ctx)?;
    if args[3].is_empty() {
        return Ok(Reply::Int(old.map_or(0, |(value, _)| value.len()) as i64));
    }
    let end = offset + args[3].len();
    if end > STRING_MAX {
        return Err(TOO_LONG.into());
    }
    let (old, at) = old.unwrap_or_default();
    let mut value = BytesMut::from(&old[..]);
    value.resize(end.max(old.len()), 0);
    value[offset..end].copy_from_slice(&args[3]);
    let length = value.len() as i64;
    node.set_string(&args[1], value.freeze(), at, args.clone(), ctx);
    Ok(Reply::Int(length))
}

/// INCR, DECR, INCRBY and DECRBY. They keep the expiry.
pub(super) fn add(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let by = match ctx.name {
        "incr" => 1,
        "decr" => -1,
        "incrby" => integer(&args[2])?,
        _ => match integer(&args[2])? {
            i64::MIN => return Err("ERR decrement would overflow".into()),
            by => -by,
        },
    };
    let (old, at) = match node.string_and_expiry(&args[1], ctx)? {
        Some((value, at)) => (parse_int(&value).ok_or(NOT_AN_INTEGER)?, at),
        None => (0, None),
    };
    let new = old.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
    node.set_string(&args[1], new.to_string().into(), at, args.clone(), ctx);
    Ok(Reply::Int(new))
}

pub(super) fn incrbyfloat(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let old = node.string_and_expiry(&args[1], ctx)?;
    let (value, at) = old.unwrap_or_else(|| (Bytes::from_static(b"0"), None));
    let value = float(&value).ok_or(NOT_A_FLOAT)?;
    let sum = float(&args[2]).ok_or(NOT_A_FLOAT)?.zip(value);
    let sum = sum
        .and_then(|(by, value)| value.plus(by))
        .ok_or("ERR increment would produce NaN or Infinity")?;
    let text = Bytes::from(sum.to_string());
    // A replica that computed the sum itself might round differently.
    let effect = vec!["SET".into(), args[1].clone(), text.clone(), "KEEPTTL".into()];
    node.set_string(&args[1], text.clone(), at, effect, ctx);
    Ok(Reply::Bulk(text))
}

/// A long double; the outer `None`: not a number; the inner one: infinity.
pub(super) fn float(text: &[u8]) -> Option<Option<LongDouble>> {
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if is_one_of(unsigned, &["inf", "infinity"]) {
        return Some(None);
    }
    LongDouble::parse(text).map(Some)
}
