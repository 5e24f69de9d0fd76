//! Unions, intersections and differences of sorted sets (and of sets, whose members have the score 1).

use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, is_one_of};
use super::node::Node;
use super::number::{parse_double, parse_int};
use super::resp::{Args, Reply};
use super::value::{Value, WRONGTYPE};
use super::zset::Zset;
use super::zsets::scored;
use bytes::Bytes;

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, one: f64, other: f64) -> f64 {
        match self {
            // inf - inf is 0 here (zunionInterAggregate).
            Aggregate::Sum if (one + other).is_nan() => 0.0,
            Aggregate::Sum => one + other,
            Aggregate::Min => one.min(other),
            Aggregate::Max => one.max(other),
        }
    }
}

/// The arguments: the sources, and how their scores are combined.
struct Request {
    sources: Vec<Zset>,
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: usize,
}

/// Which options a command takes.
struct Options {
    weights: bool,
    with_scores: bool,
    limit: bool,
}

fn request(node: &mut Node, words: &[Bytes], options: &Options, ctx: Context) -> Result<Request, Fault> {
    let number = integer(&words[0])?;
    if number < 1 {
        return Err(format!("ERR at least 1 input key is needed for '{}' command", ctx.name).into());
    }
    if number > words.len() as i64 - 1 {
        return Err(SYNTAX.into());
    }
    let number = number as usize;
    let mut request = Request {
        sources: vec![],
        weights: vec![1.0; number],
        aggregate: Aggregate::Sum,
        with_scores: false,
        limit: 0,
    };
    for key in &words[1..=number] {
        request
            .sources
            .push(match node.lookup(key, ctx).map(|entry| &entry.value) {
                None => Zset::default(),
                Some(Value::Zset(zset)) => zset.clone(),
                Some(Value::Set(set)) => set.iter().map(|member| (member.clone(), 1.0)).collect(),
                Some(_) => return Err(WRONGTYPE.into()),
            });
    }
    let mut rest = &words[number + 1..];
    while let [word, after @ ..] = rest {
        match after {
            _ if options.weights && is_one_of(word, &["WEIGHTS"]) && after.len() >= number => {
                for (weight, text) in request.weights.iter_mut().zip(after) {
                    *weight = parse_double(text).ok_or("ERR weight value is not a float")?;
                }
                rest = &after[number..];
            }
            [how, after @ ..] if options.weights && is_one_of(word, &["AGGREGATE"]) => {
                request.aggregate = match how.to_ascii_uppercase().as_slice() {
                    b"SUM" => Aggregate::Sum,
                    b"MIN" => Aggregate::Min,
                    b"MAX" => Aggregate::Max,
                    _ => return Err(SYNTAX.into()),
                };
                rest = after;
            }
            _ if options.with_scores && is_one_of(word, &["WITHSCORES"]) => {
                request.with_scores = true;
                rest = after;
            }
            [limit, after @ ..] if options.limit && is_one_of(word, &["LIMIT"]) => {
                let limit = parse_int(limit).and_then(|n| usize::try_from(n).ok());
                request.limit = limit.ok_or("ERR LIMIT can't be negative")?;
                rest = after;
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    Ok(request)
}

impl Request {
    fn weighted(&self, source: usize, score: f64) -> f64 {
        let product = score * self.weights[source];
        if product.is_nan() { 0.0 } else { product }
    }

    fn combine(&self, operation: &str) -> Zset {
        let first = &self.sources[0];
        match operation {
            "union" => {
                let mut union = Zset::default();
                for (source, zset) in self.sources.iter().enumerate() {
                    for (member, score) in zset.iter() {
                        let score = self.weighted(source, score);
                        let old = union.score(member);
                        union.insert(member.clone(), old.map_or(score, |old| self.aggregate.of(old, score)));
                    }
                }
                union
            }
            "inter" => {
                let common = |(member, score): (&Bytes, f64)| {
                    let mut rest = self.sources.iter().enumerate().skip(1);
                    let score = rest.try_fold(self.weighted(0, score), |score, (source, zset)| {
                        Some(self.aggregate.of(score, self.weighted(source, zset.score(member)?)))
                    })?;
                    Some((member.clone(), score))
                };
                first.iter().filter_map(common).collect()
            }
            _ => {
                let elsewhere = |member: &Bytes| self.sources[1..].iter().any(|zset| zset.score(member).is_some());
                let kept = first.iter().filter(|(member, _)| !elsewhere(member));
                kept.map(|(member, score)| (member.clone(), score)).collect()
            }
        }
    }
}

/// ZUNION, ZINTER and ZDIFF.
pub(super) fn algebra(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let operation = &ctx.name[1..];
    let options = Options {
        weights: operation != "diff",
        with_scores: true,
        limit: false,
    };
    let request = request(node, &args[1..], &options, ctx)?;
    let zset = request.combine(operation);
    let members: Vec<(Bytes, f64)> = zset.iter().map(|(member, score)| (member.clone(), score)).collect();
    Ok(if request.with_scores {
        scored(members)
    } else {
        Reply::Array(members.into_iter().map(|(member, _)| Reply::Bulk(member)).collect())
    })
}

/// ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE.
pub(super) fn algebra_store(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let operation = ctx.name[1..].strip_suffix("store").expect("one of the three");
    let options = Options {
        weights: operation != "diff",
        with_scores: false,
        limit: false,
    };
    let zset = request(node, &args[2..], &options, ctx)?.combine(operation);
    Ok(node.store(&args[1], Value::Zset(zset), args, ctx))
}

pub(super) fn zintercard(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let options = Options {
        weights: false,
        with_scores: false,
        limit: true,
    };
    let request = request(node, &args[1..], &options, ctx)?;
    let length = request.combine("inter").len();
    Ok(Reply::Int(if request.limit == 0 {
        length
    } else {
        length.min(request.limit)
    } as i64))
}
