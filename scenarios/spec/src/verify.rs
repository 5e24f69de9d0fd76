//! `POST /login/verify`: whether a typed code is right, and which limits come before that question.

use crate::{
    allowed::{Allowed, Known, Widened},
    counter::{Counted, Window},
    expect::{Expected, Rule},
    index::{Flow, Session},
    judge::{Judge, Needs, page_not_now},
    limits::{self, FROM_HERE, said},
    mailed_code::answered_with,
    pages,
    secret::Tag,
    seen::Seen,
    times::Times,
    twins::REFUSALS,
};

/// What may be answered.
pub(crate) fn expect(judge: &Judge<'_>, place: usize, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    judge.own_form(&mut allowed, seen);
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let found = &judge.index.attempted[&place];
        let no_code_sent = || Expected::error_page("no-code-sent", "inventory 5: first a code is asked for", 400);
        allowed.when(found.any.negated(), no_code_sent);
        match seen.digits {
            None => allowed.otherwise(|| pages::code(seen, &found.possible, Some("not-a-code"))),
            Some(digits) => {
                let attempt = Attempt {
                    judge,
                    place,
                    seen,
                    flow,
                    at: &found.possible,
                    digits,
                };
                attempt.rules(&mut allowed);
            }
        }
    }
    let needs = Needs {
        store: true,
        directory: true,
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    let meanwhile = |of| judge.troubles.any(seen.times.from_ms, seen.times.to_ms, of);
    if let Some(found) = judge.index.attempted.get(&place)
        && meanwhile(|touches| touches.directory)
        && meanwhile(|touches| touches.store)
    {
        // The session was not opened, and the code could not be put back.
        let retry_s = judge.setting("try again") / 1000;
        let page = pages::code(seen, &found.possible, Some("temporarily-in-doubt"));
        let page = Expected { status: 503, ..page }.header("retry-after", retry_s.to_string());
        allowed.or_not_now(Widened::InDoubt, page);
    }
    allowed
}

/// Six digits, typed into a login.
pub(crate) struct Attempt<'j, 'a> {
    pub(crate) judge: &'j Judge<'a>,
    place: usize,
    pub(crate) seen: &'j Seen<'a>,
    pub(crate) flow: &'j Flow,
    /// Where the code may have been sent.
    pub(crate) at: &'j [String],
    pub(crate) digits: Tag,
}

impl Attempt<'_, '_> {
    fn rules(&self, allowed: &mut Allowed) {
        // The same code again is the same login (inventory 4), as long as its session lives.
        let open = self.session().map_or(Known::No, |session| {
            let opened = self
                .judge
                .precedes(&self.judge.index.seen[session.opened[0]], self.seen);
            opened.and(self.judge.is_live(session, self.seen))
        });
        allowed.when(open, || self.opens());
        // For some seconds it is one attempt with one outcome, charged once. Where it is known which attempts are one, the
        // limits and the code say which outcome that is.
        if self.judge.same_attempt(self.flow, self.place).is_none() {
            for refusal in self.refusals_of_twins() {
                allowed.or(Widened::Race, self.refused(refusal));
            }
        }
        allowed.when(self.too_many_in_login(), || self.refused("too-many-attempts"));
        allowed.when(self.too_many_from_here(), || limits::from_here(self.judge));
        allowed.when(self.too_many_at_address(), || self.refused("too-many-logins"));
        allowed.when(self.is_locked(), || self.refused("locked"));
        allowed.when(self.is_right(), || self.opens());
        allowed.otherwise(|| self.refused("wrong-code"));
    }

    /// The session that this code opens in this login, if anybody has seen it.
    fn session(&self) -> Option<&Session> {
        self.sessions().next().map(|(_, session)| session)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = (Tag, &Session)> {
        let flow = self.seen.flow;
        let all = self
            .judge
            .index
            .sessions
            .iter()
            .map(|(cookie, session)| (*cookie, session));
        all.filter(move |(_, session)| Some(session.flow) == flow && session.digits == self.digits)
    }

    /// The attempts that certainly are one with this one, itself included.
    fn selves(&self) -> Vec<usize> {
        let same = self.judge.same_attempt(self.flow, self.place);
        same.unwrap_or_else(|| vec![self.place])
    }

    /// The attempts in the same login, but for this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Seen<'_>> {
        self.other_places().map(|place| &self.judge.index.seen[place])
    }

    fn other_places(&self) -> impl Iterator<Item = usize> {
        let places = self.flow.verifies.iter().copied();
        places.filter(|place| *place != self.place)
    }

    pub(crate) fn has_same_code(&self, other: &Seen<'_>) -> bool {
        other.digits == Some(self.digits)
    }

    fn refusals_of_twins(&self) -> Vec<&'static str> {
        let same_ms = self.judge.setting("same attempt") + self.judge.dates_ms(self.seen.times);
        let twins = self.others().filter(|other| self.has_same_code(other)).filter(|other| {
            other.times.may_precede(self.seen.times)
                && self.seen.times.from_ms <= other.effect().to_ms.saturating_add(same_ms)
        });
        let refusals = twins.filter_map(|twin| REFUSALS.into_iter().find(|error| answered_with(twin, error)));
        refusals.collect()
    }

    fn too_many_in_login(&self) -> Known {
        let selves = self.selves();
        let counted = self
            .other_places()
            .filter(|place| !selves.contains(place))
            .filter_map(|place| self.judge.counted(self.flow, place));
        let window = Window {
            limit: self.judge.setting("wrong codes in a login"),
            lasts_ms: self.judge.setting("login in progress"),
            clocks_ms: self.judge.dates_ms(self.seen.times),
        };
        let counted: Vec<Counted> = counted.collect();
        window.refuses(&counted, self.seen.times, |since, at| {
            self.judge.store_forgot(since, at)
        })
    }

    /// Whether the browser is one in which the person has logged in before who has the address.
    fn known_at(&self, address: &str) -> Known {
        self.judge.known(self.seen, address)
    }

    fn too_many_from_here(&self) -> Known {
        let selves = self.selves();
        self.at_any(|address| {
            let over = self.judge.too_many_attempts_from_here(self.seen, &selves, address);
            self.known_at(address).negated().and(over)
        })
    }

    fn too_many_at_address(&self) -> Known {
        self.at_any(|address| match self.known_at(address) {
            Known::Yes => self.over_at(address, true),
            Known::No => self.over_at(address, false),
            Known::Maybe(why) => match (self.over_at(address, true), self.over_at(address, false)) {
                (Known::No, Known::No) => Known::No,
                (Known::Yes, Known::Yes) => Known::Yes,
                _ => Known::Maybe(why),
            },
        })
    }

    fn at_any(&self, holds: impl Fn(&str) -> Known) -> Known {
        let mut refuses = Known::No;
        for address in self.at {
            let over = holds(address);
            // Which of several addresses it is at cannot be known.
            refuses = match (self.at.len(), over) {
                (1, over) => over,
                (_, Known::No) => refuses,
                _ => Known::Maybe(Widened::Race),
            };
        }
        refuses
    }

    /// Whether there are too many attempts: in this browser, in which the owner of the address is known, or in all others.
    fn over_at(&self, address: &str, in_known_browser: bool) -> Known {
        let index = &self.judge.index;
        let selves = self.selves();
        let places = index
            .verifies_at
            .get(address)
            .into_iter()
            .flatten()
            .filter(|place| !selves.contains(place));
        let mut all = vec![];
        for place in places {
            let other = &index.seen[*place];
            let flow = other.flow.and_then(|flow| index.flows.get(&flow));
            // The limiters of the login and of the client come first; who is stopped there is not counted at the address.
            if answered_with(other, "too-many-attempts") || answered_with(other, FROM_HERE) {
                continue;
            }
            let by_known = self.judge.known(other, address);
            let here = match in_known_browser {
                true if self.judge.are_one(other, self.seen) => by_known,
                true => Known::No,
                false => by_known.negated(),
            };
            if here == Known::No {
                continue;
            }
            if let Some(mut one) = flow.and_then(|flow| self.judge.counted(flow, *place)) {
                one.certain &= index.attempted[place].possible.len() == 1 && here == Known::Yes;
                one.said = said(std::iter::once(other), "too-many-logins", &["wrong-code", "locked"]);
                all.push(one);
            }
        }
        let window = self.judge.window("attempts at an address", self.seen.times);
        window.refuses(&all, self.seen.times, |since, at| self.judge.store_forgot(since, at))
    }

    /// Whether there are too many failures in a row. What happens in a known browser counts there.
    fn is_locked(&self) -> Known {
        let limit = self.judge.setting("failures in a row");
        let selves = self.selves();
        // Attempts that are one have the outcome of whichever was judged.
        let times = || selves.iter().map(|place| self.judge.index.seen[*place].times);
        let from_ms = times().map(|times| times.from_ms).min();
        let to_ms = times().map(|times| times.to_ms).max();
        let at = Times::new(
            from_ms.unwrap_or(self.seen.times.from_ms),
            to_ms.unwrap_or(self.seen.times.to_ms),
        );
        let mut locked = Known::No;
        for address in self.at {
            let by_known = self.known_at(address);
            let (at_least, at_most) = self.judge.failures_at(address, at, &selves);
            let possible = at_most >= limit && by_known != Known::Yes;
            if possible {
                let certain = at_least >= limit && self.at.len() == 1 && by_known == Known::No;
                locked = Known::of(certain, true, Widened::Race);
            }
        }
        locked
    }

    /// The session cookie, and on. The same code in the same browser always opens the same session (inventory 4).
    fn opens(&self) -> Expected {
        let index = &self.judge.index;
        let value = self
            .sessions()
            .next()
            .map_or(Rule::New, |(cookie, _)| Rule::Tag(cookie));
        let flow = self.seen.flow;
        let cookie = self.seen.cookie(&index.known_cookie()).map(|cookie| cookie.tag);
        let known = self.at_any(|address| self.known_at(address));
        // What somebody else may have put into the browser must not become known.
        let known = match (known, cookie) {
            (Known::Yes, Some(cookie)) => Rule::Tag(cookie),
            (Known::No, Some(cookie)) => Rule::Other(cookie),
            _ => Rule::New,
        };
        Expected::redirect(
            "the code is right",
            "SP 800-63B-4 section 3.1.3.1; inventory 4, 5",
            "/login/continue",
            flow.map(|flow| ("flow", Rule::Tag(flow))).into_iter().collect(),
        )
        .cookie(index.session_cookie(), Some(value), self.judge.setting("session"))
        .cookie(index.known_cookie(), Some(known), self.judge.setting("known browser"))
    }

    fn refused(&self, error: &'static str) -> Expected {
        let window_s = (self.judge.setting("limits") / 1000).to_string();
        match error {
            "too-many-attempts" => {
                Expected::error_page(error, "core/LIMITS.md: wrong codes in a login; inventory 18", 429)
            }
            "too-many-logins" => {
                Expected::error_page(error, "core/LIMITS.md: attempts at an address; inventory 18", 429)
                    .header("retry-after", window_s)
            }
            "locked" => Expected::error_page(error, "SP 800-63B-4 section 3.2.2", 429),
            _ => pages::code(self.seen, self.at, Some("wrong-code")),
        }
    }
}
