//! Twins: the same code in the same login within some seconds is one attempt, with one outcome, and charged once
//! (core/LIMITS.md: same attempt). Which attempts are one, and how each counts.

use crate::{
    counter::Counted,
    index::Flow,
    judge::Judge,
    mailed_code::answered_with,
    seen::{Done, Seen},
    times::Times,
};

/// For so long, milliseconds, the twin of an attempt certainly waits for its outcome.
const WAITS_MS: u64 = 2_000;

/// Refusals of attempts that were judged, or stopped by a limiter.
pub(crate) const REFUSALS: [&str; 5] = [
    "wrong-code",
    "too-many-attempts",
    "too-many-from-here",
    "too-many-logins",
    "locked",
];

impl Judge<'_> {
    /// How an attempt counts in its login, whoever asks; `None`: it does not.
    pub(crate) fn counted(&self, flow: &Flow, place: usize) -> Option<Counted> {
        *self.counted[place].get_or_init(|| self.count(flow, place))
    }

    /// The attempts that certainly are one with this one, itself included, in their order: the same code in the same login
    /// within some seconds, all refused, and nothing broken meanwhile. `None`: it has no twin, or it cannot be known which
    /// attempts are one.
    pub(crate) fn same_attempt(&self, flow: &Flow, place: usize) -> Option<Vec<usize>> {
        let own = &self.index.seen[place];
        own.digits?;
        let is_refused = |one: &Seen<'_>| REFUSALS.iter().any(|error| answered_with(one, error));
        let same_ms = self.setting("same attempt");
        let slack_ms = self.dates_ms(own.times);
        let mut same: Vec<usize> = flow.verifies.clone();
        same.retain(|other| {
            let other = &self.index.seen[*other];
            other.digits == own.digits && (other.done() != Done::No || is_refused(other))
        });
        same.sort_by_key(|place| (self.index.seen[*place].times.from_ms, *place));
        // Those with a time between them that is too long for twins are different attempts.
        let may_be_twins = |earlier: &usize, later: &usize| {
            let (earlier, later) = (&self.index.seen[*earlier], &self.index.seen[*later]);
            later.times.from_ms <= earlier.effect().to_ms.saturating_add(same_ms + slack_ms)
        };
        let group = same.chunk_by(may_be_twins).find(|group| group.contains(&place))?;
        if group.len() < 2 {
            return None;
        }
        let seen = || group.iter().map(|place| &self.index.seen[*place]);
        let from_ms = seen().map(|one| one.times.from_ms).min()?;
        let to_ms = seen().map(|one| one.times.to_ms).max()?;
        // The note of an attempt is kept from its beginning; who comes later than that is judged anew. A twin waits for a
        // moment only for the outcome of the first, which is known when anybody has been told it.
        let is_close = to_ms + slack_ms < from_ms + same_ms;
        let told_ms = seen().map(|one| one.times.to_ms).min()?;
        let is_quick = seen().all(|one| told_ms < one.times.from_ms + WAITS_MS);
        let is_calm = slack_ms == 0
            && !self.troubles.any(from_ms, to_ms, |touches| {
                touches.store || touches.directory || touches.service
            });
        let known = seen().all(is_refused) && is_close && is_quick && is_calm;
        // A code is bound to the address of its login (inventory 5).
        let at = |place: &usize| &self.index.attempted[place].possible;
        let is_at_one = group
            .iter()
            .all(|other| at(other).len() == 1 && at(other) == at(&group[0]));
        let known = known && is_at_one;
        let told = Times::new(from_ms, to_ms);
        (known && !self.store_forgot(told, told)).then(|| group.to_vec())
    }

    fn count(&self, flow: &Flow, place: usize) -> Option<Counted> {
        let other = &self.index.seen[place];
        let refused = REFUSALS.iter().any(|error| answered_with(other, error));
        if other.digits.is_none() || (other.done() == Done::No && !refused) {
            return None;
        }
        if let Some(same) = self.same_attempt(flow, place) {
            let times = same.iter().map(|place| self.index.seen[*place].times);
            let from_ms = times.clone().map(|times| times.from_ms).min()?;
            let to_ms = times.map(|times| times.to_ms).max()?;
            let counted = Counted::new(Times::new(from_ms, to_ms), true);
            return (same.first() == Some(&place)).then_some(counted); // for all of them
        }
        // Its twin may have been charged instead; who meets the session that the code has opened is not charged at all.
        let same_ms = self.setting("same attempt") + self.dates_ms(other.times);
        let has_twin = flow.verifies.iter().map(|place| &self.index.seen[*place]).any(|twin| {
            twin.record != other.record
                && twin.digits == other.digits
                && twin.effect().may_precede(other.times)
                && (twin.done() == Done::Yes || other.times.from_ms <= twin.effect().to_ms.saturating_add(same_ms))
        });
        Some(Counted::new(other.effect(), !has_twin && other.done() != Done::Maybe))
    }
}
