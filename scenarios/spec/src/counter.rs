//! Fixed windows, as far as they can be known from outside: how often something was counted before an attempt, at least and
//! at most.

use crate::{
    allowed::{Known, Widened},
    times::Times,
};

/// Something that may have been counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// When.
    pub(crate) times: Times,
    /// Whether it certainly was.
    pub(crate) certain: bool,
    /// What its own answer says: that it was within the limit, or over it.
    pub(crate) said: Option<Said>,
}

/// What the answer to an attempt says of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Within,
    Over,
}

impl Counted {
    /// One of which no answer says anything.
    pub(crate) fn new(times: Times, certain: bool) -> Counted {
        Counted {
            times,
            certain,
            said: None,
        }
    }
}

/// A window: it begins with the first attempt, and nothing prolongs it (core/LIMITS.md, "Windows").
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// How many it admits.
    pub(crate) limit: u64,
    /// Its length, milliseconds.
    pub(crate) lasts_ms: u64,
    /// By how much clocks may be wrong, milliseconds.
    pub(crate) clocks_ms: u64,
}

/// What may have been counted, in one of the ways in which it can have come.
#[derive(Debug, Clone, Copy)]
struct State {
    /// When the window began; `None`: nothing was counted.
    began: Option<Times>,
    at_least: u64,
    at_most: u64,
}

/// Of more ways than that, some become one of which less is known.
const WAYS_MAX: usize = 24;

/// An attempt among others.
struct Placed {
    times: Times,
    certain: bool,
    /// Only if it is known what came before it.
    said: Option<Said>,
    /// From when to when its window began, if it began one: somebody who came at the same moment may have been the first.
    begins: Times,
}

impl Window {
    /// Whether one more attempt is over the limit; `others` are all other attempts, in any order. `forgets` says whether what
    /// was counted from one time to another may be forgotten.
    pub(crate) fn refuses(&self, others: &[Counted], own: Times, forgets: impl Fn(Times, Times) -> bool) -> Known {
        let mut earlier: Vec<&Counted> = others.iter().filter(|other| other.times.may_precede(own)).collect();
        earlier.sort_by_key(|other| other.times.from_ms);
        // No window is longer than one: what is older does not count, whatever the store has forgotten since.
        let reach_ms = self.lasts_ms.saturating_add(self.clocks_ms);
        let is_recent = |other: &&&Counted| other.times.to_ms.saturating_add(reach_ms) > own.from_ms;
        let recent = earlier.iter().filter(is_recent).count() as u64;
        let mut ways = vec![State {
            began: None,
            at_least: 0,
            at_most: 0,
        }];
        let mut forgotten = false;
        let begins = moments(&earlier);
        for (place, other) in earlier.iter().enumerate() {
            let lost = forgets(other.times, own);
            forgotten |= lost;
            let certain = other.certain && !lost && other.times.is_before(own);
            let placed = Placed {
                times: other.times,
                certain,
                said: other.said.filter(|_| certain && begins[place].alone),
                begins: begins[place].times,
            };
            ways = self.count(&ways, &placed);
        }
        let over = ways.iter().map(|state| self.one_more(*state, own));
        let at_least = over.clone().map(|(least, _)| least).min().unwrap_or(1);
        let at_most = match forgotten {
            true => recent + 1,
            false => over.map(|(_, most)| most).max().unwrap_or(1).min(recent + 1),
        };
        let is_in_one = |state: &State| state.began.is_some_and(|began| self.relation(began, own).0);
        let why = match (
            forgotten,
            self.clocks_ms > 0,
            ways.iter().all(is_in_one) && ways.len() == 1,
        ) {
            (true, ..) => Widened::StoreForgot,
            (_, true, _) => Widened::Clocks,
            (_, _, false) => Widened::Edge,
            _ => Widened::Race,
        };
        Known::of(at_least > self.limit, at_most > self.limit, why)
    }

    /// How often it is counted with an attempt at that time, at least and at most.
    fn one_more(&self, state: State, own: Times) -> (u64, u64) {
        match state.began.map(|began| self.relation(began, own)) {
            Some((true, _)) => (state.at_least + 1, state.at_most + 1),
            None | Some((_, true)) => (1, 1),
            Some(_) => (1, state.at_most + 1),
        }
    }

    /// Whether an attempt certainly falls into the window that began then; whether it certainly begins another.
    fn relation(&self, began: Times, at: Times) -> (bool, bool) {
        let same = at.to_ms.saturating_add(self.clocks_ms) < began.from_ms.saturating_add(self.lasts_ms);
        let new = at.from_ms >= began.to_ms.saturating_add(self.lasts_ms).saturating_add(self.clocks_ms);
        (same, new)
    }

    /// All ways in which it can have come, with one more attempt.
    fn count(&self, ways: &[State], other: &Placed) -> Vec<State> {
        condensed(ways.iter().flat_map(|state| self.count_in(*state, other)).collect())
    }

    /// In which window one more attempt may fall, if the others came in one way.
    fn count_in(&self, state: State, other: &Placed) -> Vec<State> {
        let begins = State {
            began: Some(other.begins),
            at_least: 1,
            at_most: 1,
        };
        let relation = state.began.map(|began| (began, self.relation(began, other.times)));
        let (began, (same, new)) = relation.unwrap_or((other.begins, (false, true)));
        let stays = State {
            // Whoever comes at the same moment as the first may be the first.
            began: Some(match same {
                true => Times::new(began.from_ms, began.to_ms.min(other.begins.to_ms).max(began.from_ms)),
                false => began,
            }),
            at_least: state.at_least + u64::from(other.certain),
            at_most: state.at_most + 1,
        };
        match (same, new, other.said) {
            (true, ..) => vec![stays],
            (_, true, _) if other.certain => vec![begins],
            (_, true, _) => vec![begins, state], // perhaps it was not counted
            // Whoever is over the limit is not the first of a window; whoever is within it is not one more than it admits.
            (.., Some(Said::Over)) if self.limit > 0 => vec![stays],
            (.., Some(Said::Within)) if stays.at_least > self.limit => vec![begins],
            _ => vec![stays, begins],
        }
    }
}

/// From when to when somebody came, with all others of whom it is not known who came first.
#[derive(Debug, Clone, Copy)]
struct Moment {
    times: Times,
    alone: bool,
}

/// The moment of each attempt.
fn moments(sorted: &[&Counted]) -> Vec<Moment> {
    let mut groups: Vec<(Moment, usize)> = vec![];
    for one in sorted {
        match groups.last_mut() {
            Some((moment, many)) if one.times.from_ms <= moment.times.to_ms => {
                let to_ms = moment.times.to_ms.max(one.times.to_ms);
                moment.times = Times::new(moment.times.from_ms, to_ms);
                moment.alone = false;
                *many += 1;
            }
            _ => {
                let moment = Moment {
                    times: one.times,
                    alone: true,
                };
                groups.push((moment, 1));
            }
        }
    }
    let each = groups.into_iter();
    each.flat_map(|(moment, many)| std::iter::repeat_n(moment, many))
        .collect()
}

/// Ways with the same window become one; so do all, if there are too many.
fn condensed(mut ways: Vec<State>) -> Vec<State> {
    let from = |state: &State| state.began.map(|began| (began.from_ms, began.to_ms));
    ways.sort_by_key(from);
    let mut all: Vec<State> = vec![];
    for way in ways {
        match all.last_mut().filter(|last| from(last) == from(&way)) {
            Some(last) => *last = merged(*last, way),
            None => all.push(way),
        }
    }
    if all.len() <= WAYS_MAX {
        return all;
    }
    all.into_iter().reduce(merged).into_iter().collect()
}

fn merged(one: State, other: State) -> State {
    let began = match (one.began, other.began) {
        (Some(one), Some(other)) => Some(Times::new(one.from_ms.min(other.from_ms), one.to_ms.max(other.to_ms))),
        // It may not have begun at all.
        (began, None) | (None, began) => began.map(|began| Times::new(began.from_ms, u64::MAX)),
    };
    State {
        began,
        at_least: one.at_least.min(other.at_least),
        at_most: one.at_most.max(other.at_most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window {
        limit: 2,
        lasts_ms: 1000,
        clocks_ms: 0,
    };

    fn counted(all: &[(u64, u64, bool)]) -> Vec<Counted> {
        let one = |&(from, to, certain): &(u64, u64, bool)| Counted::new(Times::new(from, to), certain);
        all.iter().map(one).collect()
    }

    #[test]
    fn what_is_certain_and_what_is_not() {
        let refuses = |others: &[(u64, u64, bool)], at: (u64, u64)| {
            WINDOW.refuses(&counted(others), Times::new(at.0, at.1), |_, _| false)
        };
        let two = [(0, 5, true), (10, 15, true)];
        assert_eq!(refuses(&two[..1], (20, 25)), Known::No);
        assert_eq!(refuses(&two, (20, 25)), Known::Yes);
        assert_eq!(refuses(&two, (990, 1002)), Known::Maybe(Widened::Edge));
        assert_eq!(refuses(&two, (1005, 1009)), Known::No, "a window is not prolonged");
        assert_eq!(refuses(&two, (12, 25)), Known::Maybe(Widened::Race), "two at once");
        assert_eq!(
            refuses(&[(0, 5, true), (10, 15, false)], (20, 25)),
            Known::Maybe(Widened::Race)
        );
        let again = [(0, 5, true), (10, 15, true), (1005, 1009, true)];
        assert_eq!(refuses(&again, (1500, 1501)), Known::No);
        let forgets = |at: (u64, u64)| WINDOW.refuses(&counted(&two), Times::new(at.0, at.1), |_, _| true);
        assert_eq!(forgets((20, 25)), Known::Maybe(Widened::StoreForgot));
        assert_eq!(
            forgets((1012, 1013)),
            Known::No,
            "one of the two is too old in any case"
        );
    }

    #[test]
    fn what_an_answer_says_tells_windows_apart() {
        let full = [(0, 5, true), (10, 15, true), (20, 25, true)];
        let after = |at_edge: (u64, u64), said| {
            let mut others = counted(&full);
            others.push(Counted {
                said: Some(said),
                ..Counted::new(Times::new(at_edge.0, at_edge.1), true)
            });
            WINDOW.refuses(&others, Times::new(1500, 1501), |_, _| false)
        };
        assert_eq!(after((998, 1003), Said::Within), Known::No, "it began a window, alone");
        assert_eq!(after((998, 1003), Said::Over), Known::No, "its window has ended since");
        let mut others = counted(&full);
        others.push(Counted {
            said: Some(Said::Within),
            ..Counted::new(Times::new(998, 1003), true)
        });
        others.push(Counted::new(Times::new(1100, 1101), true));
        let refused = |others: &[Counted]| WINDOW.refuses(others, Times::new(1500, 1501), |_, _| false);
        assert_eq!(refused(&others), Known::Yes, "two since the edge");
        others[3].said = None;
        assert!(matches!(refused(&others), Known::Maybe(_)), "of which nobody has told");
        // Somebody else came at the same moment: either may have been the first.
        others[3].said = Some(Said::Within);
        others.push(Counted::new(Times::new(1000, 1002), false));
        assert!(matches!(refused(&others), Known::Maybe(_)));
    }
}
