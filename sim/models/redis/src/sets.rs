//! Commands on sets.

use super::keyspace::{Answer, Context, Fault, SYNTAX, count, integer, is_one_of};
use super::node::Node;
use super::number::parse_int;
use super::random_choice::{pick_many, pick_one};
use super::resp::{Args, Reply};
use super::value::{Set, Value};
use bytes::Bytes;

fn members(set: impl IntoIterator<Item = Bytes>) -> Reply {
    Reply::Set(set.into_iter().map(Reply::Bulk).collect())
}

pub(super) fn sadd(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let added = node.edit_or_create(&args[1], ctx, |set: &mut Set| {
        args[2..]
            .iter()
            .filter(|member| set.insert(Bytes::clone(member)))
            .count()
    })?;
    if added > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(added as i64))
}

pub(super) fn srem(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let removed = node.edit(&args[1], ctx, |set: &mut Set| {
        args[2..].iter().filter(|member| set.remove(*member)).count()
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(removed as i64))
}

pub(super) fn scard(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(node.read::<Set>(&args[1], ctx)?.map_or(0, Set::len) as i64))
}

pub(super) fn sismember(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let set = node.read::<Set>(&args[1], ctx)?;
    Ok(Reply::Int(set.is_some_and(|set| set.contains(&args[2])).into()))
}

pub(super) fn smismember(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let set = node.read::<Set>(&args[1], ctx)?;
    let there = |member| Reply::Int(set.is_some_and(|set| set.contains(member)).into());
    Ok(Reply::Array(args[2..].iter().map(there).collect()))
}

pub(super) fn smembers(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(members(node.copy_of::<Set>(&args[1], ctx)?))
}

pub(super) fn smove(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let there = node.read::<Set>(&args[1], ctx)?.map(|set| set.contains(&args[3]));
    let Some(there) = there else {
        return Ok(Reply::Int(0));
    };
    let already = node
        .read::<Set>(&args[2], ctx)?
        .is_some_and(|set| set.contains(&args[3]));
    if args[1] == args[2] {
        return Ok(Reply::Int(there.into()));
    }
    if !there {
        return Ok(Reply::Int(0));
    }
    node.edit(&args[1], ctx, |set: &mut Set| set.remove(&args[3]))?;
    if !already {
        node.edit_or_create(&args[2], ctx, |set: &mut Set| set.insert(args[3].clone()))?;
        node.touch(ctx.db, &args[2]);
    }
    node.changed(&args[1], args.clone(), ctx);
    Ok(Reply::Int(1))
}

/// SPOP. It is replicated by its effect: SREM for some members, DEL for all of them.
pub(super) fn spop(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let wanted = match args.len() {
        2 => None,
        3 => Some(count(&args[2])?),
        _ => return Err(SYNTAX.into()),
    };
    let Some(set) = node.read::<Set>(&args[1], ctx)?.cloned() else {
        return Ok(wanted.map_or(Reply::Null, |_| Reply::Set(vec![])));
    };
    let all: Vec<Bytes> = set.into_iter().collect();
    match wanted {
        None => {
            let member = pick_one(&mut node.random, &all).expect("no set is empty");
            node.edit(&args[1], ctx, |set: &mut Set| set.remove(&member))?;
            node.changed(&args[1], vec!["SREM".into(), args[1].clone(), member.clone()], ctx);
            Ok(Reply::Bulk(member))
        }
        Some(0) => Ok(Reply::Set(vec![])),
        Some(count) if count >= all.len() => {
            node.delete(&args[1], ctx);
            Ok(members(all))
        }
        Some(count) => {
            let picked = pick_many(&mut node.random, &all, count as i64);
            node.edit(&args[1], ctx, |set: &mut Set| {
                picked.iter().for_each(|member| drop(set.take(member)))
            })?;
            for member in &picked {
                node.changed(&args[1], vec!["SREM".into(), args[1].clone(), member.clone()], ctx);
            }
            Ok(members(picked))
        }
    }
}

pub(super) fn srandmember(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let wanted = match args.len() {
        2 => None,
        3 => Some(integer(&args[2])?),
        _ => return Err(SYNTAX.into()),
    };
    if wanted == Some(i64::MIN) {
        return Err(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807".into(),
        );
    }
    let all: Vec<Bytes> = node.copy_of::<Set>(&args[1], ctx)?.into_iter().collect();
    Ok(match wanted {
        None => pick_one(&mut node.random, &all).map_or(Reply::Null, Reply::Bulk),
        Some(count) => {
            let picked = pick_many(&mut node.random, &all, count);
            Reply::Array(picked.into_iter().map(Reply::Bulk).collect())
        }
    })
}

/// The union, the intersection or the difference of the sets at some keys.
fn combine(node: &mut Node, operation: &str, keys: &[Bytes], ctx: Context) -> Result<Set, Fault> {
    let sets: Vec<Set> = keys
        .iter()
        .map(|key| node.copy_of::<Set>(key, ctx))
        .collect::<Result<_, _>>()?;
    let combined = sets.into_iter().reduce(|mut one, other| {
        match operation {
            "union" => one.extend(other),
            "inter" => one.retain(|member| other.contains(member)),
            _ => one.retain(|member| !other.contains(member)),
        }
        one
    });
    Ok(combined.unwrap_or_default())
}

/// SUNION, SINTER and SDIFF.
pub(super) fn algebra(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(members(combine(node, &ctx.name[1..], &args[1..], ctx)?))
}

/// SUNIONSTORE, SINTERSTORE and SDIFFSTORE.
pub(super) fn algebra_store(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let operation = ctx.name[1..].strip_suffix("store").expect("one of the three");
    let set = combine(node, operation, &args[2..], ctx)?;
    Ok(node.store(&args[1], Value::Set(set), args, ctx))
}

pub(super) fn sintercard(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (number, limit) = intercard_request(args)?;
    let set = combine(node, "inter", &args[2..2 + number], ctx)?;
    Ok(Reply::Int(set.len().min(limit) as i64))
}

/// Number of keys and LIMIT of SINTERCARD.
fn intercard_request(args: &Args) -> Result<(usize, usize), Fault> {
    let number = parse_int(&args[1])
        .filter(|n| *n > 0)
        .ok_or("ERR numkeys should be greater than 0")?;
    if number > args.len() as i64 - 2 {
        return Err("ERR Number of keys can't be greater than number of args".into());
    }
    let number = number as usize;
    let mut limit = 0;
    for option in args[2 + number..].chunks(2) {
        match option {
            [word, amount] if is_one_of(word, &["LIMIT"]) => {
                let amount = parse_int(amount).and_then(|n| usize::try_from(n).ok());
                limit = amount.ok_or("ERR LIMIT can't be negative")?;
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    Ok((number, if limit == 0 { usize::MAX } else { limit }))
}
