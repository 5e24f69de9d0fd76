//! The conclusion of a command.

use std::process::ExitCode;

/// What a command concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conclusion {
    /// All claims held.
    Held,
    /// Nothing was violated, but nothing is proved either.
    Inconclusive,
    /// A claim was violated.
    Violated,
}

impl Conclusion {
    pub(crate) fn exit(self) -> ExitCode {
        ExitCode::from(match self {
            Conclusion::Held => 0,
            Conclusion::Violated => 1,
            Conclusion::Inconclusive => 2,
        })
    }

    /// Its name for machines.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Conclusion::Held => "held",
            Conclusion::Violated => "violated",
            Conclusion::Inconclusive => "inconclusive",
        }
    }
}

/// The reason why a command failed: what was wrong, where, and what to do about it, as one message for people.
#[derive(Debug)]
pub struct Trouble(pub String);

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Trouble(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_outweighs_what_is_unclear() {
        let all = [Conclusion::Inconclusive, Conclusion::Violated, Conclusion::Held];
        assert_eq!(all.into_iter().max(), Some(Conclusion::Violated));
    }
}
