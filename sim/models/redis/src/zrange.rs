//! Ranges of sorted sets: by rank, by score, by bytes.

use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, span};
use super::node::Node;
use super::number::parse_double;
use super::resp::{Args, Reply};
use super::value::Value;
use super::zset::Zset;
use super::zsets::scored;
use bytes::Bytes;
use std::ops::Bound;

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// A range, from low to high.
enum Range {
    Rank(i64, i64),
    Score(Bound<f64>, Bound<f64>),
    Lex(Edge, Edge),
}

/// A bound of a range by bytes. `-` is before everything and `+` after it.
enum Edge {
    Lowest,
    At(Bytes, bool),
    Highest,
}

fn score_bound(text: &[u8]) -> Result<Bound<f64>, Fault> {
    let (open, number) = match text {
        [b'(', number @ ..] => (true, number),
        number => (false, number),
    };
    let score = parse_double(number).ok_or("ERR min or max is not a float")?;
    Ok(if open {
        Bound::Excluded(score)
    } else {
        Bound::Included(score)
    })
}

fn edge(text: &Bytes) -> Result<Edge, Fault> {
    match &text[..] {
        b"-" => Ok(Edge::Lowest),
        b"+" => Ok(Edge::Highest),
        [b'(', ..] => Ok(Edge::At(text.slice(1..), true)),
        [b'[', ..] => Ok(Edge::At(text.slice(1..), false)),
        _ => Err("ERR min or max not valid string range item".into()),
    }
}

impl Range {
    fn parse(by: By, low: &Bytes, high: &Bytes) -> Result<Range, Fault> {
        Ok(match by {
            By::Rank => Range::Rank(integer(low)?, integer(high)?),
            By::Score => Range::Score(score_bound(low)?, score_bound(high)?),
            By::Lex => Range::Lex(edge(low)?, edge(high)?),
        })
    }

    fn has_score(&self, score: f64) -> bool {
        matches!(self, Range::Score(low, high) if std::ops::RangeBounds::contains(&(*low, *high), &score))
    }

    /// The members in the range, in the order asked for.
    fn of(&self, zset: &Zset, reverse: bool) -> Vec<(Bytes, f64)> {
        let mut all: Vec<(Bytes, f64)> = zset.iter().map(|(member, score)| (member.clone(), score)).collect();
        if let (Range::Lex(low, high), Some(((first, _), (last, _)))) = (self, all.first().zip(all.last()))
            && !(low.is_below(last) && high.is_above(first))
        {
            return vec![];
        }
        if reverse {
            all.reverse();
        }
        match self {
            Range::Rank(from, to) => return all[span(*from, *to, all.len())].to_vec(),
            Range::Score(..) => all.retain(|(_, score)| self.has_score(*score)),
            // Redis goes from the first member inside to the first outside: if scores differ, members beyond that are
            // not found.
            Range::Lex(low, high) => {
                let enters = |member: &Bytes| {
                    if reverse {
                        high.is_above(member)
                    } else {
                        low.is_below(member)
                    }
                };
                let stays = |member: &Bytes| {
                    if reverse {
                        low.is_below(member)
                    } else {
                        high.is_above(member)
                    }
                };
                let inside = all.into_iter().skip_while(|(member, _)| !enters(member));
                return inside.take_while(|(member, _)| stays(member)).collect();
            }
        }
        all
    }
}

impl Edge {
    /// As the lower bound: whether the member is inside.
    fn is_below(&self, member: &Bytes) -> bool {
        match self {
            Edge::Lowest => true,
            Edge::At(bound, open) => member > bound || !open && member == bound,
            Edge::Highest => false,
        }
    }

    /// As the upper bound: whether the member is inside.
    fn is_above(&self, member: &Bytes) -> bool {
        match self {
            Edge::Lowest => false,
            Edge::At(bound, open) => member < bound || !open && member == bound,
            Edge::Highest => true,
        }
    }
}

/// ZRANGE and its seven older forms, and ZRANGESTORE.
pub(super) fn zrange(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let store = ctx.name == "zrangestore";
    let words = &args[if store { 2 } else { 1 }..];
    let auto = matches!(ctx.name, "zrange" | "zrangestore");
    let mut by = match ctx.name {
        name if name.ends_with("byscore") => By::Score,
        name if name.ends_with("bylex") => By::Lex,
        _ => By::Rank,
    };
    let kind_given = ctx.name.contains("by");
    let mut reverse = ctx.name.starts_with("zrev");
    let (mut with_scores, mut offset, mut limit) = (false, 0, -1);
    let mut rest = words[3..].iter();
    while let Some(option) = rest.next() {
        match option.to_ascii_uppercase().as_slice() {
            b"WITHSCORES" if !store => with_scores = true,
            b"LIMIT" if rest.len() >= 2 => {
                offset = integer(rest.next().ok_or(SYNTAX)?)?;
                limit = integer(rest.next().ok_or(SYNTAX)?)?;
            }
            b"REV" if auto && !reverse => reverse = true,
            b"BYLEX" if auto && !kind_given && by == By::Rank => by = By::Lex,
            b"BYSCORE" if auto && !kind_given && by == By::Rank => by = By::Score,
            _ => return Err(SYNTAX.into()),
        }
    }
    if limit != -1 && by == By::Rank {
        return Err("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX".into());
    }
    if with_scores && by == By::Lex {
        return Err("ERR syntax error, WITHSCORES not supported in combination with BYLEX".into());
    }
    // A descending range by score or bytes is given from high to low; one by rank is not.
    let (low, high) = if reverse && by != By::Rank {
        (&words[2], &words[1])
    } else {
        (&words[1], &words[2])
    };
    let range = Range::parse(by, low, high)?;
    let zset = node.read::<Zset>(&words[0], ctx)?;
    let mut found = zset.map_or(vec![], |zset| range.of(zset, reverse));
    if by != By::Rank {
        let skipped = if offset < 0 {
            found.len()
        } else {
            (offset as usize).min(found.len())
        };
        found.drain(..skipped);
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    if store {
        let zset = found.into_iter().collect();
        return Ok(node.store(&args[1], Value::Zset(zset), args, ctx));
    }
    Ok(if with_scores {
        scored(found)
    } else {
        Reply::Array(found.into_iter().map(|(member, _)| Reply::Bulk(member)).collect())
    })
}

/// ZCOUNT and ZLEXCOUNT.
pub(super) fn zcount(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let by = if ctx.name == "zcount" { By::Score } else { By::Lex };
    let range = Range::parse(by, &args[2], &args[3])?;
    let zset = node.read::<Zset>(&args[1], ctx)?;
    Ok(Reply::Int(zset.map_or(0, |zset| range.of(zset, false).len()) as i64))
}

/// ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX.
pub(super) fn zremrange(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let by = match ctx.name {
        "zremrangebyrank" => By::Rank,
        "zremrangebyscore" => By::Score,
        _ => By::Lex,
    };
    let range = Range::parse(by, &args[2], &args[3])?;
    let removed = node.edit(&args[1], ctx, |zset: &mut Zset| {
        let gone = range.of(zset, false);
        for (member, _) in &gone {
            zset.remove(member);
        }
        gone.len()
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(removed as i64))
}
