//! What ends a session before its time (core/LIMITS.md, "Sessions"): signing out, and a session that takes its place in the same
//! browser, as soon as the cookie of that one comes. Sessions of one person that follow each other so are one, whose codes and
//! tokens go on until somebody signs out.

use crate::{
    allowed::{Known, Widened},
    index::Session,
    judge::Judge,
    secret::Tag,
    seen::{Done, Seen},
};
use std::collections::BTreeMap;

/// What ends something: an exchange, by its place, and whether it does if what it asked for was done.
type Ending = (usize, Known);

/// What ends each session.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    /// Its cookie is of no use from then on.
    of_cookie: BTreeMap<Tag, Vec<Ending>>,
    /// Its codes and tokens are of no use from then on.
    of_grants: BTreeMap<Tag, Vec<Ending>>,
}

impl Judge<'_> {
    /// Whether somebody had ended a session before an exchange.
    pub(crate) fn was_ended(&self, session: &Session, seen: &Seen<'_>) -> Known {
        self.any_before(self.endings().of_cookie.get(&session.cookie), seen)
    }

    /// Whether the codes and tokens of a session are of no use any more: its person was signed out.
    pub(crate) fn was_signed_out(&self, session: Option<Tag>, seen: &Seen<'_>) -> Known {
        let endings = session.and_then(|session| self.endings().of_grants.get(&session));
        self.any_before(endings, seen)
    }

    /// Who is signed out, by the way, by an exchange: people whose sessions in the same browser another person's takes the place of.
    pub(crate) fn signed_out_by(&self, seen: &Seen<'_>) -> Vec<(String, Known)> {
        let cookie = seen.cookie(&self.index.session_cookie()).map(|cookie| cookie.tag);
        let Some(current) = cookie.and_then(|cookie| self.index.sessions.get(&cookie)) else {
            return vec![];
        };
        let place = |places: &[usize]| places.iter().any(|place| self.index.seen[*place].record == seen.record);
        if !place(&current.presented) && !place(&current.ended) {
            return vec![];
        }
        let is_done = Known::of(seen.done() == Done::Yes, true, Widened::InDoubt);
        let mut people = vec![];
        for (earlier, is_sure) in self.replaced(current) {
            let happened = Known::of(is_sure, true, Widened::Race)
                .and(is_done)
                .and(self.is_live(current, seen))
                .and(self.is_live(earlier, seen))
                .and(self.is_one_session(current, earlier).negated());
            let of = self.people_of(earlier);
            let happened = Known::of(of.len() == 1, !of.is_empty(), Widened::WhoseMail).and(happened);
            people.extend(of.into_iter().map(|person| (person.id, happened)));
        }
        people
    }

    fn any_before(&self, endings: Option<&Vec<Ending>>, seen: &Seen<'_>) -> Known {
        let mut ended = Known::No;
        for (place, ends) in endings.into_iter().flatten() {
            let other = &self.index.seen[*place];
            if other.record != seen.record {
                ended = ended.or(ends.and(self.precedes(other, seen)));
            }
        }
        ended
    }

    fn endings(&self) -> &Endings {
        self.endings.get_or_init(|| {
            let mut endings = Endings::default();
            for group in self.related() {
                for session in &group {
                    let (of_cookie, of_grants) = self.endings_of(session, &group);
                    endings.of_cookie.insert(session.cookie, of_cookie);
                    endings.of_grants.insert(session.cookie, of_grants);
                }
            }
            endings
        })
    }

    /// The sessions in groups: those that took each other's places.
    fn related(&self) -> Vec<Vec<&Session>> {
        let sessions = &self.index.sessions;
        let mut group_of: BTreeMap<Tag, Tag> = sessions.keys().map(|cookie| (*cookie, *cookie)).collect();
        for (cookie, session) in sessions {
            for other in &session.replaces {
                let (one, other) = (group_of[cookie], group_of[other]);
                for group in group_of.values_mut().filter(|group| **group == other) {
                    *group = one;
                }
            }
        }
        let mut groups: BTreeMap<Tag, Vec<&Session>> = BTreeMap::new();
        for (cookie, group) in group_of {
            groups.entry(group).or_default().push(&sessions[&cookie]);
        }
        groups.into_values().collect()
    }

    fn endings_of(&self, session: &Session, group: &[&Session]) -> (Vec<Ending>, Vec<Ending>) {
        let (mut of_cookie, mut of_grants) = (vec![], vec![]);
        if let [_] = group {
            let own: Vec<Ending> = session.ended.iter().map(|place| (*place, Known::Yes)).collect();
            return (own.clone(), own);
        }
        let is_own = |other: &Session| other.cookie == session.cookie;
        for other in group {
            let replaced = self.replaced(other);
            let mut below = Known::No;
            let mut grants_below = Known::No;
            for (earlier, is_sure) in &replaced {
                let sure = Known::of(*is_sure, true, Widened::Race);
                below = below.or(sure.and(Known::certain(is_own(earlier))));
                grants_below = grants_below.or(sure.and(self.is_one_session(earlier, session)));
            }
            let one = self.is_one_session(other, session);
            // Signing out, with a cookie that was of use still.
            for place in &other.ended {
                let was_there = match is_own(other) {
                    true => Known::Yes,
                    false => self.was_there(other, &self.index.seen[*place], group),
                };
                let ends = was_there.and(one.or(grants_below));
                of_cookie.push((*place, ends.or(was_there.and(below))));
                of_grants.push((*place, ends));
            }
            // A cookie that takes the place of others.
            for place in self.first_of(&other.presented) {
                let seen = &self.index.seen[place];
                let lives = self.expired(self.authenticated(other), self.setting("session"), seen.times);
                let ends = lives.negated().and(grants_below).and(one.negated());
                of_cookie.push((place, lives.negated().and(below).or(ends)));
                of_grants.push((place, ends));
            }
        }
        for endings in [&mut of_cookie, &mut of_grants] {
            endings.retain(|(_, ends)| *ends != Known::No);
        }
        (of_cookie, of_grants)
    }

    /// Whether a session had not been replaced when something was asked with its cookie.
    fn was_there(&self, session: &Session, at: &Seen<'_>, group: &[&Session]) -> Known {
        let mut there = self
            .expired(self.authenticated(session), self.setting("session"), at.times)
            .negated();
        for other in group {
            for (earlier, is_sure) in self.replaced(other) {
                if earlier.cookie != session.cookie {
                    continue;
                }
                for place in self.first_of(&other.presented) {
                    let came = self.precedes(&self.index.seen[place], at);
                    there = there.and(Known::of(is_sure, true, Widened::Race).and(came).negated());
                }
            }
        }
        there
    }

    /// The first of these that certainly was done, and what may have been done before it.
    fn first_of(&self, places: &[usize]) -> Vec<usize> {
        let seen = |place: &usize| &self.index.seen[*place];
        let done = places.iter().map(seen).filter(|one| one.done() == Done::Yes);
        let first_ms = done.map(|one| one.times.to_ms).min().unwrap_or(u64::MAX);
        let places = places.iter().copied();
        places.filter(|place| seen(place).times.from_ms <= first_ms).collect()
    }
}
