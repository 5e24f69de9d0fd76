//! One run of a script, and the functions that it can call.

use super::super::client::Client;
use super::super::command::{self, Spec, flag};
use super::super::eviction::OOM;
use super::super::keyspace::{Context, Fault};
use super::super::node::Node;
use super::super::number::format_double;
use super::super::resp::{Args, Reply};
use super::convert::{to_lua, to_reply};
use super::errors::{
    command_failed, error_table, error_text, failure, handler, is_counted, is_plain, limit_instructions, raised,
};
use super::{CHUNK, Run, bits, digest, guard, json};
use bytes::Bytes;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};
use std::cell::{Cell, RefCell};

const PRELUDE: &str = include_str!("prelude.lua");
/// Instructions for each millisecond of `lua-time-limit`.
const INSTRUCTIONS_PER_MS: u64 = 20_000;

fn state() -> Lua {
    let options = LuaOptions::new().catch_rust_panics(false);
    Lua::new_with(StdLib::TABLE | StdLib::STRING | StdLib::MATH, options).expect("safe libraries")
}

/// The error of a script that does not compile.
pub(super) fn compile(body: &[u8]) -> Result<(), Fault> {
    let lua = state();
    let compiled = lua.load(body).set_name(CHUNK).into_function().map(drop);
    compiled.map_err(|error| {
        let text = match &error {
            mlua::Error::SyntaxError { message, .. } => message.clone(),
            other => other.to_string(),
        };
        format!("ERR Error compiling script (new function): {text}")
            .replace(['\r', '\n'], " ")
            .into()
    })
}

/// State shared by the functions that a script calls.
struct Call<'a> {
    node: &'a mut Node,
    client: &'a mut Client,
    ctx: Context,
    read_only: bool,
    /// Whether commands are refused when memory is full; no longer once the script has written something.
    full: bool,
    wrote: bool,
    /// `redis.set_repl`: whether effects are replicated.
    replicates: bool,
}

impl Call<'_> {
    /// Calls a command, or refuses it with the errors for scripts.
    fn run(&mut self, args: &Args) -> Reply {
        let spec = command::lookup(&args[0]);
        let refusal = match spec {
            None => Some("ERR Unknown Redis command called from script".into()),
            Some(spec) => self.refusal(spec, args).err(),
        };
        match (refusal, spec) {
            (None, Some(spec)) => self.call(spec, args),
            (refusal, spec) => {
                let text: Fault = refusal.unwrap_or_default();
                match spec {
                    Some(spec) => self.node.stats.rejected(spec, args, &text),
                    None => self.node.stats.error(&text),
                }
                Reply::Error(text)
            }
        }
    }

    /// The reason why a script may not call a command now (scriptCall).
    fn refusal(&mut self, spec: &Spec, args: &Args) -> Result<(), Fault> {
        if !spec.takes(args.len()) {
            return Err("ERR Wrong number of args calling Redis command from script".into());
        }
        if let Some(error) = spec.misused(args) {
            return Err(error.into());
        }
        if spec.is(flag::NOSCRIPT) {
            return Err("ERR This Redis command is not allowed from script".into());
        }
        let users = &self.node.users;
        if users.are_restricted()
            && let Some(denied) = users.refusal(self.client, spec, args)
        {
            return Err(denied.told_to_script().into());
        }
        if self.node.is_stale() && !spec.is(flag::STALE) {
            return Err("ERR Can not execute the command on a stale replica".into());
        }
        let write = spec.is(flag::WRITE);
        if self.read_only && (write || spec.is(flag::MAY_REPLICATE)) {
            return Err("ERR Write commands are not allowed from read-only scripts.".into());
        }
        if write && !self.wrote {
            if !self.node.role.is_master() {
                return Err("READONLY You can't write against a read only replica.".into());
            }
            if !self.node.enough_replicas(self.ctx.now) {
                return Err("NOREPLICAS Not enough good replicas to write.".into());
            }
        }
        if self.full && spec.is(flag::DENYOOM) && !self.wrote {
            return Err(OOM.into());
        }
        Ok(())
    }

    fn call(&mut self, spec: &Spec, args: &Args) -> Reply {
        self.wrote |= spec.is(flag::WRITE);
        let before = self.node.effects.len();
        let reply = self.node.call(self.client, spec, args, true, self.ctx.now);
        if !self.replicates {
            self.node.effects.truncate(before);
        }
        reply
    }

    /// `redis.acl_check_cmd`: whether the user may run this command; `None` if there is no such command.
    fn may_run(&self, args: &Args) -> Option<bool> {
        let spec = command::lookup(&args[0])?;
        let word = args.get(1).filter(|_| !spec.subcommands.is_empty());
        let is = |name: &str, word: &Bytes| word.eq_ignore_ascii_case(name.as_bytes());
        if word.is_some_and(|word| !spec.subcommands.iter().any(|(name, _)| is(name, word))) {
            return None;
        }
        let users = &self.node.users;
        Some(!users.are_restricted() || users.refusal(self.client, spec, args).is_none())
    }
}

/// Arguments of `redis.call`: strings, and numbers written with seventeen digits.
fn words(args: &MultiValue) -> Result<Args, &'static str> {
    if args.is_empty() {
        return Err("Please specify at least one argument for this redis lib call");
    }
    let word = |value: &Value| match value {
        Value::String(text) => Some(Bytes::copy_from_slice(&text.as_bytes())),
        Value::Number(number) => Some(format_double(*number).into()),
        Value::Integer(number) => Some(number.to_string().into()),
        _ => None,
    };
    let words: Option<Args> = args.iter().map(word).collect();
    words.ok_or("Lua redis lib command arguments must be strings or integers")
}

/// Runs a script to its end.
pub(super) fn run(node: &mut Node, client: &mut Client, run: &Run, ctx: Context) -> Reply {
    let (db, resp3) = (client.db, Cell::new(false));
    let full = node.full && !run.allow_oom;
    let limit = node.config.lua_time_limit_ms * INSTRUCTIONS_PER_MS;
    let call = RefCell::new(Call {
        node,
        client,
        ctx,
        read_only: run.read_only,
        full,
        wrote: false,
        replicates: true,
    });
    let lua = state();
    let outcome = lua.scope(|scope| {
        let xpcall: Function = lua.globals().get("xpcall")?;
        let host = lua.create_table()?;
        let redis = lua.create_table()?;
        let ask = |args: &MultiValue| words(args).map(|words| call.borrow_mut().run(&words));
        let resp3 = &resp3;
        redis.set(
            "call",
            scope.create_function(move |lua, args: MultiValue| match ask(&args) {
                Err(error) => Err(raised(format!("ERR {error}"))),
                Ok(Reply::Error(text)) => Err(command_failed(text)),
                Ok(reply) => to_lua(lua, &reply, resp3.get()),
            })?,
        )?;
        redis.set(
            "pcall",
            scope.create_function(move |lua, args: MultiValue| match ask(&args) {
                Err(error) => error_table(lua, error),
                Ok(reply) => to_lua(lua, &reply, resp3.get()),
            })?,
        )?;
        redis.set(
            "acl_check_cmd",
            scope.create_function(|_, args: MultiValue| {
                let words = words(&args).map_err(|error| raised(format!("ERR {error}")))?;
                let may = call.borrow().may_run(&words);
                may.ok_or_else(|| raised("ERR Invalid command passed to redis.acl_check_cmd()"))
            })?,
        )?;
        redis.set(
            "setresp",
            scope.create_function(move |_, args: MultiValue| {
                match args.iter().map(number).collect::<Vec<_>>()[..] {
                    [Some(version @ (2.0 | 3.0))] => resp3.set(version == 3.0),
                    [_] => return Err(raised("ERR RESP version must be 2 or 3.")),
                    _ => return Err(raised("ERR redis.setresp() requires one argument.")),
                }
                Ok(())
            })?,
        )?;
        redis.set(
            "set_repl",
            scope.create_function(|_, args: MultiValue| {
                match args.iter().map(number).collect::<Vec<_>>()[..] {
                    [Some(kinds)] if (0.0..=3.0).contains(&kinds) => call.borrow_mut().replicates = kinds != 0.0,
                    [_] => {
                        let error = "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
                        return Err(raised(error));
                    }
                    _ => return Err(raised("ERR redis.set_repl() requires two arguments.")),
                }
                Ok(())
            })?,
        )?;
        host.set(
            "random",
            scope.create_function(|_, ()| Ok(call.borrow_mut().node.scripts.random.next()))?,
        )?;
        host.set(
            "randomseed",
            scope.create_function(|_, seed: f64| {
                call.borrow_mut().node.scripts.random.seed(seed as i32);
                Ok(())
            })?,
        )?;
        plain_functions(&lua, &redis)?;
        host.set("redis", redis)?;
        let text = lua.create_function(|_, error: Value| {
            let plain = is_plain(&error);
            Ok((error_text(&error).map(|(text, _)| text), plain))
        })?;
        host.set("text", text)?;
        host.set("guarded", lua.create_function(guard::guarded)?)?;
        host.set("load", lua.create_function(guard::load)?)?;
        host.set("loadstring", lua.create_function(guard::loadstring)?)?;
        host.set("keys", strings(&lua, run.keys)?)?;
        host.set("argv", strings(&lua, run.argv)?)?;
        host.set("bit", bits::library(&lua)?)?;
        host.set("cjson", json::library(&lua)?)?;
        let environment: Table = lua.load(PRELUDE).set_name("=prelude").call(host)?;
        lua.set_globals(environment)?;
        let function = lua.load(run.body).set_name(CHUNK).into_function()?;
        if limit > 0 {
            limit_instructions(&lua, limit)?;
        }
        let (done, value): (bool, Value) = xpcall.call((function, handler(&lua)?))?;
        let (reply, errors) = match done {
            true => to_reply(&value, resp3.get()),
            false => {
                let reply = failure(&value, run.sha);
                let text = match &reply {
                    Reply::Error(text) if !is_counted(&value) => vec![text.to_string()],
                    _ => vec![],
                };
                (reply, text)
            }
        };
        let stats = &mut call.borrow_mut().node.stats;
        errors.iter().for_each(|text| stats.error(text));
        stats.script_errors_are_counted = true;
        Ok(reply)
    });
    lua.remove_hook();
    let call = call.into_inner();
    call.client.db = db;
    outcome
        .unwrap_or_else(|error| Reply::error(format!("ERR Error running script: {error}").replace(['\r', '\n'], " ")))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

fn strings(lua: &Lua, words: &[Bytes]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (nth, word) in words.iter().enumerate() {
        table.raw_set(nth + 1, lua.create_string(word)?)?;
    }
    Ok(table)
}

/// The functions that need neither node nor client.
fn plain_functions(lua: &Lua, redis: &Table) -> mlua::Result<()> {
    let one_string = |args: &MultiValue| match args.iter().collect::<Vec<_>>()[..] {
        [Value::String(text)] => Some(text.to_string_lossy()),
        _ => None,
    };
    redis.set(
        "error_reply",
        lua.create_function(move |lua, args: MultiValue| match one_string(&args) {
            Some(text) => error_table(lua, &format!("-{}", text.strip_prefix('-').unwrap_or(&text))),
            None => error_table(lua, "wrong number or type of arguments"),
        })?,
    )?;
    redis.set(
        "status_reply",
        lua.create_function(move |lua, args: MultiValue| match one_string(&args) {
            Some(text) => to_lua(lua, &Reply::Simple(text.into()), false),
            None => error_table(lua, "wrong number or type of arguments"),
        })?,
    )?;
    redis.set(
        "sha1hex",
        lua.create_function(|lua, args: MultiValue| match words(&args).as_deref() {
            Ok([text]) => lua.create_string(digest(text)),
            _ if args.len() == 1 => lua.create_string(digest(b"")), // nil and similar values have no characters
            _ => Err(raised("ERR wrong number of arguments")),
        })?,
    )?;
    redis.set(
        "log",
        lua.create_function(|_, args: MultiValue| {
            match args.front().and_then(number) {
                _ if args.len() < 2 => return Err(raised("ERR redis.log() requires two arguments or more.")),
                None => return Err(raised("ERR First argument must be a number (log level).")),
                Some(level) if !(0.0..=3.0).contains(&level) => return Err(raised("ERR Invalid debug level.")),
                Some(_) => {}
            }
            let text: Vec<String> = args.iter().skip(1).filter_map(|word| word.to_string().ok()).collect();
            tracing::debug!(text = text.join(" "), "a script logs");
            Ok(())
        })?,
    )
}
