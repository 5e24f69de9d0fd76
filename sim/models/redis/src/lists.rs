//! Commands on lists. Those that pop, at once or later, are in `pops`.

use super::keyspace::{Answer, Context, Fault, SYNTAX, count, integer, is_one_of, span, wrong_arity};
use super::node::Node;
use super::resp::{Args, Reply};
use super::value::List;
use bytes::Bytes;

fn bulks<'a>(elements: impl Iterator<Item = &'a Bytes>) -> Reply {
    Reply::Array(elements.cloned().map(Reply::Bulk).collect())
}

/// The index of a position; a negative position counts from the end.
fn index(at: i64, length: usize) -> Option<usize> {
    let at = if at < 0 { at + length as i64 } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// LPUSH, RPUSH, LPUSHX and RPUSHX.
pub(super) fn push(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let head = ctx.name.starts_with('l');
    let only_existing = ctx.name.ends_with('x');
    if only_existing && node.read::<List>(&args[1], ctx)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let length = node.edit_or_create(&args[1], ctx, |list: &mut List| {
        for element in &args[2..] {
            if head {
                list.push_front(element.clone());
            } else {
                list.push_back(element.clone());
            }
        }
        list.len()
    })?;
    node.changed(&args[1], args.clone(), ctx);
    Ok(Reply::Int(length as i64))
}

/// LPOP and RPOP.
pub(super) fn pop(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let head = ctx.name == "lpop";
    if args.len() > 3 {
        return Err(wrong_arity(ctx.name).into());
    }
    let wanted = args.get(2).map(|n| count(n)).transpose()?;
    if node.read::<List>(&args[1], ctx)?.is_none() {
        return Ok(if wanted.is_some() {
            Reply::NullArray
        } else {
            Reply::Null
        });
    }
    if wanted == Some(0) {
        return Ok(Reply::Array(vec![]));
    }
    let mut popped = node.pop_elements(&args[1], head, wanted.unwrap_or(1), ctx)?;
    node.changed(&args[1], args.clone(), ctx);
    Ok(match wanted {
        Some(_) => bulks(popped.iter()),
        None => Reply::Bulk(popped.remove(0)),
    })
}

pub(super) fn llen(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(node.read::<List>(&args[1], ctx)?.map_or(0, List::len) as i64))
}

pub(super) fn lindex(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let Some(list) = node.read::<List>(&args[1], ctx)? else {
        return Ok(Reply::Null);
    };
    let at = index(integer(&args[2])?, list.len());
    Ok(at.map_or(Reply::Null, |at| Reply::Bulk(list[at].clone())))
}

pub(super) fn lrange(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (from, to) = (integer(&args[2])?, integer(&args[3])?);
    let list = node.read::<List>(&args[1], ctx)?;
    Ok(list.map_or(Reply::Array(vec![]), |list| {
        bulks(list.range(span(from, to, list.len())))
    }))
}

pub(super) fn lset(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let length = node.read::<List>(&args[1], ctx)?.ok_or("ERR no such key")?.len();
    let at = index(integer(&args[2])?, length).ok_or("ERR index out of range")?;
    node.edit(&args[1], ctx, |list: &mut List| list[at] = args[3].clone())?;
    node.changed(&args[1], args.clone(), ctx);
    Ok(Reply::OK)
}

pub(super) fn linsert(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let after = match args[2].to_ascii_lowercase().as_slice() {
        b"after" => 1,
        b"before" => 0,
        _ => return Err(SYNTAX.into()),
    };
    let length = node.edit(&args[1], ctx, |list: &mut List| {
        let at = list.iter().position(|element| *element == args[3])?;
        list.insert(at + after, args[4].clone());
        Some(list.len() as i64)
    })?;
    if let Some(Some(_)) = length {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(length.map_or(0, |found| found.unwrap_or(-1))))
}

pub(super) fn lrem(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let limit = integer(&args[2])?;
    let removed = node.edit(&args[1], ctx, |list: &mut List| {
        let most = if limit == 0 { u64::MAX } else { limit.unsigned_abs() };
        let mut removed = 0;
        let mut keep = |element: &Bytes| {
            let goes = *element == args[3] && removed < most;
            removed += u64::from(goes);
            !goes
        };
        if limit < 0 {
            let kept: Vec<Bytes> = list.drain(..).rev().filter(|element| keep(element)).collect();
            list.extend(kept.into_iter().rev());
        } else {
            list.retain(keep);
        }
        removed as i64
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::Int(removed))
}

pub(super) fn ltrim(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (from, to) = (integer(&args[2])?, integer(&args[3])?);
    let removed = node.edit(&args[1], ctx, |list: &mut List| {
        let length = list.len();
        let kept = span(from, to, length);
        list.truncate(kept.end);
        list.drain(..kept.start);
        length - list.len()
    })?;
    if removed.unwrap_or(0) > 0 {
        node.changed(&args[1], args.clone(), ctx);
    }
    Ok(Reply::OK)
}

pub(super) fn lpos(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (mut rank, mut most, mut maxlen) = (1, None, 0);
    let not_negative = |text: &[u8], wrong: &'static str| {
        let amount = super::number::parse_int(text).and_then(|n| usize::try_from(n).ok());
        amount.ok_or(Fault::from(wrong))
    };
    let mut rest = args[3..].iter();
    while let Some(option) = rest.next() {
        let amount = rest.next().ok_or(SYNTAX)?;
        match option.to_ascii_uppercase().as_slice() {
            b"RANK" => {
                rank = integer(amount)?;
                if rank == 0 {
                    return Err("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list".into());
                }
            }
            b"COUNT" => most = Some(not_negative(amount, "ERR COUNT can't be negative")?),
            b"MAXLEN" => maxlen = not_negative(amount, "ERR MAXLEN can't be negative")?,
            _ => return Err(SYNTAX.into()),
        }
    }
    let Some(list) = node.read::<List>(&args[1], ctx)? else {
        return Ok(if most.is_some() {
            Reply::Array(vec![])
        } else {
            Reply::Null
        });
    };
    let length = list.len();
    let place = |nth: usize| if rank < 0 { length - 1 - nth } else { nth };
    let looked_at = if maxlen == 0 { length } else { maxlen.min(length) };
    let mut matches = (0..looked_at)
        .map(place)
        .filter(|at| list[*at] == args[2])
        .skip(rank.unsigned_abs() as usize - 1)
        .map(|at| Reply::Int(at as i64));
    Ok(match most {
        None => matches.next().unwrap_or(Reply::Null),
        Some(0) => Reply::Array(matches.collect()),
        Some(most) => Reply::Array(matches.take(most).collect()),
    })
}

/// LEFT or RIGHT: whether it is the head.
pub(super) fn is_head(word: &[u8]) -> Result<bool, Fault> {
    match () {
        () if is_one_of(word, &["LEFT"]) => Ok(true),
        () if is_one_of(word, &["RIGHT"]) => Ok(false),
        () => Err(SYNTAX.into()),
    }
}
