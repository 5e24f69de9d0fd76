//! Commands on hashes.

use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, is_one_of, wrong_arity};
use super::node::Node;
use super::number::parse_int;
use super::random_choice::{pick_many, pick_one};
use super::resp::{Args, Reply};
use super::strings::float;
use super::value::Hash;
use bytes::Bytes;

fn found(value: Option<&Bytes>) -> Reply {
    value.map_or(Reply::Null, |value| Reply::Bulk(value.clone()))
}

pub(super) fn hget(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let hash = node.read::<Hash>(&args[1], ctx)?;
    Ok(found(hash.and_then(|hash| hash.get(&args[2]))))
}

pub(super) fn hmget(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let hash = node.read::<Hash>(&args[1], ctx)?;
    let value = |field| found(hash.and_then(|hash| hash.get(field)));
    Ok(Reply::Array(args[2..].iter().map(value).collect()))
}

/// HSET and HMSET.
pub(super) fn hset(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    if !args.len().is_multiple_of(2) {
        return Err(wrong_arity(ctx.name).into());
    }
    let created = node.edit_or_create(&args[1], ctx, |hash: &mut Hash| {
        let pairs = args[2..].chunks(2);
        pairs
            .filter(|pair| hash.insert(pair[0].clone(), pair[1].clone()).is_none())
            .count()
    })?;
    node.changed(&args[1], args.clone(), ctx);
    Ok(if ctx.name == "hset" {
        Reply::Int(created as i64)
    } else {
        Reply::OK
    })
}

pub(super) fn hsetnx(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let there = node
        .read::<Hash>(&args[1], ctx)?
        .is_some_and(|hash| hash.contains_key(&args[2]));
    if !there {
        node.edit_or_create(&args[1], ctx, |hash: &mut Hash| {
            hash.insert(args[2].clone(), args[3].clone())
        })?;
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int((!there).into()))
}

pub(super) fn hdel(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let removed = node.edit(&args[1], ctx, |hash: &mut Hash| {
        args[2..].iter().filter(|field| hash.remove(*field).is_some()).count()
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(removed as i64))
}

pub(super) fn hlen(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(node.read::<Hash>(&args[1], ctx)?.map_or(0, Hash::len) as i64))
}

pub(super) fn hexists(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let hash = node.read::<Hash>(&args[1], ctx)?;
    Ok(Reply::Int(hash.is_some_and(|hash| hash.contains_key(&args[2])).into()))
}

pub(super) fn hstrlen(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let hash = node.read::<Hash>(&args[1], ctx)?;
    Ok(Reply::Int(
        hash.and_then(|hash| hash.get(&args[2])).map_or(0, Bytes::len) as i64,
    ))
}

/// HKEYS, HVALS and HGETALL.
pub(super) fn hgetall(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let hash = node.copy_of::<Hash>(&args[1], ctx)?;
    Ok(match ctx.name {
        "hkeys" => Reply::Array(hash.into_keys().map(Reply::Bulk).collect()),
        "hvals" => Reply::Array(hash.into_values().map(Reply::Bulk).collect()),
        _ => Reply::Map(
            hash.into_iter()
                .map(|(f, v)| (Reply::Bulk(f), Reply::Bulk(v)))
                .collect(),
        ),
    })
}

pub(super) fn hincrby(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let by = integer(&args[3])?;
    let old = match node.read::<Hash>(&args[1], ctx)?.and_then(|hash| hash.get(&args[2])) {
        Some(value) => parse_int(value).ok_or("ERR hash value is not an integer")?,
        None => 0,
    };
    let new = old.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
    node.edit_or_create(&args[1], ctx, |hash: &mut Hash| {
        hash.insert(args[2].clone(), new.to_string().into())
    })?;
    node.changed(&args[1], args.clone(), ctx);
    Ok(Reply::Int(new))
}

pub(super) fn hincrbyfloat(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let by = float(&args[3])
        .ok_or(super::keyspace::NOT_A_FLOAT)?
        .ok_or("ERR value is NaN or Infinity")?;
    let old = node.read::<Hash>(&args[1], ctx)?.and_then(|hash| hash.get(&args[2]));
    let old = match old {
        Some(value) => float(value).ok_or("ERR hash value is not a float")?,
        None => float(b"0").flatten(),
    };
    let sum = old
        .and_then(|old| old.plus(by))
        .ok_or("ERR increment would produce NaN or Infinity")?;
    let text = Bytes::from(sum.to_string());
    node.edit_or_create(&args[1], ctx, |hash: &mut Hash| {
        hash.insert(args[2].clone(), text.clone())
    })?;
    // A replica that computed the sum itself might round differently.
    let effect = vec!["HSET".into(), args[1].clone(), args[2].clone(), text.clone()];
    node.changed(&args[1], effect, ctx);
    Ok(Reply::Bulk(text))
}

/// The arguments of *RANDFIELD and *RANDMEMBER: how many elements, and whether with their values.
pub(super) fn sample(args: &Args, with: &str) -> Result<Option<(i64, bool)>, Fault> {
    let Some(count) = args.get(2) else {
        return Ok(None);
    };
    let range = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    let count = match integer(count)? {
        i64::MIN => return Err(range.into()),
        count => count,
    };
    let paired = match &args[3..] {
        [] => false,
        [word] if is_one_of(word, &[with]) => true,
        _ => return Err(SYNTAX.into()),
    };
    // With values the reply has twice as many elements, and this number must not overflow.
    if paired && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err("ERR value is out of range".into());
    }
    Ok(Some((count, paired)))
}

pub(super) fn hrandfield(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let asked = sample(args, "WITHVALUES")?;
    let hash = node.copy_of::<Hash>(&args[1], ctx)?;
    let pairs: Vec<(Bytes, Bytes)> = hash.into_iter().collect();
    Ok(match asked {
        None => pick_one(&mut node.random, &pairs).map_or(Reply::Null, |(field, _)| Reply::Bulk(field)),
        Some((count, false)) => {
            let picked = pick_many(&mut node.random, &pairs, count);
            Reply::Array(picked.into_iter().map(|(field, _)| Reply::Bulk(field)).collect())
        }
        Some((count, true)) => {
            let picked = pick_many(&mut node.random, &pairs, count);
            Reply::Pairs(
                picked
                    .into_iter()
                    .map(|(f, v)| (Reply::Bulk(f), Reply::Bulk(v)))
                    .collect(),
            )
        }
    })
}
