//! Commands on sorted sets. Ranges are in `zrange`, unions and intersections in `zalgebra`.

use super::hashes::sample;
use super::keyspace::{Answer, Context, NOT_A_FLOAT, SYNTAX, count};
use super::node::Node;
use super::number::parse_double;
use super::random_choice::{pick_many, pick_one};
use super::resp::{Args, Reply};
use super::zset::Zset;
use bytes::Bytes;

#[derive(Default, Clone, Copy)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    incr: bool,
}

/// What ZADD did with one member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Added {
    New,
    Moved,
    Same,
    /// A condition was not met.
    Refused,
}

impl Conditions {
    /// Adds or moves one member. `None`: the new score is not a number.
    fn add(self, zset: &mut Zset, member: &Bytes, score: f64) -> Option<(Added, f64)> {
        let Some(old) = zset.score(member) else {
            if self.xx {
                return Some((Added::Refused, 0.0));
            }
            zset.insert(member.clone(), score);
            return Some((Added::New, score));
        };
        if self.nx {
            return Some((Added::Refused, old));
        }
        let new = if self.incr { old + score } else { score };
        if new.is_nan() {
            return None;
        }
        if self.gt && new <= old || self.lt && new >= old {
            return Some((Added::Refused, old));
        }
        if new == old {
            return Some((Added::Same, old));
        }
        zset.insert(member.clone(), new);
        Some((Added::Moved, new))
    }
}

/// ZADD and ZINCRBY.
pub(super) fn zadd(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (mut on, mut changes) = (Conditions::default(), false);
    let mut at = 2;
    // ZINCRBY has no options.
    let options = if ctx.name == "zadd" { args.len() } else { 0 };
    while let Some(option) = args[..options].get(at) {
        match option.to_ascii_uppercase().as_slice() {
            b"NX" => on.nx = true,
            b"XX" => on.xx = true,
            b"GT" => on.gt = true,
            b"LT" => on.lt = true,
            b"CH" => changes = true,
            b"INCR" => on.incr = true,
            _ => break,
        }
        at += 1;
    }
    on.incr |= ctx.name == "zincrby";
    let pairs = &args[at..];
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
        return Err(SYNTAX.into());
    }
    if on.nx && on.xx {
        return Err("ERR XX and NX options at the same time are not compatible".into());
    }
    if [on.gt, on.lt, on.nx].into_iter().filter(|set| *set).count() > 1 {
        return Err("ERR GT, LT, and/or NX options at the same time are not compatible".into());
    }
    if on.incr && pairs.len() > 2 {
        return Err("ERR INCR option supports a single increment-element pair".into());
    }
    let scores: Option<Vec<f64>> = pairs.chunks(2).map(|pair| parse_double(&pair[0])).collect();
    let scores = scores.ok_or(NOT_A_FLOAT)?;
    if node.read::<Zset>(&args[1], ctx)?.is_none() && on.xx {
        return Ok(if on.incr { Reply::Null } else { Reply::Int(0) });
    }
    let results: Vec<Option<(Added, f64)>> = node.edit_or_create(&args[1], ctx, |zset: &mut Zset| {
        let members = pairs.chunks(2).zip(scores);
        members.map(|(pair, score)| on.add(zset, &pair[1], score)).collect()
    })?;
    let number = |wanted| results.iter().flatten().filter(|(added, _)| *added == wanted).count();
    let (new, moved) = (number(Added::New), number(Added::Moved));
    if new + moved > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(match results.last() {
        Some(None) => return Err("ERR resulting score is not a number (NaN)".into()),
        Some(Some((Added::Refused, _))) if on.incr => Reply::Null,
        Some(Some((_, score))) if on.incr => Reply::Double(*score),
        _ => Reply::Int((new + if changes { moved } else { 0 }) as i64),
    })
}

pub(super) fn zrem(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let removed = node.edit(&args[1], ctx, |zset: &mut Zset| {
        args[2..].iter().filter(|member| zset.remove(member).is_some()).count()
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(removed as i64))
}

pub(super) fn zcard(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(node.read::<Zset>(&args[1], ctx)?.map_or(0, Zset::len) as i64))
}

pub(super) fn zscore(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let zset = node.read::<Zset>(&args[1], ctx)?;
    Ok(zset
        .and_then(|zset| zset.score(&args[2]))
        .map_or(Reply::Null, Reply::Double))
}

pub(super) fn zmscore(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let zset = node.read::<Zset>(&args[1], ctx)?;
    let score = |member: &Bytes| {
        zset.and_then(|zset| zset.score(member))
            .map_or(Reply::Null, Reply::Double)
    };
    Ok(Reply::Array(args[2..].iter().map(score).collect()))
}

/// ZRANK and ZREVRANK.
pub(super) fn zrank(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let zset = node.read::<Zset>(&args[1], ctx)?;
    let rank = zset.and_then(|zset| Some((zset.rank(&args[2])?, zset.len())));
    Ok(match rank {
        None => Reply::Null,
        Some((rank, _)) if ctx.name == "zrank" => Reply::Int(rank as i64),
        Some((rank, length)) => Reply::Int((length - 1 - rank) as i64),
    })
}

/// ZPOPMIN and ZPOPMAX.
pub(super) fn zpop(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    if args.len() > 3 {
        return Err(SYNTAX.into());
    }
    let wanted = args.get(2).map(|n| count(n)).transpose()?;
    if node.read::<Zset>(&args[1], ctx)?.is_none() || wanted == Some(0) {
        return Ok(Reply::Array(vec![]));
    }
    let popped = node.pop_members(&args[1], ctx.name == "zpopmax", wanted.unwrap_or(1), ctx)?;
    node.changed(&args[1], args.clone(), ctx);
    let pairs = popped
        .into_iter()
        .map(|(member, score)| (Reply::Bulk(member), Reply::Double(score)));
    Ok(match wanted {
        Some(_) => Reply::Pairs(pairs.collect()),
        None => Reply::Array(pairs.flat_map(|(member, score)| [member, score]).collect()),
    })
}

pub(super) fn zrandmember(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let asked = sample(args, "WITHSCORES")?;
    let zset = node.copy_of::<Zset>(&args[1], ctx)?;
    let pairs: Vec<(Bytes, f64)> = zset.iter().map(|(member, score)| (member.clone(), score)).collect();
    Ok(match asked {
        None => pick_one(&mut node.random, &pairs).map_or(Reply::Null, |(member, _)| Reply::Bulk(member)),
        Some((count, false)) => {
            let picked = pick_many(&mut node.random, &pairs, count);
            Reply::Array(picked.into_iter().map(|(member, _)| Reply::Bulk(member)).collect())
        }
        Some((count, true)) => scored(pick_many(&mut node.random, &pairs, count)),
    })
}

/// Members with their scores.
pub(super) fn scored(members: Vec<(Bytes, f64)>) -> Reply {
    let pair = |(member, score)| (Reply::Bulk(member), Reply::Double(score));
    Reply::Pairs(members.into_iter().map(pair).collect())
}
