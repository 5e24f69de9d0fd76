//! Commands that pop from the first non-empty one of several keys, at once or (the blocking ones) as soon as there is one.
//! Both use the same attempt, and both have the effects of a plain pop.

use super::client::{Client, Waiting};
use super::keyspace::{Answer, Context, Fault, SYNTAX};
use super::lists::is_head;
use super::node::Node;
use super::number::{parse_double, parse_int};
use super::resp::{Args, Reply};
use super::value::{List, Value};
use super::zset::Zset;
use bytes::Bytes;

/// What to pop.
#[derive(Debug, Clone)]
pub(super) enum Want {
    /// One element from the head, or the tail: `[key, element]`.
    Element { head: bool },
    /// Several: `[key, [element, …]]`.
    Elements { head: bool, count: usize },
    /// One element, moved to another list.
    Move {
        from_head: bool,
        to_head: bool,
        target: Bytes,
        effect: MoveEffect,
    },
    /// The lowest or the highest member: `[key, member, score]`.
    Member { highest: bool },
    /// Several: `[key, [[member, score], …]]`.
    Members { highest: bool, count: usize },
}

/// As which command a move is replicated.
#[derive(Debug, Clone)]
pub(super) enum MoveEffect {
    /// As the client sent it.
    Verbatim(Args),
    /// LMOVE with its two ends, as the client wrote them.
    Lmove([Bytes; 2]),
    /// RPOPLPUSH.
    Rpoplpush,
}

impl Want {
    /// Whether it pops from a value of this type.
    pub(super) fn suits(&self, value: &Value) -> bool {
        match self {
            Want::Element { .. } | Want::Elements { .. } | Want::Move { .. } => matches!(value, Value::List(_)),
            Want::Member { .. } | Want::Members { .. } => matches!(value, Value::Zset(_)),
        }
    }

    /// The reply when there was nothing.
    pub(super) fn nothing(&self) -> Reply {
        match self {
            Want::Move { .. } => Reply::Null,
            _ => Reply::NullArray,
        }
    }
}

impl Node {
    pub(super) fn pop_elements(
        &mut self,
        key: &Bytes,
        head: bool,
        count: usize,
        ctx: Context,
    ) -> Result<Vec<Bytes>, Fault> {
        let popped = self.edit(key, ctx, |list: &mut List| {
            let count = count.min(list.len());
            let next = |_| if head { list.pop_front() } else { list.pop_back() };
            (0..count).map_while(next).collect()
        })?;
        Ok(popped.unwrap_or_default())
    }

    pub(super) fn pop_members(
        &mut self,
        key: &Bytes,
        highest: bool,
        count: usize,
        ctx: Context,
    ) -> Result<Vec<(Bytes, f64)>, Fault> {
        let popped = self.edit(key, ctx, |zset: &mut Zset| {
            (0..count.min(zset.len())).map_while(|_| zset.pop(highest)).collect()
        })?;
        Ok(popped.unwrap_or_default())
    }

    /// Pops from a key, and replicates that. `None`: the key does not exist.
    pub(super) fn take_from(&mut self, want: &Want, key: &Bytes, ctx: Context) -> Result<Option<Reply>, Fault> {
        match self.lookup(key, ctx) {
            None => return Ok(None),
            Some(entry) if !want.suits(&entry.value) => return Err(super::value::WRONGTYPE.into()),
            Some(_) => {}
        }
        let name = Reply::Bulk(key.clone());
        Ok(Some(match want {
            Want::Element { head } => {
                let element = self.pop_elements(key, *head, 1, ctx)?.remove(0);
                self.changed(key, vec![if *head { "LPOP" } else { "RPOP" }.into(), key.clone()], ctx);
                Reply::Array(vec![name, Reply::Bulk(element)])
            }
            Want::Elements { head, count } => {
                let elements = self.pop_elements(key, *head, *count, ctx)?;
                let effect = vec![
                    if *head { "LPOP" } else { "RPOP" }.into(),
                    key.clone(),
                    elements.len().to_string().into(),
                ];
                self.changed(key, effect, ctx);
                Reply::Array(vec![
                    name,
                    Reply::Array(elements.into_iter().map(Reply::Bulk).collect()),
                ])
            }
            Want::Move {
                from_head,
                to_head,
                target,
                effect,
            } => {
                self.read::<List>(target, ctx)?;
                let push = |list: &mut List, element| match *to_head {
                    true => list.push_front(element),
                    false => list.push_back(element),
                };
                let element = if target == key {
                    // A list with one element that is moved onto itself is deleted and created again.
                    let turned = self.edit(key, ctx, |list: &mut List| {
                        let element = if *from_head { list.pop_front() } else { list.pop_back() };
                        let element = element.expect("no list is empty");
                        push(list, element.clone());
                        element
                    })?;
                    turned.expect("it has just been read")
                } else {
                    let element = self.pop_elements(key, *from_head, 1, ctx)?.remove(0);
                    self.edit_or_create(target, ctx, |list: &mut List| push(list, element.clone()))?;
                    element
                };
                let effect = match effect {
                    MoveEffect::Verbatim(args) => args.clone(),
                    MoveEffect::Lmove([from, to]) => {
                        vec!["LMOVE".into(), key.clone(), target.clone(), from.clone(), to.clone()]
                    }
                    MoveEffect::Rpoplpush => vec!["RPOPLPUSH".into(), key.clone(), target.clone()],
                };
                self.touch(ctx.db, target);
                self.changed(key, effect, ctx);
                Reply::Bulk(element)
            }
            Want::Member { highest } => {
                let (member, score) = self.pop_members(key, *highest, 1, ctx)?.remove(0);
                self.changed(
                    key,
                    vec![if *highest { "ZPOPMAX" } else { "ZPOPMIN" }.into(), key.clone()],
                    ctx,
                );
                Reply::Array(vec![name, Reply::Bulk(member), Reply::Double(score)])
            }
            Want::Members { highest, count } => {
                let members = self.pop_members(key, *highest, *count, ctx)?;
                let effect = vec![
                    if *highest { "ZPOPMAX" } else { "ZPOPMIN" }.into(),
                    key.clone(),
                    members.len().to_string().into(),
                ];
                self.changed(key, effect, ctx);
                let pair = |(member, score)| Reply::Array(vec![Reply::Bulk(member), Reply::Double(score)]);
                Reply::Array(vec![name, Reply::Array(members.into_iter().map(pair).collect())])
            }
        }))
    }

    /// Pops from the first key that is not empty.
    fn take_from_any(&mut self, want: &Want, keys: &[Bytes], ctx: Context) -> Answer {
        for key in keys {
            if let Some(reply) = self.take_from(want, key, ctx)? {
                return Ok(reply);
            }
        }
        Ok(want.nothing())
    }
}

/// LMOVE and RPOPLPUSH.
pub(super) fn lmove(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let ends = match args.get(3..5) {
        Some([from, to]) => (is_head(from)?, is_head(to)?),
        _ => (false, true),
    };
    let want = Want::Move {
        from_head: ends.0,
        to_head: ends.1,
        target: args[2].clone(),
        effect: MoveEffect::Verbatim(args.clone()),
    };
    node.take_from_any(&want, &args[1..2], ctx)
}

/// The arguments of LMPOP, ZMPOP and their blocking forms: number of keys, keys, which end, COUNT.
fn many(args: &[Bytes], sorted: bool) -> Result<(Want, Vec<Bytes>), Fault> {
    let positive = |text: &[u8], wrong: &'static str| {
        let number = parse_int(text).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        number.ok_or(Fault::from(wrong))
    };
    let number = positive(&args[0], "ERR numkeys should be greater than 0")?;
    let end = args.get(number.saturating_add(1)).ok_or(SYNTAX)?;
    let end = match (end.to_ascii_uppercase().as_slice(), sorted) {
        (b"LEFT", false) | (b"MAX", true) => true,
        (b"RIGHT", false) | (b"MIN", true) => false,
        _ => return Err(SYNTAX.into()),
    };
    let count = match &args[number + 2..] {
        [] => 1,
        [word, count, more @ ..] if word.eq_ignore_ascii_case(b"COUNT") => {
            let count = positive(count, "ERR count should be greater than 0")?;
            if !more.is_empty() {
                return Err(SYNTAX.into());
            }
            count
        }
        _ => return Err(SYNTAX.into()),
    };
    let want = if sorted {
        Want::Members { highest: end, count }
    } else {
        Want::Elements { head: end, count }
    };
    Ok((want, args[1..=number].to_vec()))
}

/// LMPOP and ZMPOP.
pub(super) fn mpop(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (want, keys) = many(&args[1..], ctx.name == "zmpop")?;
    node.take_from_any(&want, &keys, ctx)
}

/// BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP, BZPOPMIN, BZPOPMAX and BZMPOP.
pub(super) fn blocking(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    block(node, client, args, ctx).unwrap_or_else(Reply::Error)
}

fn block(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Answer {
    let last = args.len() - 1;
    let (want, keys, timeout) = match ctx.name {
        "blmpop" | "bzmpop" => {
            let (want, keys) = many(&args[2..], ctx.name == "bzmpop")?;
            (want, keys, &args[1])
        }
        "blmove" | "brpoplpush" => {
            let (from_head, to_head, effect) = match ctx.name {
                "blmove" => (
                    is_head(&args[3])?,
                    is_head(&args[4])?,
                    MoveEffect::Lmove([args[3].clone(), args[4].clone()]),
                ),
                _ => (false, true, MoveEffect::Rpoplpush),
            };
            let target = args[2].clone();
            (
                Want::Move {
                    from_head,
                    to_head,
                    target,
                    effect,
                },
                vec![args[1].clone()],
                &args[last],
            )
        }
        name => {
            let want = match name {
                "blpop" => Want::Element { head: true },
                "brpop" => Want::Element { head: false },
                "bzpopmin" => Want::Member { highest: false },
                _ => Want::Member { highest: true },
            };
            (want, args[1..last].to_vec(), &args[last])
        }
    };
    let timeout_ms = timeout_ms(timeout)?;
    for key in &keys {
        if let Some(reply) = node.take_from(&want, key, ctx)? {
            return Ok(reply);
        }
    }
    if ctx.nested {
        return Ok(want.nothing());
    }
    let until_mono_ms = (timeout_ms > 0).then(|| node.cron_turn_after(ctx.now.mono_ms + timeout_ms));
    for key in &keys {
        let queue = node.waiters.entry((ctx.db, key.clone())).or_default();
        if !queue.contains(&client.id) {
            queue.push(client.id);
        }
    }
    let want = match want {
        // If it is served later, it is replicated in Redis's own form.
        Want::Move {
            from_head,
            to_head,
            target,
            effect: MoveEffect::Lmove(_),
        } => {
            let end = |head: bool| Bytes::from_static(if head { b"left" } else { b"right" });
            let effect = MoveEffect::Lmove([end(from_head), end(to_head)]);
            Want::Move {
                from_head,
                to_head,
                target,
                effect,
            }
        }
        want => want,
    };
    client.waiting = Some(Waiting::Keys { want, until_mono_ms });
    client.wake.notify_one();
    Ok(Reply::Nothing)
}

/// A time-out in seconds, with a fraction; 0 is unlimited (getTimeoutFromObjectOrReply in timeout.c).
fn timeout_ms(text: &[u8]) -> Result<u64, Fault> {
    let seconds = parse_double(text).ok_or("ERR timeout is not a float or out of range")?;
    let ms = (seconds * 1000.0).ceil();
    match () {
        // What a long long cannot hold wraps around (measured: the error for `inf` and `1e30` says negative).
        () if ms < 0.0 || ms > i64::MAX as f64 => Err("ERR timeout is negative".into()),
        () => Ok(ms as u64),
    }
}
