//! Limits of clients, and browsers that are free of what strangers use up (core/LIMITS.md, "Limits" and "Known browsers"; SP
//! 800-63B-4 section 3.2.2).

use crate::{
    Tag,
    allowed::{Known, Widened},
    counter::{Counted, Said, Window},
    expect::Expected,
    judge::Judge,
    mailed_code::{Press, answered_with},
    seen::{Done, Seen},
    times::Times,
};

/// The error with which a client is refused that has had too many, wherever it tried.
pub(crate) const FROM_HERE: &str = "too-many-from-here";

/// The page that says so.
pub(crate) fn from_here(judge: &Judge<'_>) -> Expected {
    let window_s = (judge.setting("limits") / 1000).to_string();
    let sentence = "core/LIMITS.md: attempts, or mails, of a client; RFC 7239 section 8.1";
    Expected::error_page(FROM_HERE, sentence, 429).header("retry-after", window_s)
}

/// What the answers to attempts, or to presses that are one, say of a limit: `over` is the refusal of those who are over it, and
/// `later` are refusals that come only after it.
pub(crate) fn said<'s>(
    answers: impl Iterator<Item = &'s Seen<'s>> + Clone,
    over: &str,
    later: &[&str],
) -> Option<Said> {
    let is_over = answers.clone().all(|seen| answered_with(seen, over));
    let is_within = |seen: &Seen<'_>| seen.done() == Done::Yes || later.iter().any(|error| answered_with(seen, error));
    match (is_over, answers.clone().any(is_within)) {
        (true, _) => Some(Said::Over),
        (_, true) => Some(Said::Within),
        _ => None,
    }
}

impl Judge<'_> {
    /// Whether the browser that asks is one in which the person with this address has logged in before.
    pub(crate) fn known(&self, seen: &Seen<'_>, address: &str) -> Known {
        let asked = (seen.record, address.to_owned());
        if let Some(known) = self.known.borrow().get(&asked) {
            return *known;
        }
        let known = self.is_known(seen, address);
        self.known.borrow_mut().insert(asked, known);
        known
    }

    fn is_known(&self, seen: &Seen<'_>, address: &str) -> Known {
        let index = &self.index;
        let Some(cookie) = seen.cookie(&index.known_cookie()).map(|cookie| cookie.tag) else {
            return Known::No;
        };
        let mut known = Known::No;
        for place in index.known.get(&cookie).into_iter().flatten() {
            let at = &index.attempted[place].possible;
            if !at.iter().any(|possible| possible == address) {
                continue;
            }
            let login = &index.seen[*place];
            let expired = self.expired(login.times, self.setting("known browser"), seen.times);
            let one = self.precedes(login, seen).and(expired.negated());
            let one = match one {
                Known::Yes if at.len() > 1 || self.is_being_noted(*place, seen) => Known::Maybe(Widened::Race),
                Known::Yes if self.may_not_be_noted(login) => Known::Maybe(Widened::Directory),
                one => one,
            };
            known = match (known, one) {
                (Known::Yes, _) | (_, Known::Yes) => Known::Yes,
                (Known::No, one) => one,
                (maybe, _) => maybe,
            };
        }
        if known == Known::No {
            return known;
        }
        known
            .and(self.has_too_many_since(&cookie, seen, address).negated())
            .and(self.failed_too_often(seen, address).negated())
    }

    /// Whether the person has logged in in so many other browsers since the last login in this one that it is known no longer.
    fn has_too_many_since(&self, cookie: &Tag, seen: &Seen<'_>, address: &str) -> Known {
        let index = &self.index;
        let last = |places: &[usize]| {
            let logins = places.iter().map(|place| &index.seen[*place]);
            let before = logins.filter(|login| self.precedes(login, seen) != Known::No);
            before.max_by_key(|login| login.times.from_ms)
        };
        let Some(own) = index.known.get(cookie).and_then(|places| last(places)) else {
            return Known::No;
        };
        let (mut certain, mut possible) = (0, 0);
        for (_, places) in index.known.iter().filter(|(other, _)| *other != cookie) {
            let is_here = |place: &&usize| index.attempted[place].possible.iter().any(|at| at == address);
            let here: Vec<usize> = places.iter().filter(is_here).copied().collect();
            let Some(login) = last(&here) else { continue };
            let is_noted = self.precedes(login, seen) == Known::Yes && !self.may_not_be_noted(login);
            certain += u64::from(is_noted && own.effect().is_before(login.times));
            possible += u64::from(own.times.from_ms <= login.effect().to_ms);
        }
        let most = self.setting("known browsers of a person");
        Known::of(certain >= most, possible >= most, Widened::Race)
    }

    /// Whether another press of the same button may yet have to note the browser.
    fn is_being_noted(&self, place: usize, seen: &Seen<'_>) -> bool {
        let index = &self.index;
        let login = &index.seen[place];
        let flow = login.flow.and_then(|flow| index.flows.get(&flow));
        let twins = flow.into_iter().flat_map(|flow| &flow.verifies);
        let mut same = twins
            .map(|twin| &index.seen[*twin])
            .filter(|twin| twin.digits == login.digits && twin.record != seen.record);
        same.any(|twin| twin.done() != Done::No && !twin.effect().is_before(seen.times))
    }

    fn may_not_be_noted(&self, login: &Seen<'_>) -> bool {
        let Times { from_ms, to_ms } = login.times;
        self.troubles
            .any(from_ms, to_ms, |touches| touches.directory || touches.service)
    }

    /// Whether so many codes in a row were wrong in this browser that it is known no longer.
    fn failed_too_often(&self, seen: &Seen<'_>, address: &str) -> Known {
        let attempts = self.index.verifies_at.get(address).into_iter().flatten();
        let attempts = attempts.map(|place| &self.index.seen[*place]);
        let own: Vec<&Seen<'_>> = attempts.filter(|other| self.are_one(other, seen)).collect();
        let successes = own.iter().filter(|other| self.precedes(other, seen) == Known::Yes);
        let since_ms = successes.map(|other| other.times.to_ms).max().unwrap_or_default();
        let later = own.iter().filter(|other| since_ms <= other.times.to_ms);
        let (mut certain, mut possible) = (0, 0);
        for other in later.filter(|other| other.done() != Done::Yes && other.effect().may_precede(seen.times)) {
            let was_judged = answered_with(other, "wrong-code");
            certain += u64::from(was_judged && other.effect().is_before(seen.times) && since_ms <= other.times.from_ms);
            possible += u64::from(was_judged || other.done() == Done::Maybe);
        }
        let most = self.setting("failures in a row");
        Known::of(certain >= most, possible >= most, Widened::Race)
    }

    /// Whether two browsers have the same cookie of a known browser.
    pub(crate) fn are_one(&self, one: &Seen<'_>, other: &Seen<'_>) -> bool {
        let name = self.index.known_cookie();
        let cookie = |seen: &Seen<'_>| seen.cookie(&name).map(|cookie| cookie.tag);
        cookie(one).is_some() && cookie(one) == cookie(other)
    }

    /// A limit of the page, over a window.
    pub(crate) fn window(&self, row: &str, at: Times) -> Window {
        Window {
            limit: self.setting(row),
            lasts_ms: self.setting("limits"),
            clocks_ms: self.dates_ms(at),
        }
    }

    /// Whether a client has too many attempts, at this address or at all of them. `selves` are the attempts that are one with
    /// this one.
    pub(crate) fn too_many_attempts_from_here(&self, seen: &Seen<'_>, selves: &[usize], address: &str) -> Known {
        let index = &self.index;
        let counted = |place: usize, at: &[String], known: Known| -> Option<Counted> {
            let other = &index.seen[place];
            if selves.contains(&place) || known == Known::Yes || answered_with(other, "too-many-attempts") {
                return None; // the limiter of the login comes first
            }
            let flow = other.flow.and_then(|flow| index.flows.get(&flow))?;
            let mut one = self.counted(flow, place)?;
            one.certain &= at.len() == 1 && known == Known::No;
            Some(one)
        };
        let here = |place: &&usize| index.seen[**place].exchange.request.client == seen.exchange.request.client;
        let all: Vec<usize> = index.attempted.keys().filter(|place| here(place)).copied().collect();
        let window = self.window("attempts of a client", seen.times);
        let may_be_over = (all.len() as u64) >= window.limit;
        let at_address = index.verifies_at.get(address).into_iter().flatten().filter(here);
        let pair: Vec<Counted> = at_address
            .filter_map(|place| {
                let other = &index.seen[*place];
                let known = self.known(other, address);
                let mut one = counted(*place, &index.attempted[place].possible, known)?;
                // Whoever is refused may be over either limit; that of all addresses comes first.
                one.certain &= !(may_be_over && answered_with(other, FROM_HERE));
                let later = ["wrong-code", "too-many-logins", "locked"];
                one.said = said(std::iter::once(other), FROM_HERE, &later).filter(|_| !may_be_over);
                Some(one)
            })
            .collect();
        let forgets = |since, at| self.store_forgot(since, at);
        let over = self
            .window("attempts of a client at an address", seen.times)
            .refuses(&pair, seen.times, forgets);
        if over == Known::Yes || !may_be_over {
            return over;
        }
        let all: Vec<Counted> = (all.into_iter())
            .filter_map(|place| {
                let at = &index.attempted[&place].possible;
                let known = at.first().map_or(Known::No, |at| self.known(&index.seen[place], at));
                counted(place, at, known)
            })
            .collect();
        over.or(window.refuses(&all, seen.times, forgets))
    }

    /// The same of mails. Of the presses of a button that may be repetitions of each other one is counted.
    pub(crate) fn too_many_mails_from_here(&self, place: usize, to: &str) -> Known {
        let index = &self.index;
        let seen = &index.seen[place];
        let here = |place: &usize| index.seen[*place].exchange.request.client == seen.exchange.request.client;
        let window = self.window("mails of a client", seen.times);
        let sends = index.sends_to.values().flatten().filter(|place| here(place));
        let may_be_over = (sends.count() as u64) >= window.limit;
        let counted = |presses: Vec<Press>, to: &str, is_in_all: bool| -> Vec<Counted> {
            let own = presses.into_iter().filter(|press| press.places.iter().any(&here));
            let others = own.filter(|press| !press.places.contains(&place));
            others
                .filter_map(|press| {
                    let stopped = |place: &usize| answered_with(&index.seen[*place], FROM_HERE);
                    let all_here = press.places.iter().all(&here);
                    let strangers = self.press_by_known(&press, to);
                    let mut one = self.counted_press(&press)?;
                    one.certain &= all_here
                        && strangers == Known::No
                        && (is_in_all || !may_be_over || !press.places.iter().any(stopped));
                    let answers = press.places.iter().map(|place| &index.seen[*place]);
                    one.said = said(answers, FROM_HERE, &["too-many-mails"]).filter(|_| !may_be_over);
                    (strangers != Known::Yes).then_some(one)
                })
                .collect()
        };
        let forgets = |since, at| self.store_forgot(since, at);
        let pair = self.window("mails of a client to an address", seen.times);
        let over = pair.refuses(&counted(self.presses(to), to, false), seen.times, forgets);
        if over == Known::Yes || !may_be_over {
            return over;
        }
        let all: Vec<Counted> = (index.sends_to.keys())
            .flat_map(|to| counted(self.presses(to), to, true))
            .collect();
        over.or(window.refuses(&all, seen.times, forgets))
    }

    /// Whether the presses come from a browser in which the person with the address is known.
    pub(crate) fn press_by_known(&self, press: &Press, to: &str) -> Known {
        let mut known = press
            .places
            .iter()
            .map(|place| self.known(&self.index.seen[*place], to));
        let first = known.next().unwrap_or(Known::No);
        match known.all(|other| other == first) {
            true => first,
            false => Known::Maybe(Widened::Race),
        }
    }
}
