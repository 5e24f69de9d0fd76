//! What every rule asks: how old something is, whether it may have been forgotten, whether something was broken.

use crate::{
    allowed::{Allowed, Known, Widened},
    counter::Counted,
    endings::Endings,
    expect::Expected,
    index::{Flow, Index, Session},
    seen::{Done, Seen},
    times::Times,
    world::Troubles,
};
use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
};

/// What rules are judged by.
pub(crate) struct Judge<'a> {
    pub(crate) index: Index<'a>,
    pub(crate) troubles: &'a Troubles,
    /// How each exchange counts as an attempt, once somebody has asked.
    pub(crate) counted: Vec<OnceCell<Option<Counted>>>,
    /// Whether a person was known in a browser, by the record of what was asked there and the address, once somebody has asked.
    pub(crate) known: RefCell<BTreeMap<(usize, String), Known>>,
    /// What ends sessions, once somebody has asked.
    pub(crate) endings: OnceCell<Endings>,
}

/// Which parts an answer depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Needs {
    pub(crate) store: bool,
    pub(crate) directory: bool,
    /// A place in the outbox.
    pub(crate) mail: bool,
}

impl<'a> Judge<'a> {
    /// A value of the page of limits: milliseconds, if it is a time.
    pub(crate) fn setting(&self, row: &str) -> u64 {
        self.index.world.settings.get(row)
    }

    /// By how much two hosts may disagree on a time up to a moment.
    pub(crate) fn clocks_ms(&self, at: Times) -> u64 {
        2 * self.troubles.clocks_ms(at.to_ms)
    }

    /// By how much two replicas may disagree on what one of them dates and the other one judges.
    pub(crate) fn dates_ms(&self, at: Times) -> u64 {
        2 * self.troubles.dates_ms(at.to_ms)
    }

    /// Whether what began then, and lives so long, has ended.
    pub(crate) fn expired(&self, born: Times, lives_ms: u64, at: Times) -> Known {
        let clocks = self.dates_ms(at);
        let ends = born.later(lives_ms);
        let certain = at.from_ms >= ends.to_ms.saturating_add(clocks);
        let possible = at.to_ms.saturating_add(clocks) >= ends.from_ms;
        let why = if clocks > 0 { Widened::Clocks } else { Widened::Edge };
        Known::of(certain, possible, why)
    }

    /// Whether the store may have forgotten what it was told then, or remember what it should not.
    pub(crate) fn store_forgot(&self, since: Times, at: Times) -> bool {
        self.troubles.forgets(since, at)
    }

    /// The same, as a state of knowledge.
    pub(crate) fn forgotten(&self, since: Times, at: Times) -> Known {
        Known::of(false, self.store_forgot(since, at), Widened::StoreForgot)
    }

    /// Whether something had been done before an exchange.
    pub(crate) fn precedes(&self, other: &Seen<'_>, own: &Seen<'_>) -> Known {
        let (effect, done) = (other.effect(), other.done());
        let why = if done == Done::Maybe {
            Widened::InDoubt
        } else {
            Widened::Race
        };
        let possible = done != Done::No && effect.may_precede(own.times);
        Known::of(done == Done::Yes && effect.is_before(own.times), possible, why)
    }

    /// "Not now", where something that the answer depends on was failing meanwhile.
    pub(crate) fn or_not_now(
        &self,
        allowed: &mut Allowed,
        seen: &Seen<'_>,
        needs: Needs,
        not_now: fn(u64) -> Expected,
    ) {
        let retry_s = self.setting("try again") / 1000;
        let meanwhile = |of| self.troubles.any(seen.times.from_ms, seen.times.to_ms, of);
        if needs.store && meanwhile(|touches| touches.store) {
            allowed.or_not_now(Widened::Store, not_now(retry_s));
        }
        if needs.mail && meanwhile(|touches| touches.mail) {
            allowed.or_not_now(Widened::Mail, not_now(retry_s));
        }
        if needs.directory && meanwhile(|touches| touches.directory) {
            allowed.or_not_now(Widened::Directory, not_now(retry_s));
        }
    }

    /// The session of the browser that asks, and whether it is live.
    pub(crate) fn session(&self, seen: &Seen<'_>) -> (Known, Option<&Session>) {
        let cookie = seen.cookie(&self.index.session_cookie());
        let session = cookie.and_then(|cookie| self.index.sessions.get(&cookie.tag));
        match session {
            None => (Known::No, None),
            Some(session) => (self.is_live(session, seen), Some(session)),
        }
    }

    /// Whether a session is live when something is asked.
    pub(crate) fn is_live(&self, session: &Session, seen: &Seen<'_>) -> Known {
        let live = self
            .expired(self.authenticated(session), self.setting("session"), seen.times)
            .negated();
        live.and(self.was_ended(session, seen).negated())
    }

    /// When the person of a session logged in: an earlier attempt with the same code may have opened it, if it was not
    /// answered.
    pub(crate) fn authenticated(&self, session: &Session) -> Times {
        let first = self.index.seen[session.opened[0]];
        let attempts = self.index.flows.get(&session.flow).map(|flow| &flow.verifies[..]);
        let same = attempts
            .unwrap_or_default()
            .iter()
            .map(|place| self.index.seen[*place])
            .filter(|other| other.digits == Some(session.digits) && other.done() != Done::No);
        let from_ms = same.map(|other| other.times.from_ms).min();
        Times::new(
            from_ms.unwrap_or(first.times.from_ms).min(first.times.from_ms),
            first.times.to_ms,
        )
    }

    /// The login in progress that is asked about, after the rules that say whose it is.
    pub(crate) fn flow(&self, allowed: &mut Allowed, seen: &Seen<'_>) -> Option<&Flow> {
        let Some(flow) = seen.flow.and_then(|id| self.index.flows.get(&id)) else {
            allowed.otherwise(expired);
            return None;
        };
        let over = self.expired(flow.born, self.setting("login in progress"), seen.times);
        allowed.when(over, expired);
        let cookie = seen.flow.and_then(|id| seen.cookie(&self.index.flow_cookie(id)));
        let is_carried = cookie.map(|cookie| cookie.tag) == Some(flow.cookie);
        // What no browser carries and nobody keeps cannot be told from what has never been.
        if !is_carried || flow.is_long {
            allowed.when(self.is_kept(flow, seen).negated(), expired);
        }
        if !is_carried {
            allowed.otherwise(|| {
                Expected::error_page(
                    "other-browser",
                    "inventory 9: a login belongs to the browser that began it",
                    400,
                )
            });
            return None;
        }
        Some(flow)
    }

    /// Whether the store has a login in progress: from its beginning on if it is long, else from when somebody has typed an address
    /// in it, or has said that they want to go on.
    fn is_kept(&self, flow: &Flow, seen: &Seen<'_>) -> Known {
        if flow.is_long {
            return self.forgotten(flow.born, seen.times).negated();
        }
        let wrote = flow
            .sends
            .iter()
            .chain(&flow.consents)
            .map(|place| &self.index.seen[*place]);
        let wrote = wrote.filter(|other| other.record != seen.record && other.done() != Done::No);
        wrote.fold(Known::No, |kept, other| {
            let wrote = self.precedes(other, seen);
            kept.or(wrote.and(self.forgotten(other.times, seen.times).negated()))
        })
    }
}

fn expired() -> Expected {
    Expected::error_page("expired", "core/LIMITS.md: a login in progress ends", 400)
}

/// "Not now", for people.
pub(crate) fn page_not_now(retry_s: u64) -> Expected {
    let sentence = "inventory 25: what cannot be done now is said, with the time after which to try again";
    Expected::error_page("temporarily-unavailable", sentence, 503).header("retry-after", retry_s.to_string())
}

/// "Not now", for clients.
pub(crate) fn json_not_now(retry_s: u64) -> Expected {
    Expected::bare_error("temporarily_unavailable", NOT_NOW, 503).header("retry-after", retry_s.to_string())
}

/// The same of the token endpoint, before the code was touched.
pub(crate) fn nothing_spent(retry_s: u64) -> Expected {
    Expected::error("temporarily_unavailable", "nothing was spent", NOT_NOW, 503)
        .header("retry-after", retry_s.to_string())
}

/// The same of the token endpoint, when the outcome is unknown.
pub(crate) fn perhaps_spent(retry_s: u64) -> Expected {
    Expected::error("temporarily_unavailable", "the code may be spent", NOT_NOW, 503)
        .header("retry-after", retry_s.to_string())
}

const NOT_NOW: &str = "inventory 25; RFC 6749 section 4.1.2.1, for section 5.2 has no code for it";
