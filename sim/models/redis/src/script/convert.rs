//! Conversion of replies to Lua values and back (script_lua.c).

use super::super::number::format_double;
use super::super::resp::Reply;
use bytes::Bytes;
use mlua::{Lua, Table, Value};

/// Deepest nesting of a script's result.
const DEPTH_MAX: usize = 1000;

fn field(lua: &Lua, name: &str, value: impl mlua::IntoLua) -> mlua::Result<Value> {
    let table = lua.create_table()?;
    table.raw_set(name, value)?;
    Ok(Value::Table(table))
}

/// A reply as a Lua value: by RESP2, or by RESP3 after `redis.setresp(3)`.
pub(super) fn to_lua(lua: &Lua, reply: &Reply, resp3: bool) -> mlua::Result<Value> {
    let string = |bytes: &[u8]| Ok(Value::String(lua.create_string(bytes)?));
    let array = |items: &mut dyn Iterator<Item = &Reply>| {
        let table = lua.create_table()?;
        for (nth, item) in items.enumerate() {
            table.raw_set(nth + 1, to_lua(lua, item, resp3)?)?;
        }
        Ok(Value::Table(table))
    };
    match reply {
        Reply::Simple(text) => field(lua, "ok", text.as_ref()),
        Reply::Error(text) => {
            let table = lua.create_table()?;
            table.raw_set("err", text.as_ref())?;
            table.raw_set(super::errors::COUNTED, true)?;
            Ok(Value::Table(table))
        }
        Reply::Int(n) => Ok(Value::Number(*n as f64)),
        Reply::Bulk(bytes) => string(bytes),
        Reply::Null | Reply::NullArray if resp3 => Ok(Value::Nil),
        Reply::Null | Reply::NullArray | Reply::Nothing => Ok(Value::Boolean(false)),
        Reply::Array(items) | Reply::Push(items) => array(&mut items.iter()),
        Reply::Set(items) if resp3 => {
            let set = lua.create_table()?;
            for item in items {
                set.raw_set(to_lua(lua, item, resp3)?, true)?;
            }
            field(lua, "set", set)
        }
        Reply::Set(items) => array(&mut items.iter()),
        Reply::Map(pairs) if resp3 => {
            let map = lua.create_table()?;
            for (key, value) in pairs {
                map.raw_set(to_lua(lua, key, resp3)?, to_lua(lua, value, resp3)?)?;
            }
            field(lua, "map", map)
        }
        Reply::Pairs(pairs) if resp3 => {
            let table = lua.create_table()?;
            for (nth, (one, other)) in pairs.iter().enumerate() {
                table.raw_set(nth + 1, array(&mut [one, other].into_iter())?)?;
            }
            Ok(Value::Table(table))
        }
        Reply::Map(pairs) | Reply::Pairs(pairs) => array(&mut pairs.iter().flat_map(|(one, other)| [one, other])),
        Reply::Double(value) if resp3 => field(lua, "double", *value),
        Reply::Double(value) => string(format_double(*value).as_bytes()),
        Reply::Bool(truth) if resp3 => Ok(Value::Boolean(*truth)),
        Reply::Bool(truth) => Ok(Value::Number(f64::from(*truth))),
        Reply::BigNumber(digits) if resp3 => field(lua, "big_number", lua.create_string(digits)?),
        Reply::BigNumber(digits) => string(digits),
        Reply::Text(text) if resp3 => {
            let verbatim = lua.create_table()?;
            verbatim.raw_set("string", text.as_str())?;
            verbatim.raw_set("format", "txt")?;
            field(lua, "verbatim_string", verbatim)
        }
        Reply::Text(text) => string(text.as_bytes()),
    }
}

/// The reply for what the script returned, and the errors in it that were not counted when a command failed. `resp3`:
/// whether the script has set RESP3.
pub(super) fn to_reply(value: &Value, resp3: bool) -> (Reply, Vec<String>) {
    let mut errors = vec![];
    let reply = reply_at(value, resp3, 0, &mut errors);
    (reply, errors)
}

fn one_line(text: &mlua::String) -> String {
    text.to_string_lossy().replace(['\r', '\n'], " ")
}

/// Converts a double to a long long as x86 does: what does not fit becomes the smallest number.
fn truncated(number: f64) -> i64 {
    let limit = 2_f64.powi(63);
    if (-limit..limit).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

fn reply_at(value: &Value, resp3: bool, depth: usize, errors: &mut Vec<String>) -> Reply {
    match value {
        Value::String(text) => Reply::Bulk(Bytes::copy_from_slice(&text.as_bytes())),
        Value::Boolean(truth) if resp3 => Reply::Bool(*truth),
        Value::Boolean(true) => Reply::Int(1),
        Value::Number(number) => Reply::Int(truncated(*number)),
        Value::Integer(number) => Reply::Int(*number),
        Value::Table(_) if depth > DEPTH_MAX => Reply::error("ERR reached lua stack limit"),
        Value::Table(table) => table_reply(table, resp3, depth, errors),
        _ => Reply::Null,
    }
}

fn table_reply(table: &Table, resp3: bool, depth: usize, errors: &mut Vec<String>) -> Reply {
    let get = |name: &str| table.raw_get::<Value>(name).unwrap_or(Value::Nil);
    if let Value::String(text) = get("err") {
        let text = one_line(&text);
        if !super::errors::is_counted(&Value::Table(table.clone())) {
            errors.push(text.clone());
        }
        return Reply::error(text);
    }
    let mut inner = |value: &Value| reply_at(value, resp3, depth + 1, errors);
    if let Value::String(text) = get("ok") {
        return Reply::Simple(one_line(&text).into());
    }
    match get("double") {
        Value::Number(value) => return Reply::Double(value),
        Value::Integer(value) => return Reply::Double(value as f64),
        _ => {}
    }
    if let Value::String(digits) = get("big_number") {
        return Reply::BigNumber(one_line(&digits).into());
    }
    if let Value::Table(verbatim) = get("verbatim_string")
        && let Ok(Value::String(text)) = verbatim.raw_get("string")
    {
        return Reply::Text(text.to_string_lossy());
    }
    if let Value::Table(map) = get("map") {
        let pairs = map.pairs::<Value, Value>().flatten();
        return Reply::Map(pairs.map(|(key, value)| (inner(&key), inner(&value))).collect());
    }
    if let Value::Table(set) = get("set") {
        let pairs = set.pairs::<Value, Value>().flatten();
        return Reply::Set(pairs.map(|(key, _)| inner(&key)).collect());
    }
    let mut items = vec![];
    while let Ok(item) = table.raw_get::<Value>(items.len() + 1) {
        if item.is_nil() {
            break;
        }
        items.push(inner(&item));
    }
    Reply::Array(items)
}
