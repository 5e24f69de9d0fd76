//! What is allowed as an answer: a set of expectations, each with the sentence that it comes from and, if it is there only
//! because something cannot be known, with the reason.

use crate::{exchange::Answer, expect::Expected};
use std::{collections::BTreeMap, fmt};

/// Why there is more than one allowed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Widened {
    /// Two requests were under way at once, and either may have been first.
    Race,
    /// It happened so near to the end of a lifetime or window that the answer's own way decides.
    Edge,
    /// An earlier request was not answered: it may have done its work.
    InDoubt,
    /// The store had failed, or failed over, since: it may have forgotten, or remembered, what it should not.
    StoreForgot,
    /// The store was failing.
    Store,
    /// The directory was failing.
    Directory,
    /// The mail relay was failing, and the outbox may have been full.
    Mail,
    /// Hosts' clocks were wrong.
    Clocks,
    /// One address has mails for several logins: which mail is whose cannot be seen.
    WhoseMail,
    /// Several things were wrong at once, and the standards do not say which is named first.
    SeveralErrors,
    /// The service was being killed, paused or cut off.
    Service,
}

impl fmt::Display for Widened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Widened::Race => "a race",
            Widened::Edge => "the edge of a lifetime or window",
            Widened::InDoubt => "an earlier request in doubt",
            Widened::StoreForgot => "a failover of the store since",
            Widened::Store => "a failing store",
            Widened::Directory => "a failing directory",
            Widened::Mail => "a failing mail relay",
            Widened::Clocks => "wrong clocks",
            Widened::WhoseMail => "mails of several logins",
            Widened::SeveralErrors => "several errors at once",
            Widened::Service => "a failing replica, or the way to it",
        })
    }
}

/// Whether something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It certainly is.
    Yes,
    /// It certainly is not.
    No,
    /// It cannot be known.
    Maybe(Widened),
}

impl Known {
    /// From what is certain and what is possible.
    pub(crate) fn of(certain: bool, possible: bool, why: Widened) -> Known {
        match (certain, possible) {
            (true, _) => Known::Yes,
            (_, false) => Known::No,
            _ => Known::Maybe(why),
        }
    }

    /// What can be seen from the request itself.
    pub(crate) fn certain(holds: bool) -> Known {
        if holds { Known::Yes } else { Known::No }
    }

    /// The opposite.
    pub(crate) fn negated(self) -> Known {
        match self {
            Known::Yes => Known::No,
            Known::No => Known::Yes,
            maybe => maybe,
        }
    }

    /// Whether both are so.
    pub(crate) fn and(self, other: Known) -> Known {
        match (self, other) {
            (Known::No, _) | (_, Known::No) => Known::No,
            (Known::Yes, other) => other,
            (maybe, _) => maybe,
        }
    }

    /// Whether one of them is so.
    pub(crate) fn or(self, other: Known) -> Known {
        self.negated().and(other.negated()).negated()
    }
}

/// The allowed answers.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    members: Vec<(Expected, Option<Widened>)>,
    /// Why what comes next may not be reached.
    doubt: Option<Widened>,
    closed: bool,
    /// "Not now": no answer to what was asked.
    not_now: Vec<(Expected, Widened)>,
}

impl Allowed {
    /// One rule after the other, as the service's documents order them: if `holds`, then this is the answer; later rules
    /// count only as far as it may not hold.
    pub(crate) fn when(&mut self, holds: Known, expected: impl FnOnce() -> Expected) {
        if self.closed {
            return;
        }
        match holds {
            Known::No => {}
            Known::Yes => {
                self.members.push((expected(), self.doubt));
                self.closed = true;
            }
            Known::Maybe(why) => {
                self.members.push((expected(), Some(why)));
                self.doubt = Some(why);
            }
        }
    }

    /// If no rule before this was certain, this is the answer.
    pub(crate) fn otherwise(&mut self, expected: impl FnOnce() -> Expected) {
        self.when(Known::Yes, expected);
    }

    /// Besides what the rules say.
    pub(crate) fn or(&mut self, why: Widened, expected: Expected) {
        self.members.push((expected, Some(why)));
    }

    /// Besides, that it cannot be done now.
    pub(crate) fn or_not_now(&mut self, why: Widened, expected: Expected) {
        self.not_now.push((expected, why));
    }

    /// Each of the answers has this header.
    pub(crate) fn with_header(&mut self, name: &'static str, value: &str) {
        let not_now = self.not_now.iter_mut().map(|(expected, _)| expected);
        for expected in self.members.iter_mut().map(|(expected, _)| expected).chain(not_now) {
            expected.headers.insert(name, Some(value.to_owned()));
        }
    }

    /// Whether the rules have come to an end.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Judges an answer.
    ///
    /// # Errors
    /// It is none of them: what it is, and what was allowed, with the sentences.
    pub(crate) fn judge(&self, answer: &Answer) -> Result<&'static str, Wrong> {
        let mut nearest: Option<(&Expected, String)> = None;
        let not_now = self.not_now.iter().map(|(expected, _)| expected);
        for expected in self.members.iter().map(|(expected, _)| expected).chain(not_now) {
            if !expected.is_kind_of(answer) {
                continue;
            }
            match expected.check(answer) {
                Ok(()) => return Ok(expected.label),
                Err(why) => nearest = nearest.or(Some((expected, why))),
            }
        }
        Err(match nearest {
            Some((expected, why)) => Wrong {
                reason: format!("{}-differs", slug(expected.label)),
                what: format!("{}, but {why} ({})", expected.label, expected.sentence),
            },
            None => {
                let allowed: Vec<String> = (self.members.iter())
                    .map(|(expected, _)| format!("{} ({})", expected.label, expected.sentence))
                    .collect();
                Wrong {
                    reason: format!("not-{}", self.members.first().map_or("".into(), |(e, _)| slug(e.label))),
                    what: format!("{}; allowed was {}", answer.describe(), allowed.join(", or ")),
                }
            }
        })
    }

    /// How many different answers to what was asked are allowed, and what widened the set. "Not now" is none.
    pub(crate) fn size(&self) -> (usize, Vec<Widened>) {
        let mut labels: Vec<&str> = self.members.iter().map(|(expected, _)| expected.label).collect();
        labels.sort_unstable();
        labels.dedup();
        let mut why: Vec<Widened> = self.members.iter().filter_map(|(_, why)| *why).collect();
        why.sort_unstable();
        why.dedup();
        (labels.len(), why)
    }
}

/// What was wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// As a slug, without names and numbers.
    pub(crate) reason: String,
    /// In words.
    pub(crate) what: String,
}

/// How large the sets were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Answers that were judged.
    pub judged: u64,
    /// Of these, those of which exactly one was allowed.
    pub exact: u64,
    /// What widened the other sets, and how often.
    pub widened: BTreeMap<Widened, u64>,
    /// How often "not now" was allowed besides, and how often it was said.
    pub not_now: (u64, u64),
}

impl Sizes {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Sizes) {
        self.judged += other.judged;
        self.exact += other.exact;
        for (why, times) in &other.widened {
            *self.widened.entry(*why).or_default() += times;
        }
        self.not_now.0 += other.not_now.0;
        self.not_now.1 += other.not_now.1;
    }

    /// Counts a number that somebody was told: exactly one was right, or several were.
    pub(crate) fn count_number(&mut self, is_exact: bool, why: Widened) {
        self.judged += 1;
        match is_exact {
            true => self.exact += 1,
            false => *self.widened.entry(why).or_default() += 1,
        }
    }

    /// Counts one set.
    pub(crate) fn count(&mut self, allowed: &Allowed, said_not_now: bool) {
        let (size, why) = allowed.size();
        self.not_now.0 += u64::from(!allowed.not_now.is_empty());
        self.not_now.1 += u64::from(said_not_now);
        self.judged += 1;
        if size <= 1 {
            self.exact += 1;
            return;
        }
        for why in why {
            *self.widened.entry(why).or_default() += 1;
        }
    }
}

pub(crate) fn slug(label: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let mut slug: String = label.chars().map(plain).collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    slug.trim_matches('-').to_owned()
}
