//! Commands on keys of any type.

use super::databases::DATABASES;
use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, is_one_of};
use super::node::Node;
use super::resp::{Args, Reply};
use super::value::{Limits, Value};
use bytes::Bytes;
use rand::Rng;

const DB_RANGE: &str = "ERR DB index is out of range";
const SAME_OBJECT: &str = "ERR source and destination objects are the same";
/// How often a replica draws before it returns an expired key (dbRandomKey).
const RANDOMKEY_TRIES_MAX: u32 = 100;
const NO_SUCH_KEY: &str = "ERR no such key";

/// DEL and UNLINK.
pub(super) fn del(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let mut deleted = 0;
    for key in &args[1..] {
        if node.exists(key, ctx) {
            node.data[ctx.db].remove(key);
            node.touch(ctx.db, key);
            deleted += 1;
        }
    }
    if deleted > 0 {
        node.effect(args.clone(), ctx);
    }
    Ok(Reply::Int(deleted))
}

/// EXISTS and TOUCH. A key that is named twice counts twice.
pub(super) fn exists(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let uses = ctx.name == "touch";
    let exists = |key: &&Bytes| match uses {
        true => node.lookup(key, ctx).is_some(),
        false => node.look_at(key, ctx).is_some(),
    };
    Ok(Reply::Int(args[1..].iter().filter(exists).count() as i64))
}

pub(super) fn kind(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let kind = node.look_at(&args[1], ctx).map(|entry| entry.value.type_name());
    Ok(Reply::simple(kind.unwrap_or("none")))
}

pub(super) fn dbsize(node: &mut Node, _: &Args, ctx: Context) -> Answer {
    Ok(Reply::Int(node.db(ctx).len() as i64))
}

/// RENAME and RENAMENX. The expiry moves with the key.
pub(super) fn rename(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let only_new = ctx.name == "renamenx";
    if !node.exists(&args[1], ctx) {
        return Err(NO_SUCH_KEY.into());
    }
    if args[1] == args[2] {
        return Ok(if only_new { Reply::Int(0) } else { Reply::OK });
    }
    if node.exists(&args[2], ctx) && only_new {
        return Ok(Reply::Int(0));
    }
    let entry = node.data[ctx.db].remove(&args[1]).expect("it exists");
    node.data[ctx.db].remove(&args[2]);
    node.put(&args[2], entry.value, entry.expires_at_ms, ctx);
    node.touch(ctx.db, &args[1]);
    node.changed(&args[2], args.clone(), ctx);
    Ok(if only_new { Reply::Int(1) } else { Reply::OK })
}

fn database(text: &[u8]) -> Result<u8, Fault> {
    u8::try_from(integer(text)?)
        .ok()
        .filter(|db| *db < DATABASES)
        .ok_or(DB_RANGE.into())
}

pub(super) fn copy(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let (mut target, mut replace) = (ctx, false);
    let mut rest = args[3..].iter();
    while let Some(option) = rest.next() {
        match option.to_ascii_uppercase().as_slice() {
            b"REPLACE" => replace = true,
            b"DB" => target.db = database(rest.next().ok_or(SYNTAX)?)?,
            _ => return Err(SYNTAX.into()),
        }
    }
    if args[1] == args[2] && target.db == ctx.db {
        return Err(SAME_OBJECT.into());
    }
    let Some(entry) = node.lookup(&args[1], ctx).cloned() else {
        return Ok(Reply::Int(0));
    };
    if node.peek(&args[2], target).is_some() && !replace {
        return Ok(Reply::Int(0));
    }
    node.data[target.db].remove(&args[2]);
    node.put(&args[2], entry.value, entry.expires_at_ms, target);
    node.touch(target.db, &args[2]);
    node.effect(args.clone(), ctx);
    Ok(Reply::Int(1))
}

pub(super) fn move_key(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let target = Context {
        db: database(&args[2])?,
        ..ctx
    };
    if target.db == ctx.db {
        return Err(SAME_OBJECT.into());
    }
    if !node.exists(&args[1], ctx) || node.exists(&args[1], target) {
        return Ok(Reply::Int(0));
    }
    let entry = node.data[ctx.db].remove(&args[1]).expect("it exists");
    node.put(&args[1], entry.value, entry.expires_at_ms, target);
    node.touch(target.db, &args[1]);
    node.changed(&args[1], args.clone(), ctx);
    Ok(Reply::Int(1))
}

pub(super) fn swapdb(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let index = |text, wrong: &'static str| integer(text).map_err(|_| Fault::from(wrong));
    let one = index(&args[1], "ERR invalid first DB index")?;
    let other = index(&args[2], "ERR invalid second DB index")?;
    let valid = |db: i64| u8::try_from(db).ok().filter(|db| *db < DATABASES);
    let (Some(one), Some(other)) = (valid(one), valid(other)) else {
        return Err(DB_RANGE.into());
    };
    node.touch_all(|data, db, key| {
        [one, other].contains(&db) && (data[one].get(key).is_some() || data[other].get(key).is_some())
    });
    node.data.swap(one, other);
    node.signal_all(one);
    node.signal_all(other);
    node.effect(args.clone(), ctx);
    Ok(Reply::OK)
}

/// FLUSHALL and FLUSHDB. They are replicated even if there were no keys.
pub(super) fn flush(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    if !(args.len() == 1 || args.len() == 2 && is_one_of(&args[1], &["SYNC", "ASYNC"])) {
        return Err(SYNTAX.into());
    }
    if ctx.name == "flushall" {
        node.touch_all(|data, db, key| data[db].get(key).is_some());
        node.data.iter_mut().for_each(super::dataset::Dataset::clear);
        node.save_emptiness(ctx);
    } else {
        node.touch_all(|data, db, key| db == ctx.db && data[db].get(key).is_some());
        node.db(ctx).clear();
    }
    node.effect(args.clone(), ctx);
    Ok(Reply::OK)
}

pub(super) fn randomkey(node: &mut Node, _: &Args, ctx: Context) -> Answer {
    let mut tries = RANDOMKEY_TRIES_MAX;
    loop {
        let (length, expiring) = (node.db(ctx).len(), node.db(ctx).expiring());
        if length == 0 {
            return Ok(Reply::Null);
        }
        let n = node.random.random_range(0..length);
        let key = node.db(ctx).nth(n).expect("there are so many").0.clone();
        tries -= 1;
        // Where expired keys are not deleted and all keys have an expiry, the search may never end, so it returns some key.
        if node.peek(&key, ctx).is_some() || expiring == length && tries == 0 {
            return Ok(Reply::Bulk(key));
        }
    }
}

pub(super) fn object(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let limits = Limits::of(&node.options);
    let entry = match args.get(2) {
        Some(key) => node.look_at(key, ctx).map(|entry| &*entry),
        None => None,
    };
    let Some(entry) = entry else {
        return Ok(if args.len() == 2 { help() } else { Reply::Null });
    };
    Ok(match args[1].to_ascii_lowercase().as_slice() {
        b"encoding" => Reply::bulk(entry.value.encoding_within(&limits)),
        b"refcount" => Reply::Int(match &entry.value {
            // Small integers are shared.
            Value::Str(text) if super::number::parse_int(text).is_some_and(|n| (0..10_000).contains(&n)) => {
                i32::MAX.into()
            }
            _ => 1,
        }),
        b"idletime" => Reply::Int((ctx.now.mono_ms.saturating_sub(entry.used_mono_ms) / 1000) as i64),
        _ => {
            return Err("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.".into());
        }
    })
}

fn help() -> Reply {
    let lines = [
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        "HELP",
        "    Prints this help.",
    ];
    Reply::Array(lines.into_iter().map(Reply::simple).collect())
}

/// KEYS. Expired keys are hidden, and a master also deletes them.
pub(super) fn keys(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let matching: Vec<Bytes> = node
        .db(ctx)
        .iter()
        .filter(|(key, _)| super::glob::glob(&args[1], key))
        .map(|(key, _)| key.clone())
        .collect();
    let live = matching.into_iter().filter(|key| node.peek(key, ctx).is_some());
    Ok(Reply::Array(live.map(Reply::Bulk).collect()))
}
