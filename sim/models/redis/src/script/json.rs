//! The `cjson` library: `encode`, `decode` and `null`. Its settings (encode_sparse_array and so on) are absent.

use super::super::number::format_double;
use mlua::{LightUserData, Lua, Table, Value};

/// Deepest nesting, as in lua-cjson.
const DEPTH_MAX: usize = 1000;

fn failed(text: impl Into<String>) -> mlua::Error {
    mlua::Error::RuntimeError(text.into())
}

/// `cjson.encode` and the others.
pub(super) fn library(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("null", Value::LightUserData(LightUserData(std::ptr::null_mut())))?;
    table.set(
        "encode",
        lua.create_function(|lua, value: Value| {
            let mut bytes = vec![];
            encode(&value, 0, &mut bytes)?;
            lua.create_string(bytes)
        })?,
    )?;
    let decode = |lua: &Lua, text: mlua::String| {
        let json: serde_json::Value = serde_json::from_slice(&text.as_bytes())
            .map_err(|error| failed(format!("Expected value but found invalid token: {error}")))?;
        to_lua(lua, &json)
    };
    table.set("decode", lua.create_function(decode)?)?;
    Ok(table)
}

fn to_lua(lua: &Lua, json: &serde_json::Value) -> mlua::Result<Value> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => Value::LightUserData(LightUserData(std::ptr::null_mut())),
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::String(lua.create_string(text)?),
        Json::Array(items) => {
            let table = lua.create_table()?;
            for (nth, item) in items.iter().enumerate() {
                table.raw_set(nth + 1, to_lua(lua, item)?)?;
            }
            Value::Table(table)
        }
        Json::Object(fields) => {
            let table = lua.create_table()?;
            for (name, value) in fields {
                table.raw_set(name.as_str(), to_lua(lua, value)?)?;
            }
            Value::Table(table)
        }
    })
}

fn encode(value: &Value, depth: usize, out: &mut Vec<u8>) -> mlua::Result<()> {
    match value {
        Value::Nil => out.extend(b"null"),
        Value::LightUserData(pointer) if pointer.0.is_null() => out.extend(b"null"),
        Value::Boolean(truth) => out.extend(truth.to_string().bytes()),
        Value::Integer(number) => out.extend(number.to_string().bytes()),
        Value::Number(number) if !number.is_finite() => {
            return Err(failed("Cannot serialise number: must not be NaN or Inf"));
        }
        Value::Number(number) => out.extend(fourteen_digits(*number).bytes()),
        Value::String(text) => quote(&text.as_bytes(), out),
        Value::Table(_) if depth >= DEPTH_MAX => return Err(failed("Cannot serialise, excessive depth (1001)")),
        Value::Table(table) => encode_table(table, depth, out)?,
        other => {
            return Err(failed(format!(
                "Cannot serialise {}: type not supported",
                other.type_name()
            )));
        }
    }
    Ok(())
}

/// Encodes a table: an array if its keys are 1 to n, else an object. An empty table is an object.
fn encode_table(table: &Table, depth: usize, out: &mut Vec<u8>) -> mlua::Result<()> {
    let pairs: Vec<(Value, Value)> = table.pairs().collect::<mlua::Result<_>>()?;
    let length = table.raw_len();
    if length > 0 && pairs.len() == length {
        out.push(b'[');
        for nth in 1..=length {
            if nth > 1 {
                out.push(b',');
            }
            encode(&table.raw_get(nth)?, depth + 1, out)?;
        }
        out.push(b']');
        return Ok(());
    }
    out.push(b'{');
    for (nth, (key, value)) in pairs.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        match key {
            Value::String(text) => quote(&text.as_bytes(), out),
            Value::Number(number) => quote(fourteen_digits(*number).as_bytes(), out),
            Value::Integer(number) => quote(number.to_string().as_bytes(), out),
            _ => return Err(failed("Cannot serialise table: table key must be a number or string")),
        }
        out.push(b':');
        encode(value, depth + 1, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// `%.14g`.
fn fourteen_digits(number: f64) -> String {
    let rounded: f64 = format!("{number:.13e}").parse().expect("a number");
    let text = format!("{rounded}");
    if text.len() <= 18 && !(rounded != 0.0 && rounded.abs() < 1e-4) {
        text
    } else {
        format_double(rounded)
    }
}

fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in bytes {
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            b'/' => out.extend(b"\\/"),
            8 => out.extend(b"\\b"),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            12 => out.extend(b"\\f"),
            b'\r' => out.extend(b"\\r"),
            0..32 | 127 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}
