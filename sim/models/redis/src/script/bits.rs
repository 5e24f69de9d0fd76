//! The `bit` library: operations on numbers taken modulo 2^32, with signed results.

use mlua::{Lua, Table, Variadic};

type Fold = fn(i32, i32) -> i32;
type Shift = fn(i32, u32) -> i32;

fn word(number: f64) -> i32 {
    // As the library does it: add 2^52 + 2^51, take the low bits.
    (number.round_ties_even() % 4_294_967_296.0) as i64 as i32
}

/// `bit.band` and the others.
pub(super) fn library(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let folds: [(&str, Fold); 3] = [("band", |a, b| a & b), ("bor", |a, b| a | b), ("bxor", |a, b| a ^ b)];
    for (name, fold) in folds {
        let function = lua.create_function(move |_, (first, rest): (f64, Variadic<f64>)| {
            Ok(rest.iter().fold(word(first), |all, next| fold(all, word(*next))))
        })?;
        table.set(name, function)?;
    }
    let shifts: [(&str, Shift); 5] = [
        ("lshift", |a, n| a << n),
        ("rshift", |a, n| (a as u32 >> n) as i32),
        ("arshift", |a, n| a >> n),
        ("rol", |a, n| a.rotate_left(n)),
        ("ror", |a, n| a.rotate_right(n)),
    ];
    for (name, shift) in shifts {
        let function = lua.create_function(move |_, (a, n): (f64, f64)| Ok(shift(word(a), word(n) as u32 & 31)))?;
        table.set(name, function)?;
    }
    table.set("tobit", lua.create_function(|_, a: f64| Ok(word(a)))?)?;
    table.set("bnot", lua.create_function(|_, a: f64| Ok(!word(a)))?)?;
    table.set("bswap", lua.create_function(|_, a: f64| Ok(word(a).swap_bytes()))?)?;
    let hexadecimal = |_: &Lua, (a, digits): (f64, Option<f64>)| {
        let digits = word(digits.unwrap_or(8.0));
        let text = format!("{:08x}", word(a));
        let text = &text[8 - (digits.unsigned_abs().min(8) as usize)..];
        Ok(if digits < 0 {
            text.to_ascii_uppercase()
        } else {
            text.to_owned()
        })
    };
    table.set("tohex", lua.create_function(hexadecimal)?)?;
    Ok(table)
}
