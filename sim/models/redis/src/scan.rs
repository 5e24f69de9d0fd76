//! SCAN and its variants. A cursor is a position in the order of the hashes of all elements: an element that exists from the
//! first call to the last is returned, whatever is added or removed meanwhile, and there is no state between calls.

use super::glob::glob;
use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, is_one_of};
use super::node::Node;
use super::number::format_double;
use super::resp::{Args, Reply};
use super::value::{Hash, Limits, Set, Value};
use super::zset::Zset;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

/// COUNT, if it is not given.
const COUNT: usize = 10;

struct Request {
    cursor: u64,
    count: usize,
    pattern: Option<Bytes>,
    kind: Option<Bytes>,
}

fn cursor(text: &Bytes) -> Result<u64, Fault> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or("ERR invalid cursor".into())
}

fn request(text: &Bytes, options: &[Bytes], types: bool) -> Result<Request, Fault> {
    let mut request = Request {
        cursor: cursor(text)?,
        count: COUNT,
        pattern: None,
        kind: None,
    };
    for option in options.chunks(2) {
        match option {
            [name, value] if is_one_of(name, &["COUNT"]) => match integer(value)? {
                count @ 1.. => request.count = count as usize,
                _ => return Err(SYNTAX.into()),
            },
            [name, value] if is_one_of(name, &["MATCH"]) => request.pattern = Some(value.clone()),
            [name, value] if types && is_one_of(name, &["TYPE"]) => request.kind = Some(value.clone()),
            _ => return Err(SYNTAX.into()),
        }
    }
    Ok(request)
}

impl Request {
    /// The next elements, and the cursor for those after them.
    fn page<'a>(&self, elements: impl Iterator<Item = &'a Bytes>) -> (u64, Vec<&'a Bytes>) {
        let mut rest: Vec<(u64, &Bytes)> = elements
            .map(|element| (xxh3_64(element).max(1), element))
            .filter(|(place, _)| *place >= self.cursor)
            .collect();
        rest.sort_unstable();
        let mut end = self.count.min(rest.len());
        while end > 0 && end < rest.len() && rest[end].0 == rest[end - 1].0 {
            end += 1;
        }
        let next = rest.get(end).map_or(0, |(place, _)| *place);
        (next, rest[..end].iter().map(|(_, element)| *element).collect())
    }

    fn wants(&self, element: &[u8]) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| glob(pattern, element))
    }
}

fn answer(next: u64, elements: Vec<Reply>) -> Reply {
    Reply::Array(vec![Reply::bulk(next.to_string()), Reply::Array(elements)])
}

pub(super) fn scan(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let request = request(&args[1], &args[2..], true)?;
    let (next, keys) = request.page(node.db(ctx).iter().map(|(key, _)| key));
    let keys: Vec<Bytes> = keys.into_iter().filter(|key| request.wants(key)).cloned().collect();
    let mut found = vec![];
    for key in keys {
        let kind = node.peek(&key, ctx).map(|entry| entry.value.type_name());
        let wanted = |kind: &str| request.kind.as_ref().is_none_or(|wanted| is_one_of(wanted, &[kind]));
        if kind.is_some_and(wanted) {
            found.push(Reply::Bulk(key));
        }
    }
    Ok(answer(next, found))
}

/// HSCAN, SSCAN and ZSCAN. A small value is returned at once, whatever COUNT is, as in Redis.
pub(super) fn scan_elements(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    cursor(&args[2])?;
    let value = match ctx.name {
        "hscan" => node.read::<Hash>(&args[1], ctx)?.map(|hash| Value::Hash(hash.clone())),
        "sscan" => node.read::<Set>(&args[1], ctx)?.map(|set| Value::Set(set.clone())),
        _ => node.read::<Zset>(&args[1], ctx)?.map(|zset| Value::Zset(zset.clone())),
    };
    let Some(value) = value else {
        return Ok(answer(0, vec![])); // whatever the options are
    };
    let mut request = request(&args[2], &args[3..], false)?;
    let small = ["listpack", "intset"].contains(&value.encoding_within(&Limits::of(&node.options)));
    if small {
        (request.cursor, request.count) = (0, usize::MAX);
    }
    let mut found = vec![];
    let mut add = |element: &Bytes, value: Option<Reply>| {
        if request.wants(element) {
            found.push(Reply::Bulk(element.clone()));
            found.extend(value);
        }
    };
    let next = match &value {
        Value::Hash(hash) => {
            let (next, fields) = request.page(hash.keys());
            fields
                .into_iter()
                .for_each(|field| add(field, Some(Reply::Bulk(hash[field].clone()))));
            next
        }
        Value::Set(set) => {
            let (next, members) = request.page(set.iter());
            members.into_iter().for_each(|member| add(member, None));
            next
        }
        Value::Zset(zset) => {
            let (next, members) = request.page(zset.iter().map(|(member, _)| member));
            for member in members {
                let score = zset.score(member).expect("a member has a score");
                // A listpack holds whole numbers as such (measured on 7.0.15: 100000000000000000, and 1e+17 once the
                // set is large).
                let text = match score.fract() == 0.0 && score.abs() <= (i64::MAX / 2) as f64 && small {
                    true => (score as i64).to_string(),
                    false => format_double(score),
                };
                add(member, Some(Reply::bulk(text)));
            }
            next
        }
        Value::Str(_) | Value::List(_) => unreachable!("SCAN has no form for them"),
    };
    Ok(answer(next, found))
}
