//! Failures in a row at an address: how many are counted (SP 800-63B-4 section 3.2.2; core/LIMITS.md, "failures in a row").
//!
//! They are counted durably: no failover forgets them. Each attempt counts as one before it is judged, until it succeeds, and so
//! do those under way at the same moment. What happens in a known browser counts there. A success forgets what was counted before
//! it, wherever it was, and so does an operator who unlocks the address. Nothing else does.

use crate::{
    allowed::Known,
    commands::{Asks, Told},
    counter::Counted,
    index::{Flow, Operated},
    judge::Judge,
    mailed_code::answered_with,
    seen::{Done, Seen},
    times::Times,
};

/// What has been done at an address.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// What may have been counted as a failure.
    failures: Vec<Counted>,
    /// What may have forgotten the failures before it.
    pub(crate) resets: Vec<Counted>,
    /// Successes that certainly were the only ones with their code: each also forgets that it was counted itself.
    successes: Vec<Times>,
}

impl Row {
    /// How many are counted at a time, at least and at most.
    pub(crate) fn count(&self, at: Times) -> (u64, u64) {
        let is_forgotten = |failure: &&Counted| {
            let certain = self.resets.iter().filter(|reset| reset.certain);
            certain
                .map(|reset| reset.times)
                .any(|reset| failure.times.is_before(reset) && reset.is_before(at))
        };
        let may_be_forgotten = |failure: &&Counted| {
            let possible = self.resets.iter().filter(|reset| reset.times.may_precede(at));
            possible.into_iter().any(|reset| !reset.times.is_before(failure.times))
        };
        let possible = self.failures.iter().filter(|failure| failure.times.may_precede(at));
        let under_way = self
            .successes
            .iter()
            .filter(|success| success.may_precede(at) && !success.is_before(at));
        let certain = self
            .failures
            .iter()
            .filter(|failure| failure.certain && failure.times.is_before(at));
        let at_most = possible.filter(|failure| !is_forgotten(failure)).count() + under_way.count();
        let at_least = certain.filter(|failure| !may_be_forgotten(failure)).count();
        (at_least as u64, at_most as u64)
    }
}

impl Judge<'_> {
    /// How many failures in a row are counted at an address at a time, at least and at most, but for some attempts.
    pub(crate) fn failures_at(&self, address: &str, at: Times, but_for: &[usize]) -> (u64, u64) {
        let mut row = self.attempts_at(address, but_for);
        row.resets.extend(self.unlocks_of(address).map(|(_, unlock)| unlock));
        row.count(at)
    }

    /// What people and attackers have done at an address.
    pub(crate) fn attempts_at(&self, address: &str, but_for: &[usize]) -> Row {
        let mut row = Row::default();
        for place in self.index.verifies_at.get(address).into_iter().flatten() {
            let one = &self.index.seen[*place];
            let flow = one.flow.and_then(|flow| self.index.flows.get(&flow));
            let Some(flow) = flow.filter(|_| !but_for.contains(place)) else {
                continue;
            };
            let is_at_one = self.index.attempted[place].possible.len() == 1;
            let by_known = self.known(one, address);
            let success = self.success(flow, one).filter(|_| is_at_one);
            if one.done() != Done::No {
                row.resets.push(Counted::new(
                    success.map_or(one.effect(), |(times, _)| times),
                    success.is_some(),
                ));
            }
            let is_charged = self
                .same_attempt(flow, *place)
                .is_none_or(|same| same.first() == Some(place));
            let counts = one.done() != Done::No || answered_with(one, "wrong-code");
            if !counts || !is_charged || by_known == Known::Yes {
                continue;
            }
            match success {
                Some((times, true)) => row.successes.push(times),
                _ => row.failures.push(Counted::new(
                    one.effect(),
                    one.done() == Done::No
                        && is_at_one
                        && by_known == Known::No
                        && self.counted(flow, *place).is_some_and(|counted| counted.certain),
                )),
            }
        }
        row
    }

    /// When a success was noted, if it certainly was, and whether it was the only one with its code. Whoever presses again meets
    /// the session that is open, and notes nothing: then it was the first one, or one that was under way together with it.
    fn success(&self, flow: &Flow, one: &Seen<'_>) -> Option<(Times, bool)> {
        if one.done() != Done::Yes {
            return None;
        }
        let presses = flow.verifies.iter().map(|place| &self.index.seen[*place]);
        let same: Vec<&Seen<'_>> = presses
            .filter(|other| other.digits == one.digits && other.done() != Done::No)
            .filter(|other| other.times.may_precede(one.times))
            .collect();
        let from_ms = same.iter().map(|other| other.times.from_ms).min()?;
        let to_ms = same.iter().map(|other| other.effect().to_ms).max()?;
        let is_calm = !self
            .troubles
            .any(from_ms, to_ms, |touches| touches.directory || touches.service);
        let all_done = same.iter().all(|other| other.done() == Done::Yes);
        (is_calm && all_done).then_some((Times::new(from_ms, to_ms), same.len() == 1))
    }

    /// What operators did, or may have done, to unlock an address.
    pub(crate) fn unlocks_of(&self, address: &str) -> impl Iterator<Item = (&Operated<'_>, Counted)> {
        let all = self
            .index
            .operated
            .iter()
            .filter(move |operated| operated.command.address == address);
        all.filter_map(|operated| {
            let certain = match (operated.command.asks, operated.command.told) {
                (Asks::Unlock, Told::Unlocked) => true,
                (Asks::Unlock, Told::Failed { in_doubt: true, .. }) => false,
                _ => return None,
            };
            let times = operated.times;
            Some((operated, Counted::new(times, certain)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Times = Times {
        from_ms: 100,
        to_ms: 110,
    };

    fn one(from_ms: u64, to_ms: u64, certain: bool) -> Counted {
        Counted::new(Times::new(from_ms, to_ms), certain)
    }

    fn count(failures: &[Counted], resets: &[Counted]) -> (u64, u64) {
        let row = Row {
            failures: failures.to_vec(),
            resets: resets.to_vec(),
            successes: vec![],
        };
        row.count(AT)
    }

    #[test]
    fn failures_count_before_and_perhaps_at_the_same_time() {
        let failures = [
            one(0, 10, true),
            one(20, 30, false),
            one(90, 105, true),
            one(111, 120, true),
        ];
        assert_eq!(count(&failures[..1], &[]), (1, 1));
        assert_eq!(count(&failures[..2], &[]), (1, 2), "in doubt");
        assert_eq!(count(&failures[..3], &[]), (1, 3), "under way");
        assert_eq!(count(&failures, &[]), (1, 3), "later");
    }

    #[test]
    fn a_reset_forgets_what_was_before_it_and_nothing_else() {
        let failures = [one(0, 10, true), one(40, 50, true)];
        assert_eq!(count(&failures, &[one(20, 30, true)]), (1, 1));
        assert_eq!(count(&failures, &[one(60, 70, true)]), (0, 0));
        assert_eq!(
            count(&failures, &[one(45, 70, true)]),
            (0, 1),
            "at the same time as the second"
        );
        assert_eq!(count(&failures, &[one(60, 105, true)]), (0, 2), "not over yet");
        assert_eq!(count(&failures, &[one(60, 70, false)]), (0, 2), "in doubt");
        assert_eq!(
            count(&failures, &[one(20, 30, false)]),
            (1, 2),
            "in doubt, and before the second"
        );
        assert_eq!(count(&failures, &[one(111, 120, true)]), (2, 2), "later");
        assert_eq!(count(&failures, &[]), (2, 2));
    }

    #[test]
    fn a_success_counts_only_while_it_is_under_way() {
        let row = |from_ms, to_ms| Row {
            failures: vec![],
            resets: vec![one(from_ms, to_ms, true)],
            successes: vec![Times::new(from_ms, to_ms)],
        };
        assert_eq!(row(80, 90).count(AT), (0, 0));
        assert_eq!(row(90, 105).count(AT), (0, 1));
        assert_eq!(row(111, 120).count(AT), (0, 0));
    }
}
