//! Mails with one-time codes: each was asked for, is sent once, to whom it concerns, and says what it must (RFC 5322, SP
//! 800-63B-4 section 3.1.3.1, inventory 3).

use crate::{
    allowed::Known,
    index::CodeMail,
    judge::Judge,
    routes::{Report, Violation},
    seen::Done,
};
use std::collections::BTreeSet;

/// What a mail with a code says. `{}`: minutes.
const TEXT: &str = "Your login code is CODE It is good for {} minutes, once. If you did not ask for it, ignore this mail. \
                    Tell nobody the code: we never ask for it.";

/// Within this time a mail comes when nothing is broken, milliseconds.
const SOON_MS: u64 = 3_000;

impl Judge<'_> {
    /// Judges all mails with codes.
    pub(crate) fn mails(&self, report: &mut Report) {
        self.none_is_missing(report);
        let mut names = BTreeSet::new();
        for (place, mail) in self.index.mails.iter().enumerate() {
            // A submission of unknown outcome is not repeated: a second mail with the same code would be no help.
            let is_new = names.insert(header(mail, "message-id"));
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
        let from = &self.index.world.mail_from;
        for (name, value) in [
            ("from", from.as_str()),
            ("to", mail.address.as_str()),
            ("subject", "Your login code"),
        ] {
            if header(mail, name) != value {
                return wrong(format!("has {name}: {:?} instead of {value:?}", header(mail, name)));
            }
        }
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let name = header(mail, "message-id");
        let is_name = name.starts_with('<') && name.ends_with(&format!("@{domain}>"));
        if !is_name {
            return wrong(format!("has the Message-ID {name:?} (RFC 5322 section 3.6.4)"));
        }
        let minutes = self.setting("mailed code") / 60_000;
        let text = mail.mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = TEXT.replace("{}", &minutes.to_string());
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        match text == expected {
            true => Ok(()),
            false => wrong(format!("says {text:?}")),
        }
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

fn header<'m>(mail: &CodeMail<'m>, name: &str) -> &'m str {
    let found = mail.mail.headers.iter().find(|(other, _)| other == name);
    found.map_or("", |(_, value)| value.as_str())
}
