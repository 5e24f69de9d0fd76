//! The 80-bit long double of x86, as far as INCRBYFLOAT and HINCRBYFLOAT show it: their sums are rounded to
//! 64 bits of mantissa and written with 17 decimals, and clients see the difference to a double.

use std::cmp::Ordering;

/// Largest and smallest power of two that an x87 number can have above its 64-bit mantissa.
const EXPONENT_MAX: i64 = 16_383 - 63;
const EXPONENT_MIN: i64 = -16_382 - 63;

/// `mantissa * 2^exponent`; the mantissa's top bit is set unless the number is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LongDouble {
    negative: bool,
    mantissa: u64,
    exponent: i64,
}

impl LongDouble {
    /// Zero.
    pub(super) const ZERO: LongDouble = LongDouble {
        negative: false,
        mantissa: 0,
        exponent: 0,
    };

    /// Reads decimal text. `None`: not a number, or more than a long double can hold. Infinity is left to
    /// the caller, which returns another error for it.
    pub(super) fn parse(text: &[u8]) -> Option<LongDouble> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let text = std::str::from_utf8(text).ok()?;
        let (number, power) = match text.split_once(['e', 'E']) {
            Some((number, power)) => (number, power.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{part}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let power = power.checked_sub(part.len() as i64)?;
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(LongDouble {
                negative,
                ..LongDouble::ZERO
            });
        }
        if !(-5100..=5000).contains(&(power + digits.len() as i64)) || digits.len() > 5000 {
            return None;
        }
        let mut numerator = Big::from_decimal(digits);
        if power >= 0 {
            numerator.times_power_of_ten(power as u32);
            return Self::rounded(negative, numerator, 0, false);
        }
        let mut denominator = Big(vec![1]);
        denominator.times_power_of_ten(-power as u32);
        // Enough bits for the mantissa, a guard bit and one more.
        let shift = (denominator.bits() + 66).saturating_sub(numerator.bits());
        numerator.shift_left(shift);
        let (quotient, sticky) = numerator.divided_by(&denominator);
        Self::rounded(negative, quotient, -(shift as i64), sticky)
    }

    /// The sum, rounded to nearest, ties to even. `None`: infinite.
    pub(super) fn plus(self, other: LongDouble) -> Option<LongDouble> {
        let (large, small) = if (self.exponent, self.mantissa) >= (other.exponent, other.mantissa) && self.mantissa != 0
            || other.mantissa == 0
        {
            (self, other)
        } else {
            (other, self)
        };
        if small.mantissa == 0 {
            let negative = large.negative && (large.mantissa != 0 || small.negative);
            return Some(LongDouble { negative, ..large });
        }
        // 62 bits below the mantissa; bits beyond them set the sticky bit.
        let wide = u128::from(large.mantissa) << 62;
        let distance = large.exponent - small.exponent;
        let (addend, sticky) = if distance >= 126 {
            (0, true)
        } else {
            let addend = u128::from(small.mantissa) << 62;
            (addend >> distance, addend & ((1 << distance) - 1) != 0)
        };
        let sum = if large.negative == small.negative {
            wide + addend
        } else {
            wide - addend - u128::from(sticky)
        };
        if sum == 0 {
            return Some(LongDouble::ZERO);
        }
        Self::rounded(large.negative, Big::from_u128(sum), large.exponent - 62, sticky)
    }

    /// `value * 2^exponent` (and a little more, if `sticky`) to the nearest long double.
    fn rounded(negative: bool, value: Big, exponent: i64, sticky: bool) -> Option<LongDouble> {
        let bits = value.bits();
        let (mut mantissa, mut exponent) = if bits <= 64 {
            (value.low_u64() << (64 - bits), exponent - (64 - bits as i64))
        } else {
            let drop = bits - 64;
            let kept = value.shifted_right(drop);
            let half = value.bit(drop - 1);
            let rest = sticky || (0..drop - 1).any(|at| value.bit(at));
            let up = half && (rest || kept & 1 == 1);
            match kept.checked_add(u64::from(up)) {
                Some(mantissa) => (mantissa, exponent + drop as i64),
                None => (1 << 63, exponent + drop as i64 + 1),
            }
        };
        if exponent < EXPONENT_MIN {
            // Denormal numbers are not modelled.
            (mantissa, exponent) = (0, 0);
        }
        (exponent <= EXPONENT_MAX).then_some(LongDouble {
            negative,
            mantissa,
            exponent,
        })
    }
}

impl std::fmt::Display for LongDouble {
    /// `%.17Lf` without the zeros at its end (ld2string with LD_STR_HUMAN).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut scaled = Big::from_u128(u128::from(self.mantissa));
        scaled.times_power_of_ten(17);
        if self.exponent >= 0 {
            scaled.shift_left(self.exponent as usize);
        } else {
            let drop = (-self.exponent) as usize;
            let half = scaled.bit(drop - 1);
            let rest = (0..drop - 1).any(|at| scaled.bit(at));
            scaled = scaled.big_shifted_right(drop);
            if half && (rest || scaled.bit(0)) {
                scaled.times_plus(1, 1);
            }
        }
        let digits = format!("{:0>18}", scaled.into_decimal());
        let (whole, part) = digits.split_at(digits.len() - 17);
        let part = part.trim_end_matches('0');
        let sign = if self.negative && (whole != "0" || !part.is_empty()) {
            "-"
        } else {
            ""
        };
        let point = if part.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{part}")
    }
}

/// A natural number, least significant word first, without leading zero words.
#[derive(Clone, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn from_u128(value: u128) -> Big {
        let mut big = Big((0..4).map(|at| (value >> (32 * at)) as u32).collect());
        big.trim();
        big
    }

    fn from_decimal(digits: &str) -> Big {
        let mut big = Big(vec![]);
        for digit in digits.bytes() {
            big.times_plus(10, u32::from(digit - b'0'));
        }
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn times_plus(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn times_power_of_ten(&mut self, power: u32) {
        (0..power).for_each(|_| self.times_plus(10, 0));
    }

    fn bits(&self) -> usize {
        self.0
            .last()
            .map_or(0, |top| self.0.len() * 32 - top.leading_zeros() as usize)
    }

    fn bit(&self, at: usize) -> bool {
        self.0.get(at / 32).is_some_and(|word| word >> (at % 32) & 1 == 1)
    }

    fn low_u64(&self) -> u64 {
        let word = |at| u64::from(*self.0.get(at).unwrap_or(&0));
        word(0) | word(1) << 32
    }

    fn shift_left(&mut self, by: usize) {
        let mut shifted = vec![0; by / 32];
        shifted.append(&mut self.0);
        self.0 = shifted;
        self.times_plus(1 << (by % 32), 0);
    }

    fn big_shifted_right(&self, by: usize) -> Big {
        let words = self.0.get(by / 32..).unwrap_or(&[]);
        let shift = by % 32;
        let word = |at: usize| u64::from(words[at]) | u64::from(*words.get(at + 1).unwrap_or(&0)) << 32;
        let mut big = Big((0..words.len()).map(|at| (word(at) >> shift) as u32).collect());
        big.trim();
        big
    }

    fn shifted_right(&self, by: usize) -> u64 {
        self.big_shifted_right(by).low_u64()
    }

    fn cmp(&self, other: &Big) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn minus(&mut self, other: &Big) {
        let mut borrow = 0;
        for (at, word) in self.0.iter_mut().enumerate() {
            let taken = i64::from(*word) - i64::from(*other.0.get(at).unwrap_or(&0)) - borrow;
            borrow = i64::from(taken < 0);
            *word = taken as u32;
        }
        self.trim();
    }

    /// The quotient, and whether anything remains.
    fn divided_by(&self, divisor: &Big) -> (Big, bool) {
        let (mut quotient, mut rest) = (Big(vec![]), Big(vec![]));
        for at in (0..self.bits()).rev() {
            rest.times_plus(2, u32::from(self.bit(at)));
            let fits = rest.cmp(divisor) != Ordering::Less;
            if fits {
                rest.minus(divisor);
            }
            quotient.times_plus(2, u32::from(fits));
        }
        (quotient, !rest.0.is_empty())
    }

    fn into_decimal(mut self) -> String {
        let mut digits = vec![];
        while !self.0.is_empty() {
            let mut rest = 0;
            for word in self.0.iter_mut().rev() {
                rest = rest << 32 | u64::from(*word);
                *word = (rest / 10) as u32;
                rest %= 10;
            }
            self.trim();
            digits.push(b'0' + rest as u8);
        }
        digits.reverse();
        String::from_utf8(digits).expect("digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> String {
        let number = |text: &str| LongDouble::parse(text.as_bytes()).expect(text);
        number(a).plus(number(b)).expect("finite").to_string()
    }

    /// INCRBYFLOAT of the real server.
    #[test]
    fn sums_are_those_of_the_real_server() {
        for (a, b, c) in [
            ("10.5", "0.1", "10.6"),
            ("5.0e3", "200", "5200"),
            ("3.0", "1.1", "4.1"),
            ("0", "-0.5", "-0.5"),
            ("0.1", "0.2", "0.3"),
            ("1000.1", "0.2", "1000.29999999999999999"),
            ("1234567.1", "0.1", "1234567.20000000000004547"),
            ("1e20", "1", "100000000000000000000"),
            ("9007199254740993", "1", "9007199254740994"),
            ("-1.5", "1.5", "0"),
            ("1e-17", "0", "0.00000000000000001"),
            ("123456789012", "0.123456789", "123456789012.12345679104328156"),
        ] {
            assert_eq!(sum(a, b), c, "{a} + {b}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in ["", "abc", "1x", "1e", ".", "--1", "1e9999"] {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text}");
        }
    }
}
