//! Values of command-line options.

use std::{fmt, str::FromStr, time::Duration};

/// The largest first seed of a sweep, so that all further seeds fit into the type.
pub(crate) const FROM_SEED_MAX: u64 = u64::MAX / 2;

/// A range of seeds: `from` is included, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seeds {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Seeds {
    /// Number of seeds.
    pub(crate) fn count(&self) -> u64 {
        self.to - self.from
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        const HOW: &str = "write A..B, as in 1..51 for fifty seeds";
        let (from, to) = text.split_once("..").ok_or(HOW)?;
        let (to, inclusive) = match to.strip_prefix('=') {
            Some(to) => (to, 1),
            None => (to, 0),
        };
        let number = |text: &str| match text.replace('_', "").parse::<u64>() {
            Ok(n) if n < u64::MAX => Ok(n),
            _ => Err(format!("`{text}` is no seed: {HOW}")),
        };
        let (from, to) = (number(from)?, number(to)? + inclusive);
        if from >= to {
            return Err(format!("there is no seed in {from}..{to}: {HOW}"));
        }
        Ok(Seeds { from, to })
    }
}

/// Parses `90s`, `10m`, `1h30m`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const HOW: &str = "write a number and a unit, as in 90s, 10m or 1h30m";
    let mut total_ms: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(HOW.into());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().map_err(|_| HOW)?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit_ms = match &rest[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return Err(HOW.into()),
        };
        rest = &rest[letters..];
        total_ms = number
            .checked_mul(unit_ms)
            .and_then(|ms| ms.checked_add(total_ms))
            .ok_or("that is longer than anybody will wait")?;
    }
    match total_ms {
        0 => Err("that is no time at all".into()),
        ms => Ok(Duration::from_millis(ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        for (text, ms) in [("90s", 90_000), ("10m", 600_000), ("1h30m", 5_400_000), ("500ms", 500)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "",
            "10",
            "m",
            "1x",
            "-1s",
            "0s",
            "1.5s",
            "99999999999999999999s",
            "9999999999999999h",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seeds_are_half_open() {
        assert_eq!("1..3".parse(), Ok(Seeds { from: 1, to: 3 }));
        assert_eq!("1..=3".parse(), Ok(Seeds { from: 1, to: 4 }));
        assert_eq!("1_000..2_000".parse(), Ok(Seeds { from: 1000, to: 2000 }));
        for text in ["", "1", "3..3", "3..1", "a..b", "..", "1..18446744073709551615"] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
    }
}
