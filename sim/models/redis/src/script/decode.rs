//! `cjson.decode`: JSON as lua-cjson 2.1 reads it, which takes more than JSON: hexadecimal numbers, leading zeros, `NaN` and
//! `Infinity`, numbers that are too large (they become infinite), control characters and any bytes in strings.

use super::errors::failed;
use super::json::{DEPTH_MAX, null};
use mlua::{Lua, Table, Value};

/// What a text consists of.
enum Token {
    Punctuation(Punctuation),
    String(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    /// Not a token, and why.
    Wrong(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Punctuation {
    ObjectBegins,
    ObjectEnds,
    ArrayBegins,
    ArrayEnds,
    Colon,
    Comma,
    TheEnd,
}

impl Token {
    /// As errors name it.
    fn name(&self) -> &'static str {
        match self {
            Token::Punctuation(Punctuation::ObjectBegins) => "T_OBJ_BEGIN",
            Token::Punctuation(Punctuation::ObjectEnds) => "T_OBJ_END",
            Token::Punctuation(Punctuation::ArrayBegins) => "T_ARR_BEGIN",
            Token::Punctuation(Punctuation::ArrayEnds) => "T_ARR_END",
            Token::Punctuation(Punctuation::Colon) => "T_COLON",
            Token::Punctuation(Punctuation::Comma) => "T_COMMA",
            Token::Punctuation(Punctuation::TheEnd) => "T_END",
            Token::String(_) => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Wrong(why) => why,
        }
    }

    fn is(&self, wanted: Punctuation) -> bool {
        matches!(self, Token::Punctuation(this) if *this == wanted)
    }
}

/// An array or object that is being read.
enum Open {
    /// With the number of its elements.
    Array(Table, i64),
    /// With the name of the field whose value comes next.
    Object(Table, Vec<u8>),
}

struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the last token begins, or where it is wrong.
    token_at: usize,
}

/// Decodes one value, which must be all of the text.
pub(super) fn decode(lua: &Lua, bytes: &[u8]) -> mlua::Result<Value> {
    if bytes.len() >= 2 && bytes[..2].contains(&0) {
        return Err(failed("JSON parser does not support UTF-16 or UTF-32"));
    }
    let (at, token_at) = (0, 0);
    let mut text = Text { bytes, at, token_at };
    let mut open: Vec<Open> = vec![];
    let mut token = text.next();
    loop {
        // `token` begins a value
        let mut value = match token {
            Token::Punctuation(begins @ (Punctuation::ArrayBegins | Punctuation::ObjectBegins)) => {
                if open.len() >= DEPTH_MAX {
                    let (depth, at) = (open.len() + 1, text.at);
                    let error = format!("Found too many nested data structures ({depth}) at character {at}");
                    return Err(failed(error));
                }
                let table = lua.create_table()?;
                let is_array = begins == Punctuation::ArrayBegins;
                token = text.next();
                match token {
                    Token::Punctuation(Punctuation::ArrayEnds) if is_array => Value::Table(table),
                    Token::Punctuation(Punctuation::ObjectEnds) if !is_array => Value::Table(table),
                    _ if is_array => {
                        open.push(Open::Array(table, 0));
                        continue;
                    }
                    _ => {
                        let name = text.name(token)?;
                        open.push(Open::Object(table, name));
                        token = text.next();
                        continue;
                    }
                }
            }
            Token::String(bytes) => Value::String(lua.create_string(bytes)?),
            Token::Number(number) => Value::Number(number),
            Token::Boolean(truth) => Value::Boolean(truth),
            Token::Null => null(),
            wrong => return Err(text.expected("value", &wrong)),
        };
        // a value has ended, and perhaps what contains it
        loop {
            token = text.next();
            match open.last_mut() {
                None if token.is(Punctuation::TheEnd) => return Ok(value),
                None => return Err(text.expected("the end", &token)),
                Some(Open::Array(table, length)) => {
                    *length += 1;
                    table.raw_set(*length, value)?;
                    if token.is(Punctuation::Comma) {
                        token = text.next();
                        break;
                    }
                    if !token.is(Punctuation::ArrayEnds) {
                        return Err(text.expected("comma or array end", &token));
                    }
                    value = Value::Table(table.clone());
                }
                Some(Open::Object(table, name)) => {
                    table.raw_set(lua.create_string(&name)?, value)?;
                    if token.is(Punctuation::Comma) {
                        token = text.next();
                        *name = text.name(token)?;
                        token = text.next();
                        break;
                    }
                    if !token.is(Punctuation::ObjectEnds) {
                        return Err(text.expected("comma or object end", &token));
                    }
                    value = Value::Table(table.clone());
                }
            }
            open.pop();
        }
    }
}

impl Text<'_> {
    fn expected(&self, what: &str, found: &Token) -> mlua::Error {
        let (found, at) = (found.name(), self.token_at + 1);
        failed(format!("Expected {what} but found {found} at character {at}"))
    }

    /// A field's name, which is this token, and the colon after it.
    fn name(&mut self, token: Token) -> mlua::Result<Vec<u8>> {
        let Token::String(name) = token else {
            return Err(self.expected("object key string", &token));
        };
        let colon = self.next();
        match colon.is(Punctuation::Colon) {
            true => Ok(name),
            false => Err(self.expected("colon", &colon)),
        }
    }

    fn wrong(&mut self, why: &'static str) -> Token {
        self.token_at = self.at;
        Token::Wrong(why)
    }

    fn next(&mut self) -> Token {
        let rest = &self.bytes[self.at..];
        let blank = rest.iter().take_while(|byte| b" \t\n\r".contains(byte)).count();
        self.at += blank;
        self.token_at = self.at;
        let rest = &self.bytes[self.at..];
        let punctuation = match rest.first() {
            // as in C, a zero byte is the end
            None | Some(0) => return Token::Punctuation(Punctuation::TheEnd),
            Some(b'{') => Punctuation::ObjectBegins,
            Some(b'}') => Punctuation::ObjectEnds,
            Some(b'[') => Punctuation::ArrayBegins,
            Some(b']') => Punctuation::ArrayEnds,
            Some(b':') => Punctuation::Colon,
            Some(b',') => Punctuation::Comma,
            Some(b'"') => return self.string(),
            Some(b'-' | b'0'..=b'9') => return self.number(),
            Some(_) => return self.word(),
        };
        self.at += 1;
        Token::Punctuation(punctuation)
    }

    fn word(&mut self) -> Token {
        let rest = &self.bytes[self.at..];
        for (word, token) in [
            (&b"true"[..], Token::Boolean(true)),
            (b"false", Token::Boolean(false)),
            (b"null", Token::Null),
        ] {
            if rest.starts_with(word) {
                self.at += word.len();
                return token;
            }
        }
        let begins = |word: &[u8]| rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(word));
        match rest[0] == b'+' || begins(b"inf") || begins(b"nan") {
            true => self.number(),
            false => self.wrong("invalid token"),
        }
    }

    fn number(&mut self) -> Token {
        match c_double(&self.bytes[self.at..]) {
            Some((number, length)) => {
                self.at += length;
                Token::Number(number)
            }
            None => self.wrong("invalid number"),
        }
    }

    fn string(&mut self) -> Token {
        let mut text = vec![];
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            match rest {
                [] | [0, ..] => return self.wrong("unexpected end of string"),
                [b'"', ..] => {
                    self.at += 1;
                    return Token::String(text);
                }
                [b'\\', b'u', ..] => match code_point(rest) {
                    Some((character, length)) => {
                        text.extend(character.encode_utf8(&mut [0; 4]).bytes());
                        self.at += length;
                    }
                    None => return self.wrong("invalid unicode escape code"),
                },
                [b'\\', escaped, ..] => {
                    let escapes = b"\"\\/bfnrt".iter().zip(b"\"\\/\x08\x0c\n\r\t");
                    let Some((_, byte)) = escapes.into_iter().find(|(name, _)| *name == escaped) else {
                        return self.wrong("invalid escape code");
                    };
                    text.push(*byte);
                    self.at += 2;
                }
                [b'\\'] => return self.wrong("invalid escape code"),
                [byte, ..] => {
                    text.push(*byte);
                    self.at += 1;
                }
            }
        }
    }
}

/// `\u12ab`, or a pair of surrogates, and its length.
fn code_point(text: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let high = unit(0)?;
    match high {
        0xD800..0xDC00 => {
            let low = unit(6).filter(|low| (0xDC00..0xE000).contains(low))?;
            let point = 0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF);
            Some((char::from_u32(point)?, 12))
        }
        _ => Some((char::from_u32(high)?, 6)),
    }
}

/// The number at the beginning of a text, and its length, as C's strtod reads it; `None` if there is none.
fn c_double(text: &[u8]) -> Option<(f64, usize)> {
    let sign_length = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let sign = if text.first() == Some(&b'-') { -1.0 } else { 1.0 };
    let rest = &text[sign_length..];
    let begins = |word: &str| {
        rest.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    let (number, length) = if begins("infinity") {
        (f64::INFINITY, 8)
    } else if begins("inf") {
        (f64::INFINITY, 3)
    } else if begins("nan") {
        (f64::NAN, 3)
    } else if begins("0x") && hexadecimal(&rest[2..]).is_some() {
        let (number, length) = hexadecimal(&rest[2..])?;
        (number, 2 + length)
    } else {
        decimal(rest)?
    };
    Some((sign * number, sign_length + length))
}

fn digits(text: &[u8], is_digit: fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_digit(byte)).count()
}

/// Digits, a point and more digits: the lengths of all of it and of the fraction.
fn mantissa(text: &[u8], is_digit: fn(&u8) -> bool) -> Option<(usize, usize)> {
    let whole = digits(text, is_digit);
    let fraction = match text.get(whole) {
        Some(b'.') => digits(&text[whole + 1..], is_digit),
        _ => 0,
    };
    let point = usize::from(text.get(whole) == Some(&b'.') && whole + fraction > 0);
    (whole + fraction > 0).then_some((whole + point + fraction, fraction))
}

/// The length of an exponent, with its letter; 0 if there is none.
fn exponent(text: &[u8], letter: u8) -> usize {
    if !text.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&letter)) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'+' | b'-')));
    match digits(&text[1 + sign..], u8::is_ascii_digit) {
        0 => 0,
        length => 1 + sign + length,
    }
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let (length, _) = mantissa(text, u8::is_ascii_digit)?;
    let length = length + exponent(&text[length..], b'e');
    let number = std::str::from_utf8(&text[..length]).ok()?.parse().ok()?;
    Some((number, length))
}

/// What follows `0x`.
fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let (length, fraction) = mantissa(text, u8::is_ascii_hexdigit)?;
    let digits = text[..length].iter().filter_map(|byte| char::from(*byte).to_digit(16));
    let number = digits.fold(0.0, |number: f64, digit| number * 16.0 + f64::from(digit));
    let tail = exponent(&text[length..], b'p');
    let power: i32 = match tail {
        0 => 0,
        _ => std::str::from_utf8(&text[length + 1..length + tail])
            .ok()?
            .parse()
            .unwrap_or(i32::MAX),
    };
    let power = power.saturating_sub(4 * fraction as i32);
    Some((number * 2_f64.powi(power), length + tail))
}

#[cfg(test)]
mod tests {
    use super::c_double;

    #[test]
    fn numbers_are_those_of_c() {
        for (text, number, length) in [
            ("12,", 12.0, 2),
            ("-1.5e3]", -1500.0, 6),
            ("1e", 1.0, 1),
            ("1e+", 1.0, 1),
            ("007", 7.0, 3),
            ("1.", 1.0, 2),
            (".5", 0.5, 2),
            ("0x10", 16.0, 4),
            ("0x1.8p1", 3.0, 7),
            ("0x", 0.0, 1),
            ("1e400", f64::INFINITY, 5),
            ("-Infinity", f64::NEG_INFINITY, 9),
            ("+7", 7.0, 2),
        ] {
            assert_eq!(c_double(text.as_bytes()), Some((number, length)), "{text}");
        }
        assert!(c_double(b"NaN").is_some_and(|(number, length)| number.is_nan() && length == 3));
        for text in ["-", ".", "x", "+-1"] {
            assert_eq!(c_double(text.as_bytes()), None, "{text}");
        }
    }
}
