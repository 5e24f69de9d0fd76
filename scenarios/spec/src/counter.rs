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

#[derive(Debug, Clone, Copy)]
struct State {
    began: Times,
    at_least: u64,
    at_most: u64,
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
        let mut state: Option<State> = None;
        let mut forgotten = false;
        for other in earlier {
            let lost = forgets(other.times, own);
            forgotten |= lost;
            let certain = other.certain && !lost && other.times.is_before(own);
            state = Some(self.count(state, other.times, certain));
        }
        let Some(state) = state else {
            return Known::of(self.limit == 0, self.limit == 0, Widened::Race);
        };
        let (same, new) = self.relation(state.began, own);
        let at_least = if same { state.at_least + 1 } else { 1 };
        let at_most = match (forgotten, new) {
            (true, _) => recent + 1,
            (_, true) => 1,
            _ => recent.min(state.at_most) + 1,
        };
        let why = match (forgotten, self.clocks_ms > 0, same) {
            (true, ..) => Widened::StoreForgot,
            (_, true, _) => Widened::Clocks,
            (_, _, false) => Widened::Edge,
            _ => Widened::Race,
        };
        Known::of(at_least > self.limit, at_most > self.limit, why)
    }

    /// Whether an attempt certainly falls into the window that began then; whether it certainly begins another.
    fn relation(&self, began: Times, at: Times) -> (bool, bool) {
        let same = at.to_ms.saturating_add(self.clocks_ms) < began.from_ms.saturating_add(self.lasts_ms);
        let new = at.from_ms >= began.to_ms.saturating_add(self.lasts_ms).saturating_add(self.clocks_ms);
        (same, new)
    }

    fn count(&self, state: Option<State>, times: Times, certain: bool) -> State {
        let one = u64::from(certain);
        let began = match certain {
            true => times,
            false => Times::new(times.from_ms, u64::MAX), // it may not have begun here at all
        };
        let alone = State {
            began,
            at_least: one,
            at_most: 1,
        };
        let Some(state) = state else { return alone };
        match self.relation(state.began, times) {
            (true, _) => State {
                began: Times::new(state.began.from_ms, state.began.to_ms.min(began.to_ms)),
                at_least: state.at_least + one,
                at_most: state.at_most + 1,
            },
            (_, true) if certain => alone,
            _ => State {
                began: Times::new(state.began.from_ms, state.began.to_ms.max(began.to_ms)),
                at_least: one,
                at_most: state.at_most + 1,
            },
        }
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
        let one = |&(from, to, certain): &(u64, u64, bool)| Counted {
            times: Times::new(from, to),
            certain,
        };
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
}
