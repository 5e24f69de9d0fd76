//! Counts of verdicts, and what follows from them.

use crate::{
    judge::{Judged, Missed, Verdict},
    known::Known,
};
use std::fmt;

/// How many of a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Judged, without those that are equivalent.
    pub judged: usize,
    /// A property objects.
    pub detected: usize,
    /// No run executes the place.
    pub unreached: usize,
    /// All runs were the same as without the mutant.
    pub no_effect: usize,
    /// Runs differ, and nobody objects.
    pub differs: usize,
    /// Not detected, because a second guard makes it good.
    pub masked: usize,
    /// It did not end, died, or broke the harness.
    pub trouble: usize,
    /// Somebody else agrees that it does what the service does: not judged.
    pub equivalent: usize,
    /// Seconds of processor time until each detection.
    pub detected_after_s: Vec<f64>,
}

impl Counts {
    /// Counts a group.
    pub fn of<'a>(judged: impl Iterator<Item = &'a Judged>, known: &Known) -> Counts {
        let mut counts = Counts::default();
        for judged in judged {
            if known.is_equivalent(&judged.id) {
                counts.equivalent += 1;
                continue;
            }
            counts.judged += 1;
            match &judged.verdict {
                Verdict::Detected { .. } => {
                    counts.detected += 1;
                    counts.detected_after_s.push(judged.cpu_s);
                }
                Verdict::Trouble { .. } => counts.trouble += 1,
                Verdict::Missed { .. } if known.masked.contains_key(&judged.id) => counts.masked += 1,
                Verdict::Missed { why } => match why {
                    Missed::Unreached => counts.unreached += 1,
                    Missed::NoEffect => counts.no_effect += 1,
                    Missed::Differs => counts.differs += 1,
                },
            }
        }
        counts.detected_after_s.sort_by(f64::total_cmp);
        counts
    }

    /// The share that is detected.
    pub fn share(&self) -> Share {
        Share {
            of: self.judged,
            part: self.detected,
        }
    }

    /// The same without those that a second guard makes good.
    pub fn unmasked_share(&self) -> Share {
        Share {
            of: self.judged - self.masked,
            part: self.detected,
        }
    }

    /// The median of what a detection cost.
    pub fn median_s(&self) -> Option<f64> {
        let middle = self.detected_after_s.len() / 2;
        self.detected_after_s.get(middle).copied()
    }
}

/// A part of a whole, as a sample shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many there are,
    pub of: usize,
    /// and how many of them it is.
    pub part: usize,
}

impl Share {
    /// The 95 % interval of Wilson (1927), in which the share of all is: it is never outside of 0 to 1 and does not collapse at
    /// the ends, as the usual one does.
    pub fn interval(self) -> Option<(f64, f64)> {
        const Z: f64 = 1.96;
        if self.of == 0 {
            return None;
        }
        let n = self.of as f64;
        let p = self.part as f64 / n;
        let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        Some(((middle - half).max(0.0), (middle + half).min(1.0)))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.interval() {
            None => f.write_str("-"),
            Some((low, high)) => {
                let percent = 100.0 * self.part as f64 / self.of as f64;
                write!(f, "{percent:.0} % ({:.0} to {:.0})", 100.0 * low, 100.0 * high)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Newcombe 1998, table I: 81 of 263 and 0 of 20.
        for (part, of, low, high) in [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)] {
            let (a, b) = Share { of, part }.interval().expect("somebody was asked");
            assert!(
                (a - low).abs() < 1e-3 && (b - high).abs() < 1e-3,
                "{part} of {of}: {a} to {b}"
            );
        }
        assert_eq!(Share { of: 0, part: 0 }.interval(), None);
        assert_eq!(Share { of: 200, part: 30 }.to_string(), "15 % (11 to 21)");
    }

    fn judged(id: &str, verdict: Verdict) -> Judged {
        Judged {
            id: id.into(),
            catalogue: String::new(),
            verdict,
            runs: 1,
            differing: 0,
            reaching: 1,
            cpu_s: 2.0,
            budget_s: 10.0,
        }
    }

    #[test]
    fn an_argument_that_nobody_confirmed_excuses_nothing() {
        let missed = |id| judged(id, Verdict::Missed { why: Missed::Differs });
        let all = [
            missed("a"),
            missed("b"),
            missed("c"),
            judged("d", Verdict::Trouble { what: "died".into() }),
        ];
        let mut known = Known::default();
        for (id, confirmed) in [("a", true), ("b", false)] {
            let argument = "…".into();
            let equivalent = crate::known::Equivalent { argument, confirmed };
            known.equivalent.insert(id.into(), equivalent);
        }
        let masked = crate::known::Masked { guard: "ledger".into() };
        known.masked.insert("c".into(), masked);
        let counts = Counts::of(all.iter(), &known);
        assert_eq!((counts.judged, counts.equivalent, counts.differs), (3, 1, 1));
        assert_eq!((counts.masked, counts.trouble, counts.detected), (1, 1, 0));
    }
}
