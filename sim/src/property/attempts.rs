//! The operations of a history, each with its end, as properties read them.

use crate::{
    history::{Event, History, OpId, Seen},
    property::{Violation, slug},
    report::seconds,
    service::{Op, Service},
};
use std::collections::BTreeMap;

/// An operation that somebody attempted: its beginning and, if it has one, its end.
#[derive(Debug, Clone)]
pub struct Attempt<'a, S: Service> {
    /// The person or attacker.
    pub who: &'a str,
    /// The operation; as known at the end, if it ended.
    pub op: &'a S::Op,
    /// When it began, milliseconds from the start of the run.
    pub began_ms: u64,
    /// Its end; `None` if it had not ended when the run was over.
    pub end: Option<End<'a>>,
    /// Indices of its records, in [`History::records`]: the evidence of a violation.
    pub records: Vec<usize>,
}

/// The end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End<'a> {
    /// Its time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// The outcome.
    pub seen: &'a Seen,
}

impl<'a, S: Service> Attempt<'a, S> {
    /// Whether it certainly succeeded.
    pub fn succeeded(&self) -> bool {
        self.end.is_some_and(|end| *end.seen == Seen::Ok)
    }

    /// The reason that the person was given, if it certainly did not happen.
    pub fn refusal(&self) -> Option<&'a str> {
        match self.end?.seen {
            Seen::Fail(why) => Some(why),
            _ => None,
        }
    }

    /// When it ended, milliseconds; `u64::MAX` if it did not end.
    pub fn ended_ms(&self) -> u64 {
        self.end.map_or(u64::MAX, |end| end.at_ms)
    }

    /// Its outcome, as a part of a sentence: `failed: sold`.
    pub fn outcome(&self) -> String {
        match self.end.map(|end| end.seen) {
            Some(Seen::Ok) => format!("succeeded at {}", seconds(self.ended_ms())),
            Some(Seen::Fail(why)) => format!("failed: {why}"),
            Some(Seen::Unknown(why)) => format!("ended in doubt: {why}"),
            None => "never ended".into(),
        }
    }

    /// Its outcome as a slug, for [`Violation::reason`]. The slug of a refusal includes its text. That of an unknown
    /// outcome does not, because one cause can lead to many texts.
    pub fn ending(&self) -> String {
        match self.end.map(|end| end.seen) {
            Some(Seen::Ok) => "late".into(),
            Some(Seen::Fail(why)) => slug(&format!("failed-{why}")),
            Some(Seen::Unknown(_)) => "in-doubt".into(),
            None => "never-ended".into(),
        }
    }
}

/// Several attempts, in the order in which they began.
#[derive(Debug, Clone)]
pub struct Attempts<'a, S: Service>(Vec<Attempt<'a, S>>);

impl<S: Service> History<S> {
    /// All attempts, in the order in which they began.
    pub fn attempts(&self) -> Attempts<'_, S> {
        let mut attempts: Vec<Attempt<'_, S>> = vec![];
        let mut by_id: BTreeMap<OpId, usize> = BTreeMap::new();
        for (index, record) in self.records.iter().enumerate() {
            match &record.event {
                Event::Began { id, op } => {
                    by_id.insert(*id, attempts.len());
                    attempts.push(Attempt {
                        who: &record.who,
                        op,
                        began_ms: record.at_ms,
                        end: None,
                        records: vec![index],
                    });
                }
                Event::Ended { id, op, seen, .. } => {
                    let attempt = &mut attempts[by_id[id]];
                    attempt.op = op;
                    attempt.end = Some(End {
                        at_ms: record.at_ms,
                        seen,
                    });
                    attempt.records.push(index);
                }
                _ => {}
            }
        }
        Attempts(attempts)
    }

    /// The attempts that certainly succeeded, in the order in which they began.
    pub fn succeeded(&self) -> Attempts<'_, S> {
        self.attempts().that(Attempt::succeeded)
    }
}

impl<'a, S: Service> Attempts<'a, S> {
    /// Keeps only the attempts for which `wanted` holds.
    pub fn that(mut self, wanted: impl Fn(&Attempt<'a, S>) -> bool) -> Attempts<'a, S> {
        self.0.retain(wanted);
        self
    }

    /// An iterator over the attempts.
    pub fn iter(&self) -> std::slice::Iter<'_, Attempt<'a, S>> {
        self.0.iter()
    }

    /// Checks that no two attempts have the same key. An attempt for which `key` returns `None` is ignored.
    ///
    /// # Errors
    /// The first two attempts with the same key, in the order in which they ended.
    pub fn no_two_share<K: Ord>(&self, key: impl Fn(&'a S::Op) -> Option<K>) -> Result<(), Violation> {
        let mut by_end: Vec<&Attempt<'a, S>> = self.0.iter().collect();
        by_end.sort_by_key(|attempt| attempt.ended_ms());
        let mut first_of: BTreeMap<K, &Attempt<'a, S>> = BTreeMap::new();
        for second in by_end {
            let Some(key) = key(second.op) else { continue };
            let Some(first) = first_of.get(&key) else {
                first_of.insert(key, second);
                continue;
            };
            let what = format!(
                "{} {} ({}), and {} {} ({})",
                first.who,
                first.op.describe(),
                first.outcome(),
                second.who,
                second.op.describe(),
                second.outcome()
            );
            let evidence = [first.records.clone(), second.records.clone()].concat();
            return Err(Violation::new(first.ended_ms().max(second.ended_ms()), evidence, what));
        }
        Ok(())
    }
}

impl<'a, S: Service> IntoIterator for Attempts<'a, S> {
    type Item = Attempt<'a, S>;
    type IntoIter = std::vec::IntoIter<Attempt<'a, S>>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Did, HistoryBuilder};

    fn story() -> HistoryBuilder {
        let refused = Seen::Fail("sold".into());
        HistoryBuilder::new()
            .op((100, 150), "ann", Did::Buy { seat: 7 }, Seen::Ok)
            .op((110, 140), "ben", Did::Buy { seat: 7 }, refused)
            .op(
                (120, 900),
                "cleo",
                Did::Buy { seat: 7 },
                Seen::Unknown("silence".into()),
            )
            .op((130, 160), "ann", Did::Look, Seen::Ok)
            .op((140, 170), "ben", Did::Look, Seen::Ok)
            .unended(200, "dan", Did::Buy { seat: 7 })
    }

    fn seat(op: &Did) -> Option<u32> {
        match op {
            Did::Buy { seat } => Some(*seat),
            _ => None,
        }
    }

    #[test]
    fn everything_that_was_tried_is_there_with_its_end() {
        let history = story().history();
        let read = |attempt: &Attempt<'_, _>| (attempt.who.to_owned(), attempt.began_ms, attempt.ending());
        let read: Vec<_> = history.attempts().iter().map(read).collect();
        let expected = [
            ("ann", 100, "late"),
            ("ben", 110, "failed-sold"),
            ("cleo", 120, "in-doubt"),
            ("ann", 130, "late"),
            ("ben", 140, "late"),
            ("dan", 200, "never-ended"),
        ];
        let expected = expected.map(|(who, began_ms, ending)| (who.to_owned(), began_ms, ending.to_owned()));
        assert_eq!(read, expected);
        let refused: Vec<_> = history.attempts().into_iter().filter_map(|a| a.refusal()).collect();
        assert_eq!(refused, ["sold"]);
        assert_eq!(history.succeeded().iter().count(), 3);
    }

    #[test]
    fn a_refusal_and_a_doubt_share_nothing_with_a_success() {
        assert_eq!(story().history().succeeded().no_two_share(seat), Ok(()));
    }

    #[test]
    fn two_successes_that_share_something_are_a_violation() {
        let history = story().op((50, 300), "eve", Did::Buy { seat: 7 }, Seen::Ok).history();
        let violation = history
            .succeeded()
            .no_two_share(seat)
            .expect_err("seat 7 was sold twice");
        assert_eq!(
            violation.what,
            "ann buys seat 7 (succeeded at 0.150 s), and eve buys seat 7 (succeeded at 0.300 s)"
        );
        assert_eq!((violation.at_ms, violation.evidence.len()), (300, 4));
    }
}
