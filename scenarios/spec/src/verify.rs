//! `POST /login/verify`: whether a typed code is right, and which limits come before that question.

use crate::{
    allowed::{Allowed, Known, Widened},
    counter::{Counted, Window},
    expect::{Expected, Rule},
    index::{Flow, Session},
    judge::{Judge, Needs, page_not_now},
    mailed_code::answered_with,
    pages,
    secret::Tag,
    seen::{Done, Seen},
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
        allowed.when(judge.forgotten(flow.born, seen.times), no_code_sent);
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
    allowed
}

/// Six digits, typed into a login.
struct Attempt<'j, 'a> {
    judge: &'j Judge<'a>,
    place: usize,
    seen: &'j Seen<'a>,
    flow: &'j Flow,
    /// Where the code may have been sent.
    at: &'j [String],
    digits: Tag,
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
        allowed.when(self.too_many_at_address(), || self.refused("too-many-logins"));
        allowed.when(self.is_locked(), || self.refused("locked"));
        allowed.when(self.is_right(), || self.opens());
        allowed.otherwise(|| self.refused("wrong-code"));
    }

    /// The session that this code opens in this login, if anybody has seen it.
    fn session(&self) -> Option<&Session> {
        self.sessions().next().map(|(_, session)| session)
    }

    fn sessions(&self) -> impl Iterator<Item = (Tag, &Session)> {
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
    fn others(&self) -> impl Iterator<Item = &Seen<'_>> {
        self.other_places().map(|place| &self.judge.index.seen[place])
    }

    fn other_places(&self) -> impl Iterator<Item = usize> {
        let places = self.flow.verifies.iter().copied();
        places.filter(|place| *place != self.place)
    }

    fn has_same_code(&self, other: &Seen<'_>) -> bool {
        other.digits == Some(self.digits)
    }

    fn refusals_of_twins(&self) -> Vec<&'static str> {
        let same_ms = self.judge.setting("same attempt") + self.judge.clocks_ms(self.seen.times);
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
            clocks_ms: self.judge.clocks_ms(self.seen.times),
        };
        let counted: Vec<Counted> = counted.collect();
        window.refuses(&counted, self.seen.times, |since, at| {
            self.judge.store_forgot(since, at)
        })
    }

    fn too_many_at_address(&self) -> Known {
        let mut refuses = Known::No;
        for address in self.at {
            let over = self.over_at(address);
            // Which of several addresses it is at cannot be known.
            refuses = match (self.at.len(), over) {
                (1, over) => over,
                (_, Known::No) => refuses,
                _ => Known::Maybe(Widened::Race),
            };
        }
        refuses
    }

    fn over_at(&self, address: &str) -> Known {
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
            // The limiter of the login comes first; who is stopped there is not counted at the address.
            if answered_with(other, "too-many-attempts") {
                continue;
            }
            if let Some(mut one) = flow.and_then(|flow| self.judge.counted(flow, *place)) {
                one.certain &= index.attempted[place].possible.len() == 1;
                all.push(one);
            }
        }
        let window = Window {
            limit: self.judge.setting("attempts at an address"),
            lasts_ms: self.judge.setting("limits"),
            clocks_ms: self.judge.clocks_ms(self.seen.times),
        };
        window.refuses(&all, self.seen.times, |since, at| self.judge.store_forgot(since, at))
    }

    /// Failures in a row are counted durably: no failover forgets them (SP 800-63B-4 section 3.2.2).
    fn is_locked(&self) -> Known {
        let limit = self.judge.setting("failures in a row");
        let mut locked = Known::No;
        for address in self.at {
            let (mut at_least, mut at_most) = (0, 0);
            for place in self.judge.index.verifies_at.get(address).into_iter().flatten() {
                let other = &self.judge.index.seen[*place];
                let flow = other.flow.and_then(|flow| self.judge.index.flows.get(&flow));
                let same = flow.and_then(|flow| self.judge.same_attempt(flow, *place));
                if same.is_some_and(|same| same.first() != Some(place)) {
                    continue; // charged with another
                }
                if *place == self.place || !other.effect().may_precede(self.seen.times) {
                    continue;
                }
                match other.done() {
                    Done::Yes if other.times.is_before(self.seen.times) => (at_least, at_most) = (0, 0),
                    Done::Yes => at_least = 0,
                    Done::Maybe => (at_least, at_most) = (0, at_most + 1),
                    Done::No if answered_with(other, "wrong-code") => {
                        at_least += u64::from(other.times.is_before(self.seen.times));
                        at_most += 1;
                    }
                    Done::No => {}
                }
            }
            if at_most >= limit {
                locked = Known::of(at_least >= limit && self.at.len() == 1, true, Widened::Race);
            }
        }
        locked
    }

    /// Whether the code is right: mailed for this login, not too old, not spent (SP 800-63B-4 section 3.1.3.1).
    fn is_right(&self) -> Known {
        let index = &self.judge.index;
        let mut right = Known::No;
        for mail in &index.mails {
            let fits = mail.code.digits() == Some(self.digits)
                && self.at.contains(&mail.address)
                && mail.at_ms <= self.seen.times.to_ms;
            if !fits || index.person(&mail.address).is_none() {
                continue;
            }
            let ours = self.is_ours(&mail.address, mail.at_ms);
            if ours == Known::No {
                continue;
            }
            let sent = self.sent(&mail.address, mail.at_ms);
            let mut good = ours
                .and(
                    self.judge
                        .expired(sent, self.judge.setting("mailed code"), self.seen.times)
                        .negated(),
                )
                .and(self.judge.forgotten(sent, self.seen.times).negated())
                .and(self.spent().negated())
                .and(self.held_elsewhere().negated());
            if self.at.len() > 1 && good == Known::Yes {
                good = Known::Maybe(Widened::Race);
            }
            right = match (right, good) {
                (Known::Yes, _) | (_, Known::Yes) => Known::Yes,
                (Known::No, good) => good,
                (maybe, _) => maybe,
            };
        }
        right
    }

    /// When the mail's code was made.
    fn sent(&self, to: &str, mailed_ms: u64) -> Times {
        let sends = self.sends(self.flow, to, mailed_ms);
        let from_ms = sends.iter().map(|send| send.times.from_ms).min();
        Times::new(from_ms.unwrap_or(0), mailed_ms)
    }

    fn sends<'s>(&'s self, flow: &'s Flow, to: &str, mailed_ms: u64) -> Vec<&'s Seen<'s>> {
        let sends = flow.sends.iter().map(|place| &self.judge.index.seen[*place]);
        sends
            .filter(|send| send.done() != Done::No && send.times.from_ms <= mailed_ms)
            .filter(|send| {
                let params = send.params();
                params.text("address").and_then(crate::mailed_code::address).as_deref() == Some(to)
            })
            .collect()
    }

    /// Whether the mail belongs to this login. A mail does not say.
    fn is_ours(&self, to: &str, mailed_ms: u64) -> Known {
        let asked = |flow: &Flow| !self.sends(flow, to, mailed_ms).is_empty();
        if !asked(self.flow) {
            return Known::No;
        }
        let others: Vec<&Flow> = (self.judge.index.flows.values())
            .filter(|flow| !std::ptr::eq(*flow, self.flow) && asked(flow))
            .collect();
        let opened = |flow: &Flow| {
            let attempts = flow.verifies.iter().map(|place| &self.judge.index.seen[*place]);
            attempts
                .filter(|other| self.has_same_code(other))
                .any(|other| other.done() == Done::Yes)
        };
        if opened(self.flow) {
            return Known::Yes;
        }
        Known::of(
            others.is_empty(),
            !others.iter().any(|flow| opened(flow)),
            Widened::WhoseMail,
        )
    }

    /// Whether it has opened a session that is over. While that lives, the same code leads to it, whoever of two presses was
    /// first: see above.
    fn spent(&self) -> Known {
        let mut spent = Known::No;
        for (_, session) in self.sessions() {
            let opened = self
                .judge
                .precedes(&self.judge.index.seen[session.opened[0]], self.seen);
            let over = opened.and(self.judge.is_live(session, self.seen).negated());
            if over != Known::No {
                spent = over;
            }
        }
        spent
    }

    /// Whether a replica that was stopped with the same attempt in hand may have the code: it has taken it from the store, and
    /// has not opened the session yet.
    fn held_elsewhere(&self) -> Known {
        let broken = |other: &&Seen<'_>| {
            let times = other.times;
            self.judge
                .troubles
                .any(times.from_ms, times.to_ms, |touches| touches.service)
        };
        let mut same = self
            .others()
            .filter(|other| self.has_same_code(other) && other.done() == Done::Maybe);
        let held = same.any(|other| other.times.may_precede(self.seen.times) && broken(&other));
        Known::of(false, held, Widened::InDoubt)
    }

    /// The session cookie, and on. The same code in the same browser always opens the same session (inventory 4).
    fn opens(&self) -> Expected {
        let index = &self.judge.index;
        let value = self
            .sessions()
            .next()
            .map_or(Rule::New, |(cookie, _)| Rule::Tag(cookie));
        let flow = self.seen.flow;
        Expected::redirect(
            "the code is right",
            "SP 800-63B-4 section 3.1.3.1; inventory 4, 5",
            "/login/continue",
            flow.map(|flow| ("flow", Rule::Tag(flow))).into_iter().collect(),
        )
        .cookie(index.session_cookie(), Some(value), self.judge.setting("session"))
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
