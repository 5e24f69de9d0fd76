//! Commands about expiry. Every expiry is stored and replicated as an absolute time.

use super::config::Moment;
use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, is_one_of};
use super::node::Node;
use super::resp::{Args, Reply};
use bytes::Bytes;

/// TTL, PTTL, EXPIRETIME and PEXPIRETIME. -2: no key, -1: no expiry.
pub(super) fn ttl(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(
        match node.look_at(&args[1], ctx).map(|entry| entry.expires_at_ms) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => {
                let left = (at - ctx.now.wall_ms).max(0);
                match ctx.name {
                    "ttl" => (left + 500) / 1000,
                    "pttl" => left,
                    "expiretime" => (at + 500) / 1000,
                    _ => at,
                }
            }
        },
    ))
}

pub(super) fn getex(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let change = match args.len() {
        2 => None,
        3 if is_one_of(&args[2], &["PERSIST"]) => Some(None),
        4 if is_one_of(&args[2], &["EX", "PX", "EXAT", "PXAT"]) => Some(Some(())),
        _ => return Err(SYNTAX.into()),
    };
    let key = &args[1];
    let Some(value) = node.string(key, ctx)?.cloned() else {
        return Ok(Reply::Null);
    };
    match change {
        Some(Some(())) => {
            let at = deadline(&args[2].to_ascii_uppercase(), &args[3], "getex", ctx.now)?;
            let effect = vec!["PEXPIREAT".into(), key.clone(), at.to_string().into()];
            move_expiry(node, key, at, effect, ctx);
        }
        Some(None) => {
            persist(node, &vec!["PERSIST".into(), key.clone()], ctx)?;
        }
        None => {}
    }
    Ok(Reply::Bulk(value))
}

pub(super) fn persist(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let expiring = node
        .lookup(&args[1], ctx)
        .is_some_and(|entry| entry.expires_at_ms.is_some());
    if expiring {
        node.db(ctx).set_expiry(&args[1], None);
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(expiring.into()))
}

/// Sets an absolute expiry. One in the past deletes the key, except on a replica, which waits for its master's DEL.
fn move_expiry(node: &mut Node, key: &Bytes, at: i64, effect: Args, ctx: Context) {
    if at <= ctx.now.wall_ms && node.role.is_master() {
        return node.delete(key, ctx);
    }
    node.db(ctx).set_expiry(key, Some(at));
    node.changed(key, effect, ctx);
}

/// EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT.
pub(super) fn expire(node: &mut Node, args: &Args, ctx: Context) -> Answer {
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
    let amount = integer(&args[2])?;
    let scale = if ctx.name.starts_with('p') { 1 } else { 1000 };
    let base = if ctx.name.ends_with("at") { 0 } else { ctx.now.wall_ms };
    let at = amount
        .checked_mul(scale)
        .and_then(|ms| ms.checked_add(base))
        .ok_or_else(|| format!("ERR invalid expire time in '{}' command", ctx.name))?;
    let Some(entry) = node.lookup(&args[1], ctx) else {
        return Ok(Reply::Int(0));
    };
    let old = entry.expires_at_ms;
    // No expiry is later than any expiry.
    let unmet = nx && old.is_some()
        || xx && old.is_none()
        || gt && old.is_none_or(|old| at <= old)
        || lt && old.is_some_and(|old| at >= old);
    if unmet {
        return Ok(Reply::Int(0));
    }
    // The name and the time are rewritten; the options stay.
    let mut effect = args.clone();
    if ctx.name != "pexpireat" {
        effect[0] = Bytes::from_static(b"PEXPIREAT");
        effect[2] = at.to_string().into();
    }
    move_expiry(node, &args[1], at, effect, ctx);
    Ok(Reply::Int(1))
}

/// EX, PX, EXAT, PXAT: when, in milliseconds (getExpireMillisecondsOrReply in t_string.c).
pub(super) fn deadline(unit: &[u8], amount: &[u8], command: &str, now: Moment) -> Result<i64, Fault> {
    let amount = integer(amount)?;
    let scale = if unit.starts_with(b"E") { 1000 } else { 1 };
    let base = if unit.ends_with(b"AT") { 0 } else { now.wall_ms };
    let at = if amount > 0 {
        amount.checked_mul(scale).and_then(|ms| ms.checked_add(base))
    } else {
        None
    };
    at.ok_or_else(|| format!("ERR invalid expire time in '{command}' command").into())
}
