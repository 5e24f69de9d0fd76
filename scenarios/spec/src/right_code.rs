//! Whether a typed code is the right one: mailed for this login, not too old, not used (SP 800-63B-4 section 3.1.3.1).

use crate::{
    allowed::{Known, Widened},
    index::Flow,
    mailed_code::{self, answered_with},
    seen::{Done, Seen},
    times::Times,
    verify::Attempt,
};

impl Attempt<'_, '_> {
    /// Whether the code is right: mailed for this login, not too old, not spent (SP 800-63B-4 section 3.1.3.1).
    pub(crate) fn is_right(&self) -> Known {
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
                .and(self.held_elsewhere().negated())
                .and(self.used_up().negated());
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
                params.text("address").and_then(mailed_code::address).as_deref() == Some(to)
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

    /// Whether somebody has been told before that the code may be used up.
    fn used_up(&self) -> Known {
        let mut told = self.others().filter(|other| {
            self.has_same_code(other)
                && other.times.may_precede(self.seen.times)
                && answered_with(other, "temporarily-in-doubt")
        });
        Known::of(false, told.next().is_some(), Widened::InDoubt)
    }
}
