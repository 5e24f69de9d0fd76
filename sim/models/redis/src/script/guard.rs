//! What a script may not change, and what it may not load.
//!
//! Redis's Lua has tables that are read-only, and no bytecode. Here read-only tables are proxies (see `prelude.lua`), and the
//! functions of Lua that would look into a proxy or change it past its metatable are wrapped. The wrappers are not written in
//! Lua: there, `return setmetatable(…)` would remove the script's own frame, and with it the position of an error.

use super::errors::{caller, failed, located};
use mlua::{Function, Lua, MultiValue, Table, Value};
use std::cell::Cell;

const READONLY: &str = "Attempt to modify a readonly table";
/// The first byte of bytecode.
const BYTECODE: u8 = 0x1b;

/// Wraps a function of Lua's own that looks into its first argument or, `changes`, changes it. `fields` leads from each
/// proxy to the table behind it.
pub(super) fn guarded(
    lua: &Lua,
    (name, call, fields, changes): (String, Function, Table, bool),
) -> mlua::Result<Function> {
    lua.create_function(move |lua, mut args: MultiValue| {
        if let Some(target @ Value::Table(_)) = args.front()
            && let behind @ Value::Table(_) = fields.raw_get::<Value>(target)?
        {
            if changes {
                return Err(failed(READONLY)); // without a position, as in Redis
            }
            args[0] = behind;
        }
        forward(lua, &name, &call, args)
    })
}

/// `loadstring`.
pub(super) fn loadstring(lua: &Lua, call: Function) -> mlua::Result<Function> {
    lua.create_function(move |lua, mut args: MultiValue| {
        if let Some(Value::String(text)) = args.front().cloned() {
            if args.get(1).is_none_or(Value::is_nil) {
                args.truncate(1);
                args.push_back(Value::String(text.clone())); // the name in errors
            }
            args[0] = as_text(lua, Value::String(text))?;
        }
        forward(lua, "loadstring", &call, args)
    })
}

/// `load`, which gets the text in pieces from a function.
pub(super) fn load(lua: &Lua, call: Function) -> mlua::Result<Function> {
    lua.create_function(move |lua, mut args: MultiValue| {
        if let Some(Value::Function(reader)) = args.front().cloned() {
            let begun = Cell::new(false);
            let first_as_text = move |lua: &Lua, ()| {
                let piece: Value = reader.call(())?;
                let first = !begun.replace(true);
                if first { as_text(lua, piece) } else { Ok(piece) }
            };
            args[0] = Value::Function(lua.create_function(first_as_text)?);
        }
        forward(lua, "load", &call, args)
    })
}

/// With a space before it, bytecode is read as a program, which fails as it does in Redis.
fn as_text(lua: &Lua, piece: Value) -> mlua::Result<Value> {
    match &piece {
        Value::String(text) if text.as_bytes().first() == Some(&BYTECODE) => {
            let text = [b" ", &text.as_bytes()[..]].concat();
            Ok(Value::String(lua.create_string(text)?))
        }
        _ => Ok(piece),
    }
}

/// Calls a function of Lua's own. Its error is made to look as if the script had called it.
fn forward(lua: &Lua, name: &str, call: &Function, args: MultiValue) -> mlua::Result<MultiValue> {
    call.call::<MultiValue>(args).map_err(|error| match error {
        mlua::Error::RuntimeError(text) => {
            let text = text.split("\nstack traceback:").next().unwrap_or_default();
            if text.starts_with("invalid key") {
                return failed(text); // raised by the machine itself, without a position
            }
            let text = match caller(lua) {
                Some(_) => text.replacen("'?'", &format!("'{name}'"), 1),
                None => text.to_owned(), // as in C, it has no name then
            };
            located(lua, &failed(text))
        }
        other => other,
    })
}
