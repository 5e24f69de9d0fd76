//! EVAL and its variants: Lua 5.1 inside the node (crate `mlua`), a new state for every run.
//!
//! Effects are replicated, not scripts, as in Redis 7. Deliberately absent: `struct`, `cmsgpack`, functions
//! (FCALL), the debugger, BUSY (a script that takes too long ends with the error that SCRIPT KILL would give it).
//! Deterministic: `math.random` is Redis's own generator, `tostring` shows no address. Iteration with `pairs` is as
//! deterministic as in Redis: it is not if keys are tables or functions.

mod bits;
mod convert;
mod decode;
mod errors;
mod guard;
mod host;
mod json;
mod random;

use super::client::Client;
use super::command::{Spec, flag};
use super::keyspace::{Answer, Context, Fault, SYNTAX, integer, is_one_of};
use super::node::Node;
use super::resp::{Args, Reply};
use bytes::Bytes;
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;

/// The name of the script for `luaL_loadbuffer`, which appears in errors.
const CHUNK: &str = "@user_script";

/// The scripts that a node has loaded, and their shared state.
#[derive(Default)]
pub(super) struct Scripts {
    known: BTreeMap<String, Bytes>,
    random: random::Rand48,
}

/// The flags in a script's shebang line.
#[derive(Clone, Copy, Default)]
struct Flags {
    /// There is such a line. A script without it may do what its commands may do, as before 7.0.
    declared: bool,
    no_writes: bool,
    allow_oom: bool,
    allow_stale: bool,
}

/// A run that is about to begin.
struct Run<'a> {
    body: &'a [u8],
    sha: &'a str,
    keys: &'a [Bytes],
    argv: &'a [Bytes],
    read_only: bool,
    allow_oom: bool,
}

fn digest(body: &[u8]) -> String {
    Sha1::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// EVAL, EVALSHA and their read-only forms.
pub(super) fn eval(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    prepare_and_run(node, client, args, ctx).unwrap_or_else(Reply::Error)
}

fn prepare_and_run(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Answer {
    let by_sha = ctx.name.starts_with("evalsha");
    let noscript = "NOSCRIPT No matching script. Please use EVAL.";
    if by_sha && args[1].len() != 40 {
        return Err(noscript.into());
    }
    let number = integer(&args[2])?;
    if number > args.len() as i64 - 3 {
        return Err("ERR Number of keys can't be greater than number of args".into());
    }
    let number = usize::try_from(number).map_err(|_| "ERR Number of keys can't be negative")?;
    let (sha, body) = if by_sha {
        let sha = String::from_utf8_lossy(&args[1]).to_ascii_lowercase();
        let body = node.scripts.known.get(&sha).ok_or(noscript)?.clone();
        (sha, body)
    } else {
        let sha = load(node, &args[1])?;
        (sha, args[1].clone())
    };
    let (flags, start) = shebang(&body)?;
    let read_only = ctx.name.ends_with("_ro");
    if let Some(why) = objection(node, flags, read_only, ctx) {
        return Err(why.into());
    }
    let (keys, argv) = args[3..].split_at(number);
    let run = Run {
        body: &body[start..],
        sha: &sha,
        keys,
        argv,
        read_only: read_only || flags.declared && flags.no_writes,
        allow_oom: flags.declared && flags.allow_oom,
    };
    Ok(host::run(node, client, &run, ctx))
}

/// The reason why a script may not begin (scriptPrepareForRun). Most are found before (see [`flags`]); what remains is what
/// has changed since a script was queued, and the read-only forms.
fn objection(node: &mut Node, flags: Flags, read_only: bool, ctx: Context) -> Option<&'static str> {
    if !flags.declared {
        return node.is_stale().then_some(super::dispatch::MASTERDOWN);
    }
    if node.is_stale() && !flags.allow_stale {
        return Some(
            "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script.",
        );
    }
    if !flags.no_writes {
        if !node.role.is_master() {
            return Some("READONLY You can not run script with write flag on readonly replica.");
        }
        if !node.enough_replicas(ctx.now) {
            return Some("NOREPLICAS Not enough good replicas to write.");
        }
        if read_only {
            return Some("ERR Can not execute a script with write flag using *_ro command.");
        }
    }
    (node.full && !flags.allow_oom && !flags.no_writes)
        .then_some("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
}

/// The flags of a command; those of a script that declares its own follow from these (getCommandFlags).
pub(super) fn flags(node: &Node, spec: &Spec, args: &Args) -> u32 {
    let body = match (spec.name, args.get(1)) {
        ("eval" | "eval_ro", Some(body)) => Some(body),
        ("evalsha" | "evalsha_ro", Some(sha)) => {
            let sha = String::from_utf8_lossy(sha).to_ascii_lowercase();
            node.scripts.known.get(&sha)
        }
        _ => None,
    };
    let Some((declared, _)) = body
        .and_then(|body| shebang(body).ok())
        .filter(|(flags, _)| flags.declared)
    else {
        return spec.flags;
    };
    let mut flags = spec.flags & !(flag::STALE | flag::DENYOOM | flag::WRITE | flag::MAY_REPLICATE);
    for (set, flag) in [
        (!declared.allow_oom && !declared.no_writes, flag::DENYOOM),
        (!declared.no_writes, flag::WRITE),
        (declared.allow_stale, flag::STALE),
    ] {
        flags |= if set { flag } else { 0 };
    }
    flags
}

/// Compiles and stores a script; returns its digest.
fn load(node: &mut Node, body: &Bytes) -> Result<String, Fault> {
    let sha = digest(body);
    if !node.scripts.known.contains_key(&sha) {
        let (_, start) = shebang(body)?;
        host::compile(&body[start..])?;
        node.scripts.known.insert(sha.clone(), body.clone());
    }
    Ok(sha)
}

/// `#!lua flags=no-writes,allow-oom`: the flags, and where the script begins (at the line's end, so that lines keep
/// their numbers).
fn shebang(body: &[u8]) -> Result<(Flags, usize), Fault> {
    if !body.starts_with(b"#!") {
        return Ok((Flags::default(), 0));
    }
    let mut flags = Flags {
        declared: true,
        ..Flags::default()
    };
    let end = body
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or("ERR Invalid script shebang")?;
    let line = String::from_utf8_lossy(&body[2..end]).into_owned();
    let mut words = line.split_whitespace();
    let engine = words.next().unwrap_or("");
    if engine != "lua" {
        return Err(format!("ERR Unexpected engine in script shebang: #!{engine}").into());
    }
    for word in words {
        let names = word
            .strip_prefix("flags=")
            .ok_or_else(|| format!("ERR Unknown lua shebang option: {word}"))?;
        for name in names.split(',').filter(|name| !name.is_empty()) {
            match name {
                "no-writes" => flags.no_writes = true,
                "allow-oom" => flags.allow_oom = true,
                "allow-stale" => flags.allow_stale = true,
                "no-cluster" | "allow-cross-slot-keys" => {}
                _ => return Err(format!("ERR Unexpected flag in script shebang: {name}").into()),
            }
        }
    }
    Ok((flags, end))
}

/// SCRIPT LOAD, EXISTS, FLUSH and KILL.
pub(super) fn script(node: &mut Node, _: &mut Client, args: &Args, _: Context) -> Reply {
    match args[1].to_ascii_lowercase().as_slice() {
        b"load" => load(node, &args[2]).map_or_else(Reply::Error, Reply::bulk),
        b"exists" => {
            let known = |sha: &Bytes| String::from_utf8_lossy(sha).to_ascii_lowercase();
            let there = |sha: &Bytes| Reply::Int(node.scripts.known.contains_key(&known(sha)).into());
            Reply::Array(args[2..].iter().map(there).collect())
        }
        b"flush" => match &args[2..] {
            [] => flush(node),
            [how] if is_one_of(how, &["SYNC", "ASYNC"]) => flush(node),
            [_] => Reply::error("ERR SCRIPT FLUSH only support SYNC|ASYNC option"),
            _ => Reply::error(SYNTAX),
        },
        // A script runs between two events: no command can arrive during it.
        _ => Reply::error("NOTBUSY No scripts in execution right now."),
    }
}

fn flush(node: &mut Node) -> Reply {
    node.scripts.known.clear();
    Reply::OK
}
