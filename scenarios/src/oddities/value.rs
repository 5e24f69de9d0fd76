//! All ways in which one value of a request is changed.

use super::pool::Pool;

/// How a value is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Absent,
    Empty,
    /// The same value again.
    Twice,
    /// Another's value as well, after the right one.
    TwiceOther,
    /// Another's value as well, before the right one.
    OtherBefore,
    /// Another person's, client's or login's, or an older one.
    Other,
    /// All but the last character.
    Prefix,
    /// One more character.
    Longer,
    /// Capital letters for small ones, and the other way round.
    Case,
    /// A space before and after.
    Padded,
    /// Longer than anything may be.
    TooLong,
    /// Something that it never is.
    Nonsense,
    /// A control character in its middle.
    Control,
    /// A letter instead of the character in its middle.
    Letter,
    /// A hyphen in its middle.
    Hyphen,
}

/// All of them.
pub(super) const OF_VALUES: [How; 15] = [
    How::Absent,
    How::Empty,
    How::Twice,
    How::TwiceOther,
    How::OtherBefore,
    How::Other,
    How::Prefix,
    How::Longer,
    How::Case,
    How::Padded,
    How::TooLong,
    How::Nonsense,
    How::Control,
    How::Letter,
    How::Hyphen,
];

impl How {
    /// Changes one of the values; `None`: there is nothing to change.
    pub(super) fn apply(self, values: &mut Vec<(String, String)>, at: usize, pool: &Pool) -> Option<()> {
        let (name, value) = values.get(at)?.clone();
        let other = || pool.other(&name, &value);
        let set = |values: &mut Vec<(String, String)>, value: String| values[at].1 = value;
        match self {
            How::Absent => drop(values.remove(at)),
            How::Empty => set(values, String::new()),
            How::Twice => values.push((name, value)),
            How::TwiceOther => values.push((name.clone(), other()?)),
            How::OtherBefore => values.insert(at, (name.clone(), other()?)),
            How::Other => set(values, other()?),
            How::Prefix => {
                let mut shorter = value;
                shorter.pop()?;
                set(values, shorter);
            }
            How::Longer => set(values, value + "A"),
            How::Case => {
                let swap = |c: char| match c.is_ascii_uppercase() {
                    true => c.to_ascii_lowercase(),
                    false => c.to_ascii_uppercase(),
                };
                let swapped: String = value.chars().map(swap).collect();
                if swapped == value {
                    return None;
                }
                set(values, swapped);
            }
            How::Padded => set(values, format!(" {value} ")),
            How::TooLong => set(values, format!("{value}{}", "x".repeat(2100))),
            How::Nonsense => set(values, "nonsense".into()),
            How::Control | How::Letter | How::Hyphen => {
                let middle = (0..=value.len() / 2).rev().find(|at| value.is_char_boundary(*at));
                let (before, after) = value.split_at(middle.unwrap_or(0));
                let changed = match self {
                    How::Control => format!("{before}\u{7}{after}"),
                    How::Hyphen => format!("{before}-{after}"),
                    _ => {
                        let mut rest = after.chars();
                        let letter = if rest.next()? == 'x' { 'y' } else { 'x' };
                        format!("{before}{letter}{}", rest.as_str())
                    }
                };
                set(values, changed);
            }
        }
        Some(())
    }
}
