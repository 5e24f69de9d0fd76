//! Errors of scripts: how they are raised, their position, and the reply to the client.

use super::super::keyspace::Fault;
use super::super::resp::Reply;
use super::CHUNK;
use mlua::{Function, HookTriggers, Lua, Value, VmState};
use std::cell::Cell;

/// How often a script's instructions are counted.
const HOOK_EVERY: u32 = 10_000;

/// An error reply as a Lua value (luaPushErrorBuff): a dash means that a code follows.
pub(super) fn error_table(lua: &Lua, text: &str) -> mlua::Result<Value> {
    let text = match text.strip_prefix('-') {
        Some(rest) if rest.contains(' ') => rest.to_owned(),
        Some(rest) => format!("ERR {rest}"),
        None => format!("ERR {text}"),
    };
    let table = lua.create_table()?;
    table.raw_set("err", text.trim_matches(['\r', '\n']))?;
    Ok(Value::Table(table))
}

/// An error with its code, raised by a function of the model.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Raised {
    text: Fault,
    /// It is a command's error, which was counted when the command failed.
    counted: bool,
}

pub(super) fn raised(text: impl Into<Fault>) -> mlua::Error {
    let (text, counted) = (text.into(), false);
    mlua::Error::external(Raised { text, counted })
}

/// The error of a command, raised by `redis.call`.
pub(super) fn command_failed(text: Fault) -> mlua::Error {
    mlua::Error::external(Raised { text, counted: true })
}

/// The field of an error that was counted when its command failed; scripts can see it, as in Redis.
pub(super) const COUNTED: &str = "ignore_error_stats_update";

/// Whether an error, or what a script returns, is an error that was counted before.
pub(super) fn is_counted(value: &Value) -> bool {
    let Value::Table(table) = value else { return false };
    table.raw_get::<bool>(COUNTED).unwrap_or(false)
}

/// An error like those of Lua's own functions, without a code.
pub(super) fn failed(text: impl Into<String>) -> mlua::Error {
    mlua::Error::RuntimeError(text.into())
}

/// An error with the position from which the library was called, as luaL_error has it.
pub(super) fn located(lua: &Lua, error: &mlua::Error) -> mlua::Error {
    let text = match error {
        mlua::Error::RuntimeError(text) => text.clone(),
        other => other.to_string(),
    };
    failed(match caller(lua) {
        Some(position) => format!("{position}: {text}"),
        None => text,
    })
}

/// The position from which the current function was called; `None` if it was not called by a script, but by `pcall` or the
/// like.
pub(super) fn caller(lua: &Lua) -> Option<String> {
    let position = lua.inspect_stack(1, |frame| {
        let source = frame.source().short_src.map(|source| source.into_owned());
        source.zip(frame.current_line())
    });
    position.flatten().map(|(source, line)| format!("{source}:{line}"))
}

/// The text of an error that a function of the model raised, and whether it was counted before; `None` for an error of the
/// script itself. Errors like Lua's own have no code.
pub(super) fn error_text(error: &Value) -> Option<(String, bool)> {
    let Value::Error(error) = error else {
        return None;
    };
    let mut inner = error.as_ref();
    while let mlua::Error::CallbackError { cause, .. } = inner {
        inner = cause;
    }
    Some(match inner {
        mlua::Error::RuntimeError(text) => (text.clone(), false),
        other => (
            other.to_string(),
            other.downcast_ref::<Raised>().is_some_and(|raised| raised.counted),
        ),
    })
}

/// Whether an error is like those of Lua's own functions.
pub(super) fn is_plain(error: &Value) -> bool {
    let Value::Error(error) = error else { return false };
    let mut inner = error.as_ref();
    while let mlua::Error::CallbackError { cause, .. } = inner {
        inner = cause;
    }
    matches!(inner, mlua::Error::RuntimeError(_))
}

/// Ends a script that runs for too long. From then on every instruction fails, so that a `pcall` in the script cannot catch
/// the error (luaMaskCountHook).
pub(super) fn limit_instructions(lua: &Lua, limit: u64) -> mlua::Result<()> {
    let killed = || {
        Err(mlua::Error::RuntimeError(
            "Script killed by user with SCRIPT KILL...".into(),
        ))
    };
    let spent = Cell::new(0);
    lua.set_hook(HookTriggers::new().every_nth_instruction(HOOK_EVERY), move |lua, _| {
        spent.set(spent.get() + u64::from(HOOK_EVERY));
        if spent.get() <= limit {
            return Ok(VmState::Continue);
        }
        lua.set_hook(HookTriggers::new().every_nth_instruction(1), move |_, _| killed())?;
        killed()
    })
}

/// The handler that adds the position of an error in the script.
pub(super) fn handler(lua: &Lua) -> mlua::Result<Function> {
    lua.create_function(|lua, error: Value| {
        let table = match error {
            Value::Table(table) => table,
            other => {
                let (text, counted) = match error_text(&other) {
                    Some((text, counted)) if !is_plain(&other) => (text, counted),
                    Some((text, _)) => (format!("ERR {text}"), false),
                    None => (format!("ERR {}", other.to_string()?), false),
                };
                let table = lua.create_table()?;
                table.raw_set("err", text)?;
                if counted {
                    table.raw_set(COUNTED, true)?;
                }
                table
            }
        };
        let mut level = 0;
        while let Some((script, line)) = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            (source.source.as_deref() == Some(CHUNK), frame.current_line())
        }) {
            if script {
                table.raw_set("line", line.unwrap_or(0))?;
                break;
            }
            level += 1;
        }
        Ok(table)
    })
}

/// The error reply of a script that failed.
pub(super) fn failure(value: &Value, sha: &str) -> Reply {
    let Value::Table(table) = value else {
        return Reply::error("ERR execution failure");
    };
    let text = match table.raw_get::<Value>("err") {
        Ok(Value::String(text)) => text.to_string_lossy(),
        _ => String::new(),
    };
    let text = match table.raw_get::<Option<i64>>("line") {
        Ok(Some(line)) => format!("{text} script: {sha}, on {CHUNK}:{line}."),
        _ => text,
    };
    Reply::error(text.replace(['\r', '\n'], " "))
}
