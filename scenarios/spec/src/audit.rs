//! The audit log: who signed in, got a code, redeemed it, signed out, and whose tokens were revoked; each once, under the
//! reference of its request, and nothing that did not happen (inventory 56; core/MESSAGES.md, "Lines of the log").

use crate::{
    allowed::{Known, Widened},
    exchange::{Answer, Audited, Body},
    index::{Code, Session},
    judge::Judge,
    secret::Tag,
    seen::{Done, Seen},
    world::Person,
};

/// What the log tells of tokens whose code was presented again.
const REVOKED: &str = "tokens revoked";

/// What the log must tell of an exchange.
struct Expected<'a> {
    what: &'static str,
    client: Option<&'a str>,
    /// It was one of these.
    subjects: Vec<String>,
    /// Whether it happened.
    happened: Known,
}

impl Judge<'_> {
    /// Whether the log tells of an exchange what somebody did in it, and nothing else.
    ///
    /// # Errors
    /// What differs, as a reason and a clause.
    pub(crate) fn check_audit(&self, seen: &Seen<'_>, answer: &Answer) -> Result<(), (&'static str, String)> {
        let mut told: Vec<&Audited> = seen.exchange.audited.iter().collect();
        for (person, happened) in self.signed_out_by(seen) {
            let line = told
                .iter()
                .position(|line| line.what == "signed out" && line.subject == person);
            match (line, happened) {
                (Some(line), Known::Yes | Known::Maybe(_)) => drop(told.remove(line)),
                (None, Known::Yes) => {
                    return Err((
                        "not-audited",
                        format!("is nowhere in the log: that {person} is signed out by it is missing"),
                    ));
                }
                _ => {}
            }
        }
        let Some(expected) = self.audited(seen, answer) else {
            return match told[..] {
                [] => Ok(()),
                [line, ..] => Err(("audited-without-reason", format!("is in the log as {:?}", line.what))),
            };
        };
        match (&told[..], expected.happened) {
            ([], Known::Yes) => Err((
                "not-audited",
                format!("is nowhere in the log: {} is missing", expected.what),
            )),
            ([], _) => Ok(()),
            ([line], Known::Yes | Known::Maybe(_)) => expected.check(line),
            ([line, ..], _) => Err((
                "audited-too-often",
                format!("is in the log {} times, as {:?}", told.len(), line.what),
            )),
        }
    }

    fn audited<'s>(&'s self, seen: &Seen<'s>, answer: &Answer) -> Option<Expected<'s>> {
        let cookie = seen.cookie(&self.index.session_cookie()).map(|cookie| cookie.tag);
        if let Body::Tokens(tokens) = &answer.body {
            let code = self.index.codes.get(&seen.params().secret("code")?.tag)?;
            let claims = &tokens.id_token.as_ref()?.claims;
            return Some(Expected {
                what: "code redeemed",
                client: Some(&code.wanted.client_id),
                subjects: vec![claims.get("sub")?.as_str()?.to_owned()],
                happened: Known::Yes,
            });
        }
        let path = seen.exchange.request.path.as_str();
        if path == "/token" && answer.status == 400 {
            let code = self.index.codes.get(&seen.params().secret("code")?.tag)?;
            return Some(Expected {
                what: REVOKED,
                client: Some(&code.wanted.client_id),
                subjects: self.subjects(code.session),
                happened: self.revoked_its_tokens(code, seen),
            });
        }
        let has_code = |answer: &Answer| {
            let location = answer.location.as_ref();
            location.is_some_and(|location| location.params.iter().any(|(name, _)| name == "code"))
        };
        match path {
            "/authorize" | "/login/continue" if has_code(answer) => Some(Expected {
                what: "code issued",
                client: self.client_of(seen),
                subjects: self.subjects(cookie),
                happened: Known::Yes,
            }),
            "/login/verify" => {
                let opened = seen.set(&self.index.session_cookie())?;
                let session = self.index.sessions.get(&opened)?;
                Some(Expected {
                    what: "signed in",
                    client: self.client_of(seen),
                    subjects: self.subjects(Some(opened)),
                    happened: self.opened_it(session, seen),
                })
            }
            "/logout" | "/end-session" | "/end-session/confirm" if answer.status == 303 => {
                let session = cookie.and_then(|cookie| self.index.sessions.get(&cookie))?;
                Some(Expected {
                    what: "signed out",
                    client: None,
                    subjects: self.subjects(cookie),
                    happened: self.ended_it(session, seen),
                })
            }
            _ => None,
        }
    }

    fn subjects(&self, cookie: Option<Tag>) -> Vec<String> {
        let session = cookie.and_then(|cookie| self.index.sessions.get(&cookie));
        let people = session.map_or(vec![], |session| self.people_of(session));
        people.into_iter().map(|Person { id, .. }| id).collect()
    }

    /// Whether a presentation of a spent code revoked what had been issued for it (RFC 6749 section 4.1.2): the first one did
    /// that came with all that binds the code.
    fn revoked_its_tokens(&self, code: &Code, seen: &Seen<'_>) -> Known {
        let presented: Vec<&Seen<'_>> = code.rightful.iter().map(|place| &self.index.seen[*place]).collect();
        if !presented.iter().any(|other| other.record == seen.record) {
            return Known::No;
        }
        let others: Vec<_> = presented.iter().filter(|other| other.record != seen.record).collect();
        let told = |other: &&&&Seen<'_>| other.exchange.audited.iter().any(|line| line.what == REVOKED);
        if others.iter().any(|other| told(&other)) {
            return Known::No;
        }
        let redeemed = others.iter().map(|other| self.precedes(other, seen));
        let redeemed = redeemed.fold(Known::No, Known::or);
        // One that has ended is there until it is deleted.
        let ended = self.expired(code.born, self.setting("access token"), seen.times);
        let is_there = Known::of(ended == Known::No, true, Widened::Edge);
        let in_doubt = others.iter().filter(|other| other.done() == Done::Maybe).count();
        let first = Known::of(in_doubt == 0, true, Widened::InDoubt);
        redeemed.and(is_there).and(first)
    }

    /// Whether an attempt opened its session. Of several with the same code one did.
    fn opened_it(&self, session: &Session, seen: &Seen<'_>) -> Known {
        let attempts = self.index.flows.get(&session.flow).map(|flow| &flow.verifies[..]);
        let attempts = attempts
            .unwrap_or_default()
            .iter()
            .map(|place| &self.index.seen[*place]);
        let same = attempts.filter(|other| other.digits == Some(session.digits) && other.done() != Done::No);
        let others: Vec<_> = same.filter(|other| other.record != seen.record).collect();
        if others.is_empty() {
            return Known::Yes;
        }
        let told = |other: &&&Seen<'_>| !other.exchange.audited.is_empty();
        match (
            others.iter().filter(told).count(),
            others.iter().any(|other| other.done() == Done::Maybe),
        ) {
            (0, false) => Known::Yes,
            (0, true) => Known::Maybe(Widened::InDoubt),
            _ => Known::No,
        }
    }

    /// Whether a request ended its session: it was live, and nobody else ended it meanwhile. One that has expired may be there
    /// still, until it is deleted.
    fn ended_it(&self, session: &Session, seen: &Seen<'_>) -> Known {
        match self.is_live(session, seen) {
            Known::No => Known::Maybe(Widened::Edge),
            live => live,
        }
    }
}

impl Expected<'_> {
    fn check(&self, line: &Audited) -> Result<(), (&'static str, String)> {
        let Audited { what, client, subject } = line;
        let fits = what == self.what && client.as_deref() == self.client && self.subjects.contains(subject);
        match fits {
            true => Ok(()),
            false => Err((
                "audited-otherwise",
                format!(
                    "is in the log as {what:?} of {subject} at {client:?} instead of {:?} of {:?} at {:?}",
                    self.what, self.subjects, self.client
                ),
            )),
        }
    }
}
