//! Commands of operators about addresses, and what may be answered: how many failures in a row there are, and that they are
//! forgotten (SP 800-63B-4 section 3.2.2; core/LIMITS.md, "failures in a row").

use crate::{
    allowed::Widened,
    counter::Counted,
    index::Operated,
    judge::Judge,
    routes::{Report, Violation},
    times::Times,
};

/// A command that an operator gave about an address, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// When it was given, milliseconds from the start of the run.
    pub sent_ms: u64,
    /// Where that stands in the history.
    pub given: usize,
    /// What it asks for.
    pub asks: Asks,
    /// The address.
    pub address: &'a str,
    /// The answer.
    pub told: Told<'a>,
}

impl Command<'_> {
    /// What the operator did, as a clause without its subject.
    pub(crate) fn describe(&self) -> String {
        match self.asks {
            Asks::Failures => format!("asked how many wrong codes in a row {} has", self.address),
            Asks::Unlock => format!("unlocked {}", self.address),
        }
    }
}

/// What an operator's command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// How many failures in a row an address has: `show-user`.
    Failures,
    /// That they be forgotten: `unlock-user`.
    Unlock,
}

/// What an operator is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// How many failures in a row the address has.
    Failures {
        /// How many.
        wrong_codes: u64,
        /// Whether these are so many that the address is locked.
        locked: bool,
    },
    /// They are forgotten.
    Unlocked,
    /// Nobody has the address.
    Nobody,
    /// It failed, or had not ended when the run did.
    Failed {
        /// Why.
        why: &'a str,
        /// Whether it may have been done.
        in_doubt: bool,
    },
}

/// Why an answer is wrong: as a slug, and in words.
type Wrong = (&'static str, String);

impl Judge<'_> {
    /// Judges what operators were told.
    pub(crate) fn operators(&self, report: &mut Report) {
        let ended = self
            .index
            .operated
            .iter()
            .filter(|operated| operated.times.to_ms < u64::MAX);
        for operated in ended {
            let broke = self.troubles.broke_by(operated.times.to_ms);
            let sizes = if broke { &mut report.troubled } else { &mut report.calm };
            let judged = match operated.command.told {
                Told::Failures { wrong_codes, locked } => {
                    let (at_least, at_most) = self.failures_shown(operated);
                    sizes.count_number(at_least == at_most, Widened::Race);
                    self.shown(operated, (wrong_codes, locked), (at_least, at_most))
                }
                Told::Unlocked => self.there_is(operated),
                Told::Nobody => self.there_is(operated).err().map_or_else(
                    || Err(("nobody-found", "somebody has this address".to_owned())),
                    |_| Ok(()),
                ),
                Told::Failed { why, .. } => self.may_fail(operated, why),
            };
            if let Err((reason, what)) = judged {
                let Operated { command, record, times } = operated;
                report.violations.push(Violation {
                    reason: reason.to_owned(),
                    what: format!("an operator {}: {what}", command.describe()),
                    at_ms: times.to_ms,
                    evidence: vec![command.given, *record],
                });
            }
        }
    }

    /// How many failures an operator may be told of. What operators do has no way to go: which of two commands was first says
    /// the order in which they were given and answered.
    fn failures_shown(&self, asked: &Operated<'_>) -> (u64, u64) {
        let mut row = self.attempts_at(asked.command.address, &[]);
        for (unlock, mut counted) in self.unlocks_of(asked.command.address) {
            let has_ended = unlock.times.to_ms < u64::MAX;
            if unlock.command.given > asked.record {
                continue;
            }
            if !has_ended || unlock.record > asked.command.given {
                counted = Counted::new(Times::new(counted.times.from_ms, u64::MAX), false);
            }
            row.resets.push(counted);
        }
        let limit = self.setting("failures in a row");
        let (at_least, at_most) = row.count(asked.times);
        (at_least.min(limit), at_most.min(limit))
    }

    fn shown(&self, asked: &Operated<'_>, told: (u64, bool), right: (u64, u64)) -> Result<(), Wrong> {
        let ((wrong_codes, locked), (at_least, at_most)) = (told, right);
        self.there_is(asked)?;
        if !(at_least..=at_most).contains(&wrong_codes) {
            let right = match at_least == at_most {
                true => at_least.to_string(),
                false => format!("{at_least} to {at_most}"),
            };
            return Err((
                "failures-differ",
                format!("{wrong_codes} wrong codes in a row are shown; right is {right}"),
            ));
        }
        let is_locked = wrong_codes >= self.setting("failures in a row");
        match locked == is_locked {
            true => Ok(()),
            false => Err((
                "lock-differs",
                format!("after {wrong_codes} wrong codes in a row, locked is shown as {locked}"),
            )),
        }
    }

    fn there_is(&self, asked: &Operated<'_>) -> Result<(), Wrong> {
        match self.index.person(asked.command.address) {
            Some(_) => Ok(()),
            None => Err(("somebody-found", "nobody has this address".to_owned())),
        }
    }

    /// A command may fail while the directory does.
    fn may_fail(&self, asked: &Operated<'_>, why: &str) -> Result<(), Wrong> {
        let Times { from_ms, to_ms } = asked.times;
        match self.troubles.any(from_ms, to_ms, |touches| touches.directory) {
            true => Ok(()),
            false => Err((
                "command-failed",
                format!("it failed, although nothing was broken: {why}"),
            )),
        }
    }
}
