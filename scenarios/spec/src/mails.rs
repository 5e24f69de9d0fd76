//! Mails with one-time codes: each was asked for, is sent once, to whom it concerns, and says what it must (RFC 5322, SP
//! 800-63B-4 section 3.1.3.1, inventory 3).

use crate::{
    allowed::Known,
    exchange::Mail,
    form,
    index::CodeMail,
    judge::Judge,
    messages::{self, Places},
    pages::client_name,
    routes::{Report, Violation},
    seen::Done,
    times::Times,
};
use chrono::DateTime;
use std::collections::BTreeSet;

/// Within this time a mail comes when nothing is broken, milliseconds.
const SOON_MS: u64 = 3_000;

impl Judge<'_> {
    /// Judges all mails with codes.
    pub(crate) fn mails(&self, report: &mut Report) {
        self.none_is_missing(report);
        let mut names = BTreeSet::new();
        for (place, mail) in self.index.mails.iter().enumerate() {
            // A submission of unknown outcome is not repeated: a second mail with the same code would be no help. What is
            // printed has no name.
            let is_new = self.index.world.prints_mails || names.insert(header(mail.mail, "message-id"));
            let once = match is_new {
                true => Ok(()),
                false => Err(("mail-sent-twice", "was sent twice (RFC 5321 section 4.2.5)".to_owned())),
            };
            let wrong = once
                .and_then(|()| self.check_mail(mail))
                .and_then(|()| self.was_asked_for(place, mail));
            if let Err((reason, why)) = wrong {
                report.violations.push(Violation {
                    reason: reason.into(),
                    what: format!("the mail with code {} to {} {why}", mail.code.tag, mail.address),
                    at_ms: mail.at_ms,
                    evidence: vec![mail.record],
                });
            }
        }
    }

    /// Every request for a mail that is no repetition brings one to whoever may log in, soon, as long as nothing is broken.
    fn none_is_missing(&self, report: &mut Report) {
        let end_ms = self
            .index
            .seen
            .iter()
            .map(|seen| seen.times.to_ms)
            .filter(|ms| *ms < u64::MAX)
            .max();
        for (address, sends) in &self.index.sends_to {
            if self.index.person(address).is_none() {
                continue;
            }
            let mut asked = 0;
            for send in sends {
                let seen = &self.index.seen[*send];
                let flow = seen.flow.and_then(|flow| self.index.flows.get(&flow));
                let first = flow.map(|flow| self.is_repeated(flow, *send, address)) == Some(Known::No);
                let by_ms = seen.times.to_ms.saturating_add(SOON_MS);
                let is_redirect = seen.answer().is_some_and(|answer| answer.status == 303);
                asked += usize::from(first && is_redirect);
                let broken = self
                    .troubles
                    .spans
                    .iter()
                    .any(|trouble| trouble.from_ms > 0 && trouble.from_ms <= by_ms);
                if !first || !is_redirect || broken || end_ms.is_none_or(|end_ms| end_ms < by_ms) {
                    continue;
                }
                let came = self
                    .index
                    .mails
                    .iter()
                    .filter(|mail| mail.address == *address && mail.at_ms <= by_ms);
                if came.count() < asked {
                    report.violations.push(Violation {
                        reason: "mail-missing".into(),
                        what: format!("no mail came to {address} that was asked for (core/LIMITS.md: one mail)"),
                        at_ms: by_ms,
                        evidence: vec![seen.record],
                    });
                }
            }
        }
    }

    fn check_mail(&self, mail: &CodeMail<'_>) -> Result<(), (&'static str, String)> {
        let wrong = |why: String| Err(("mail-differs", why));
        if self.index.person(&mail.address).is_none() {
            return Err(("mail-to-a-stranger", "went to somebody who may not log in".into()));
        }
        let minutes = (self.setting("mailed code") / 60_000).to_string();
        let places = Places::from([
            ("code", vec!["CODE".into()]),
            ("minutes", vec![minutes]),
            ("service", vec![form::authority(&self.index.world.issuer)]),
        ]);
        if self.index.world.prints_mails {
            let (_, text) = messages::mail("code on a terminal", &places);
            let is_line = mail.mail.headers.is_empty() && mail.mail.text == text;
            return match is_line {
                true => Ok(()),
                false => wrong(format!("is printed as {:?} instead of {text:?}", mail.mail.text)),
            };
        }
        let name = header(mail.mail, "message-id");
        let name = name.strip_prefix('<').and_then(|name| name.split('@').next());
        let is_random = name.is_some_and(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !is_random {
            return wrong(format!("has the Message-ID {name:?}, which is not made of 128 bits"));
        }
        let written = Written {
            kind: "code",
            name: name.unwrap_or_default(),
            to: &mail.address,
            at_ms: mail.at_ms,
            waits_ms: self.setting("mailed code"),
        };
        // Which of the logins it is for is not in the mail.
        let mut why = Err("names an application for which no code had been asked for".to_owned());
        for client in self.clients_before(mail) {
            let mut places = places.clone();
            places.insert("client", vec![client]);
            why = self.check_written(&written, &places, mail.mail);
            if why.is_ok() {
                break;
            }
        }
        why.or_else(wrong)
    }

    /// The names of the applications for which codes had been asked for at this address.
    fn clients_before(&self, mail: &CodeMail<'_>) -> Vec<String> {
        let sends = self.index.sends_to.get(&mail.address).into_iter().flatten();
        let sends = sends.map(|send| &self.index.seen[*send]);
        let sends = sends.filter(|seen| seen.times.from_ms <= mail.at_ms);
        let flows = sends.filter_map(|seen| self.index.flows.get(&seen.flow?));
        let names: BTreeSet<String> = flows.map(|flow| client_name(self, flow)).collect();
        names.into_iter().collect()
    }

    /// There are no more mails to an address than were asked for: one for each request that is not a repetition.
    fn was_asked_for(&self, place: usize, mail: &CodeMail<'_>) -> Result<(), (&'static str, String)> {
        let earlier = self.index.mails[..=place]
            .iter()
            .filter(|other| other.address == mail.address)
            .count();
        let sends = self.index.sends_to.get(&mail.address).into_iter().flatten();
        let asked = sends.filter(|send| {
            let seen = &self.index.seen[**send];
            let flow = seen.flow.and_then(|flow| self.index.flows.get(&flow));
            let repeated = flow.map(|flow| self.is_repeated(flow, **send, &mail.address));
            seen.done() != Done::No && seen.times.from_ms <= mail.at_ms && repeated.is_some_and(|r| r != Known::Yes)
        });
        match earlier <= asked.count() {
            true => Ok(()),
            false => Err((
                "mail-not-asked-for",
                "was not asked for (core/LIMITS.md: one mail)".into(),
            )),
        }
    }
}

/// What a mail is, and where and when it arrived.
pub(crate) struct Written<'w> {
    /// In the table of mails.
    pub(crate) kind: &'w str,
    /// Before the `@` of its Message-ID.
    pub(crate) name: &'w str,
    /// The address that it was sent to.
    pub(crate) to: &'w str,
    /// Milliseconds from the start of the run.
    pub(crate) at_ms: u64,
    /// How long it may wait for others, milliseconds.
    pub(crate) waits_ms: u64,
}

/// How long before it arrives a mail may have been written, milliseconds, beside the time for which it is of use: the relay
/// may have refused it some times, and may be slow.
const ON_ITS_WAY_MS: u64 = 60_000;

impl Judge<'_> {
    /// Header fields and text of a mail.
    ///
    /// # Errors
    /// What differs.
    pub(crate) fn check_written(&self, written: &Written<'_>, places: &Places, mail: &Mail) -> Result<(), String> {
        let (subject, text) = messages::mail(written.kind, places);
        let from = &self.index.world.mail_from;
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        for (name, value) in [
            ("from", from.as_str()),
            ("to", written.to),
            ("subject", subject),
            ("message-id", &format!("<{}@{domain}>", written.name)), // RFC 5322 section 3.6.4
            ("content-type", "text/plain; charset=utf-8"),
        ] {
            if header(mail, name) != value {
                return Err(format!("has {name}: {:?} instead of {value:?}", header(mail, name)));
            }
        }
        let date = header(mail, "date");
        let dated_ms = DateTime::parse_from_rfc2822(date).map(|date| date.timestamp_millis());
        let dated_ms = dated_ms.map_err(|_| format!("has no date (RFC 5322 section 3.6.1): {date:?}"))?;
        let earlier_ms = ON_ITS_WAY_MS + written.waits_ms;
        let arrived = Times::new(written.at_ms.saturating_sub(earlier_ms), written.at_ms);
        let clocks_ms = self.clocks_ms(arrived).saturating_add(1000); // dates have whole seconds
        let possible = arrived.later(self.index.world.epoch_ms).give_or_take(clocks_ms);
        if !(possible.from_ms..=possible.to_ms).contains(&(dated_ms as u64)) {
            return Err(format!("is dated {date:?}"));
        }
        let says = mail.text.trim_end();
        match says == text {
            true => Ok(()),
            false => Err(format!("says {says:?} instead of {text:?}")),
        }
    }
}

/// The value of a header field; empty if there is none.
pub(crate) fn header<'m>(mail: &'m Mail, name: &str) -> &'m str {
    let found = mail.headers.iter().find(|(other, _)| other == name);
    found.map_or("", |(_, value)| value.as_str())
}
