//! Numbers as Redis reads and writes them.

/// An integer as Redis's string2ll reads it: no plus sign, no leading zero, no space.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = text == b"0" || matches!(digits.first(), Some(b'1'..=b'9'));
    if !canonical || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A double as getDoubleFromObject reads it (strtod, all of the text): `inf` is a number; NaN and
/// what a double cannot hold are not. Hexadecimal is deliberately absent.
pub(super) fn parse_double(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let value: f64 = text.parse().ok()?;
    let has = |wanted: fn(&u8) -> bool| text.as_bytes().iter().any(wanted);
    let overflow = value.is_infinite() && !has(|byte| byte.eq_ignore_ascii_case(&b'i'));
    let mantissa = text.split(['e', 'E']).next().unwrap_or("");
    let underflow = value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    (!value.is_nan() && !overflow && !underflow).then_some(value)
}

/// `%.17g`: how scores and other doubles are shown.
pub(super) fn format_double(value: f64) -> String {
    format_digits(value, 17)
}

/// `%.Ng`, for a number of digits from 1 on.
pub(super) fn format_digits(value: f64, precision: usize) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.into();
    }
    let scientific = format!("{value:.*e}", precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("`e` is always there");
    let exponent: i32 = exponent.parse().expect("a number");
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest.replace('.', "")),
        None => ("", mantissa.replace('.', "")),
    };
    let digits = digits.trim_end_matches('0');
    if !(-4..precision as i32).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let minus = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{minus}{:02}", exponent.abs());
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        format!("{sign}{digits}{}", "0".repeat(whole - digits.len()))
    } else {
        format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_canonical() {
        for (text, value) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("01", None),
            (" 1", None),
            ("+1", None),
            ("-", None),
            ("-0", None),
            ("9223372036854775808", None),
        ] {
            assert_eq!(parse_int(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn doubles_have_seventeen_digits() {
        for (value, text) in [
            (3.1, "3.1000000000000001"),
            (100.0, "100"),
            (1e17, "1e+17"),
            (123456.75, "123456.75"),
            (1e-5, "1.0000000000000001e-05"),
            (0.5, "0.5"),
            (-0.001, "-0.001"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format_double(value), text);
        }
        for (value, text) in [
            (1_700_000_000_123_456.0, "1.7000000001235e+15"),
            (0.1, "0.1"),
            (1e13, "10000000000000"),
        ] {
            assert_eq!(format_digits(value, 14), text);
        }
    }

    #[test]
    fn not_every_text_is_a_double() {
        assert_eq!(parse_double(b"+inf"), Some(f64::INFINITY));
        assert_eq!(parse_double(b"1e3"), Some(1000.0));
        for text in ["nan", "1e400", "1e-400", " 1", "1 ", "", "abc"] {
            assert_eq!(parse_double(text.as_bytes()), None, "{text:?}");
        }
    }
}
