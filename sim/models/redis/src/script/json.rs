//! The `cjson` library: `encode`, `decode` and `null`, as lua-cjson 2.1 does it. Its settings (`encode_sparse_array` and so
//! on) are absent. Both directions keep their place in a stack of their own: a thousand levels fit into any thread.

use super::decode::decode;
use super::errors::{failed, located};
use mlua::{LightUserData, Lua, MultiValue, Table, Value};

/// Deepest nesting, as in lua-cjson.
pub(super) const DEPTH_MAX: usize = 1000;
/// An array of this length may have as many holes as it likes; a longer one at most one of two (encode_sparse_array).
const SPARSE_LENGTH_MAX: usize = 10;
const SPARSE_RATIO_MAX: usize = 2;

/// `cjson.encode` and the others.
pub(super) fn library(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("null", null())?;
    table.set(
        "encode",
        lua.create_function(|lua, args: MultiValue| {
            let value = one_argument(lua, "encode", args)?;
            let text = encode(value).map_err(|error| located(lua, &error))?;
            lua.create_string(text)
        })?,
    )?;
    table.set(
        "decode",
        lua.create_function(|lua, args: MultiValue| {
            let value = one_argument(lua, "decode", args)?;
            match lua.coerce_string(value.clone())? {
                Some(text) => decode(lua, &text.as_bytes()).map_err(|error| located(lua, &error)),
                None => {
                    let kind = value.type_name();
                    let error = failed(format!("bad argument #1 to 'decode' (string expected, got {kind})"));
                    Err(located(lua, &error))
                }
            }
        })?,
    )?;
    Ok(table)
}

fn one_argument(lua: &Lua, function: &str, args: MultiValue) -> mlua::Result<Value> {
    match (args.len(), args.into_iter().next()) {
        (1, Some(value)) => Ok(value),
        _ => {
            let error = failed(format!("bad argument #1 to '{function}' (expected 1 argument)"));
            Err(located(lua, &error))
        }
    }
}

/// `cjson.null`.
pub(super) fn null() -> Value {
    Value::LightUserData(LightUserData(std::ptr::null_mut()))
}

/// A table that is being written.
enum Open {
    /// An array, its length and how many elements have been written.
    Array(Table, usize, usize),
    /// The pairs of an object that have not been written, the last one first, and whether some have been.
    Object(Vec<(Value, Value)>, bool),
}

fn encode(value: Value) -> mlua::Result<Vec<u8>> {
    let mut out = vec![];
    let mut open: Vec<Open> = vec![];
    let mut next = Some(value);
    loop {
        if let Some(value) = next.take() {
            match value {
                Value::Table(_) if open.len() >= DEPTH_MAX => {
                    let depth = open.len() + 1;
                    return Err(failed(format!("Cannot serialise, excessive nesting ({depth})")));
                }
                Value::Table(table) => open.push(begin(table, &mut out)?),
                other => scalar(&other, &mut out)?,
            }
        }
        match open.last_mut() {
            None => return Ok(out),
            Some(Open::Array(table, length, written)) if *written < *length => {
                if *written > 0 {
                    out.push(b',');
                }
                *written += 1;
                next = Some(table.raw_get(*written)?);
            }
            Some(Open::Array(..)) => {
                out.push(b']');
                open.pop();
            }
            Some(Open::Object(pairs, some)) => match pairs.pop() {
                Some((key, value)) => {
                    if std::mem::replace(some, true) {
                        out.push(b',');
                    }
                    name(&key, &mut out)?;
                    next = Some(value);
                }
                None => {
                    out.push(b'}');
                    open.pop();
                }
            },
        }
    }
}

fn begin(table: Table, out: &mut Vec<u8>) -> mlua::Result<Open> {
    let mut pairs: Vec<(Value, Value)> = table.pairs().collect::<mlua::Result<_>>()?;
    match array_length(&pairs)? {
        // An empty table is an object.
        None | Some(0) => {
            out.push(b'{');
            pairs.reverse();
            Ok(Open::Object(pairs, false))
        }
        Some(length) => {
            out.push(b'[');
            Ok(Open::Array(table, length, 0))
        }
    }
}

/// The highest key, if all keys are positive whole numbers (lua_array_length). It is kept in an int of C: a key that does not
/// fit becomes the smallest one, so such a table is an object.
fn array_length(pairs: &[(Value, Value)]) -> mlua::Result<Option<usize>> {
    let mut highest = 0_i32;
    for (key, _) in pairs {
        let key = match key {
            Value::Integer(key) => *key as f64,
            Value::Number(key) => *key,
            _ => return Ok(None),
        };
        if key < 1.0 || key.fract() != 0.0 {
            return Ok(None);
        }
        if key > f64::from(highest) {
            highest = if key > f64::from(i32::MAX) {
                i32::MIN
            } else {
                key as i32
            };
        }
    }
    let length = usize::try_from(highest).unwrap_or(0);
    if length > SPARSE_LENGTH_MAX && length > pairs.len() * SPARSE_RATIO_MAX {
        return Err(failed("Cannot serialise table: excessively sparse array"));
    }
    Ok(Some(length))
}

fn name(key: &Value, out: &mut Vec<u8>) -> mlua::Result<()> {
    match key {
        Value::String(text) => quote(&text.as_bytes(), out),
        Value::Number(_) | Value::Integer(_) => {
            out.push(b'"');
            scalar(key, out)?;
            out.push(b'"');
        }
        other => {
            let kind = other.type_name();
            return Err(failed(format!(
                "Cannot serialise {kind}: table key must be a number or string"
            )));
        }
    }
    out.push(b':');
    Ok(())
}

fn scalar(value: &Value, out: &mut Vec<u8>) -> mlua::Result<()> {
    match value {
        Value::Nil => out.extend(b"null"),
        Value::LightUserData(pointer) if pointer.0.is_null() => out.extend(b"null"),
        Value::Boolean(truth) => out.extend(truth.to_string().bytes()),
        // In Lua 5.1 every number is a double.
        Value::Integer(number) => out.extend(fourteen_digits(*number as f64).bytes()),
        Value::Number(number) if !number.is_finite() => {
            return Err(failed("Cannot serialise number: must not be NaN or Inf"));
        }
        Value::Number(number) => out.extend(fourteen_digits(*number).bytes()),
        Value::String(text) => quote(&text.as_bytes(), out),
        other => {
            let kind = other.type_name();
            return Err(failed(format!("Cannot serialise {kind}: type not supported")));
        }
    }
    Ok(())
}

/// `%.14g`: more digits are lost.
fn fourteen_digits(number: f64) -> String {
    super::super::number::format_digits(number, 14)
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
