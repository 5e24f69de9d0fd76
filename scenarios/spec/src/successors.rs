//! Which session takes the place of which in a browser, and which of them are one under several cookies (core/LIMITS.md,
//! "Sessions").

use crate::{
    allowed::{Known, Widened},
    index::{Index, Session},
    judge::Judge,
    secret::Tag,
    seen::{Done, Seen},
};
use std::collections::{BTreeMap, BTreeSet};

impl Index<'_> {
    /// Finds out which session takes the place of which, and when the cookie of each came.
    pub(crate) fn relate_sessions(&mut self) {
        let name = self.session_cookie();
        let mut presented: BTreeMap<Tag, Vec<usize>> = BTreeMap::new();
        for (place, seen) in self.seen.iter().enumerate() {
            if let Some(cookie) = seen.cookie(&name).filter(|_| asks_who_is_signed_in(seen)) {
                presented.entry(cookie.tag).or_default().push(place);
            }
        }
        let mut replaces = BTreeMap::new();
        for (cookie, session) in &self.sessions {
            let attempts = self.flows.get(&session.flow).map_or(&[][..], |flow| &flow.verifies);
            let opened = session.opened.iter().map(|place| self.seen[*place].times.to_ms);
            let opened_ms = opened.min().unwrap_or(u64::MAX);
            // Of several attempts with the same code any may have opened it, until one has said so.
            let may_have_opened = (attempts.iter().map(|place| &self.seen[*place])).filter(|one| {
                one.digits == Some(session.digits) && one.done() != Done::No && one.times.from_ms <= opened_ms
            });
            let known = |tag: &Tag| tag != cookie && self.sessions.contains_key(tag);
            let held: BTreeSet<Option<Tag>> = may_have_opened
                .map(|one| one.cookie(&name).map(|held| held.tag).filter(known))
                .collect();
            replaces.insert(*cookie, held);
        }
        for (cookie, held) in replaces {
            let session = self.sessions.get_mut(&cookie).expect("it is one of them");
            session.is_certain = held.len() == 1;
            session.replaces = held.into_iter().flatten().collect();
            session.presented = presented.remove(&cookie).unwrap_or_default();
        }
    }
}

/// Whether a request comes as far as to the question who is signed in; if it was not answered, it may have.
fn asks_who_is_signed_in(seen: &Seen<'_>) -> bool {
    let request = seen.exchange.request;
    let is_get = matches!(request.method.as_str(), "GET" | "HEAD");
    if seen.done() == Done::No {
        return false;
    }
    match request.path.as_str() {
        "/" | "/login/continue" | "/end-session" => is_get,
        "/login/consent" => true,
        // Errors of the request itself come first.
        "/authorize" => {
            is_get
                && seen
                    .answer()
                    .is_none_or(|answer| answer.status >= 500 || is_past_errors(seen))
        }
        _ => false,
    }
}

fn is_past_errors(seen: &Seen<'_>) -> bool {
    let Some(location) = seen.answer().and_then(|answer| answer.location.as_ref()) else {
        return false;
    };
    let error = location.params.iter().find(|(name, _)| name == "error");
    let error = error.and_then(|(_, error)| error.clear());
    error.is_none_or(|error| ["login_required", "consent_required"].contains(&error))
}

impl Judge<'_> {
    /// The sessions whose places one takes, at once or one after the other, and whether it certainly does.
    pub(crate) fn replaced(&self, session: &Session) -> Vec<(&Session, bool)> {
        let mut found: Vec<(&Session, bool)> = vec![];
        let mut open: Vec<(Tag, bool)> = session.replaces.iter().map(|tag| (*tag, session.is_certain)).collect();
        while let Some((tag, is_sure)) = open.pop() {
            let earlier = &self.index.sessions[&tag];
            if tag == session.cookie || found.iter().any(|(other, _)| other.cookie == tag) {
                continue;
            }
            found.push((earlier, is_sure));
            open.extend(earlier.replaces.iter().map(|tag| (*tag, is_sure && earlier.is_certain)));
        }
        found
    }

    /// Whether two sessions are one under two cookies.
    pub(crate) fn is_one_session(&self, one: &Session, other: &Session) -> Known {
        let (one, other) = (self.origins(one), self.origins(other));
        let mut same = Known::No;
        for (tag, goes_on) in &one {
            for (_, also) in other.iter().filter(|(origin, _)| origin == tag) {
                same = same.or(goes_on.and(*also));
            }
        }
        same
    }

    /// A session, and those of which it is a continuation.
    fn origins(&self, session: &Session) -> Vec<(Tag, Known)> {
        let mut found = vec![(session.cookie, Known::Yes)];
        let mut at = 0;
        while let Some((tag, goes_on)) = found.get(at).copied() {
            let current = &self.index.sessions[&tag];
            for earlier in &current.replaces {
                if found.iter().all(|(known, _)| known != earlier) {
                    let earlier = &self.index.sessions[earlier];
                    let continued = goes_on.and(self.continues(current, earlier));
                    if continued != Known::No {
                        found.push((earlier.cookie, continued));
                    }
                }
            }
            at += 1;
        }
        found
    }

    /// Whether a session continues another one: it is the same person's, who was still logged in.
    fn continues(&self, session: &Session, earlier: &Session) -> Known {
        let sure = Known::of(session.is_certain, true, Widened::Race);
        let [people, others] = [session, earlier].map(|of| self.people_of(of));
        let are_same = people.iter().any(|person| others.contains(person));
        let is_sure = people.len() == 1 && others.len() == 1;
        let same = Known::of(are_same && is_sure, are_same || people.is_empty(), Widened::WhoseMail);
        let opened = &self.index.seen[session.opened[0]];
        let expired = self.expired(self.authenticated(earlier), self.setting("session"), opened.times);
        // Whoever has a cookie may have signed out meanwhile; whose session that ended is not asked again here.
        let mut over = Known::No;
        for place in &earlier.ended {
            over = over.or(self.precedes(&self.index.seen[*place], opened));
        }
        for other in self
            .index
            .sessions
            .values()
            .filter(|other| other.replaces.contains(&earlier.cookie))
        {
            let came = (other.presented.iter().chain(&other.ended)).map(|place| &self.index.seen[*place]);
            let mut before = came.filter(|one| other.cookie != session.cookie && one.times.may_precede(opened.times));
            over = over.or(Known::of(false, before.next().is_some(), Widened::Race));
        }
        sure.and(same).and(expired.negated()).and(over.negated())
    }
}
