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
#[error("{0}")]
struct Raised(Fault);

pub(super) fn raised(text: impl Into<Fault>) -> mlua::Error {
    mlua::Error::external(Raised(text.into()))
}

/// The text of an error that a function of the model raised; `None` for an error of the script itself.
pub(super) fn error_text(error: &Value) -> Option<String> {
    let Value::Error(error) = error else {
        return None;
    };
    let mut inner = error.as_ref();
    while let mlua::Error::CallbackError { cause, .. } = inner {
        inner = cause;
    }
    Some(match inner {
        mlua::Error::RuntimeError(text) => format!("ERR {text}"),
        other => other.to_string(),
    })
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
                let text = match error_text(&other) {
                    Some(text) => text,
                    None => format!("ERR {}", other.to_string()?),
                };
                let table = lua.create_table()?;
                table.raw_set("err", text)?;
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
