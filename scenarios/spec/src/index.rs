//! What the exchanges of a run brought about: logins in progress, codes, sessions, tokens, each with who asked for it and
//! when.

use crate::{
    allowed::slug,
    authorize::{About, Issued, Wanted},
    commands::Command,
    exchange::Mail,
    mailed_code::{Addresses, addresses},
    routes::Violation,
    secret::{Secret, Tag},
    seen::{Done, Seen},
    times::Times,
    world::{Fact, Person, Timed, Troubles, World},
};
use std::collections::{BTreeMap, BTreeSet};

/// A login in progress.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) born: Times,
    pub(crate) wanted: Wanted,
    /// The value of its cookie, which the browser has that it belongs to.
    pub(crate) cookie: Tag,
    /// Whether it does not fit into its cookie, and is kept from the beginning on.
    pub(crate) is_long: bool,
    /// Requests to send a code, and attempts to verify one, by their places in [`Index::seen`].
    pub(crate) sends: Vec<usize>,
    /// Requests that say that the person wants to go on.
    pub(crate) consents: Vec<usize>,
    pub(crate) verifies: Vec<usize>,
}

/// A session: all that opened it with the same code in the same browser.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its cookie.
    pub(crate) cookie: Tag,
    /// The exchanges that said that it was opened.
    pub(crate) opened: Vec<usize>,
    pub(crate) flow: Tag,
    pub(crate) digits: Tag,
    /// Requests that end it.
    pub(crate) ended: Vec<usize>,
    /// The sessions one of which the browser may have had when it was opened: it takes the place of that one.
    pub(crate) replaces: Vec<Tag>,
    /// Whether it takes the place of the only one of them for certain.
    pub(crate) is_certain: bool,
    /// Requests with its cookie that ask who is signed in.
    pub(crate) presented: Vec<usize>,
}

/// An authorization code.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) born: Times,
    pub(crate) wanted: Wanted,
    /// The session that it was issued for.
    pub(crate) session: Option<Tag>,
    /// Requests that present it with all that binds it.
    pub(crate) rightful: Vec<usize>,
}

/// An access token.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) born: Times,
    pub(crate) code: Tag,
    /// The exchange in which it was issued, by its place in [`Index::seen`].
    pub(crate) issued: usize,
}

/// A mail without one.
pub(crate) struct OtherMail<'a> {
    pub(crate) at_ms: u64,
    pub(crate) record: usize,
    pub(crate) address: String,
    pub(crate) mail: &'a Mail,
}

/// A mail with a one-time code.
#[derive(Debug)]
pub(crate) struct CodeMail<'a> {
    pub(crate) at_ms: u64,
    pub(crate) record: usize,
    pub(crate) address: String,
    pub(crate) code: Secret,
    pub(crate) mail: &'a Mail,
}

/// A command of an operator.
pub(crate) struct Operated<'a> {
    pub(crate) times: Times,
    /// Where its answer stands in the history.
    pub(crate) record: usize,
    pub(crate) command: Command<'a>,
}

/// Something that analytics was told.
pub(crate) struct Told<'a> {
    pub(crate) at_ms: u64,
    pub(crate) record: usize,
    pub(crate) event: &'a serde_json::Value,
    pub(crate) host: &'a str,
    pub(crate) connection: u64,
}

/// All of it.
pub(crate) struct Index<'a> {
    pub(crate) world: &'a World,
    pub(crate) troubles: &'a Troubles,
    /// In the order in which they ended.
    pub(crate) seen: Vec<Seen<'a>>,
    pub(crate) flows: BTreeMap<Tag, Flow>,
    /// The values of their cookies.
    flow_cookies: BTreeSet<Tag>,
    pub(crate) sessions: BTreeMap<Tag, Session>,
    pub(crate) codes: BTreeMap<Tag, Code>,
    pub(crate) tokens: BTreeMap<Tag, Token>,
    pub(crate) mails: Vec<CodeMail<'a>>,
    pub(crate) other_mails: Vec<OtherMail<'a>>,
    pub(crate) told: Vec<Told<'a>>,
    /// What operators did about addresses.
    pub(crate) operated: Vec<Operated<'a>>,
    /// Attempts at an address: places of verifies.
    pub(crate) verifies_at: BTreeMap<String, Vec<usize>>,
    /// Which address each of them is at.
    pub(crate) attempted: BTreeMap<usize, Addresses>,
    /// Logins that said that a browser is known from then on, by the value of its cookie.
    pub(crate) known: BTreeMap<Tag, Vec<usize>>,
    /// Requests for mails to an address.
    pub(crate) sends_to: BTreeMap<String, Vec<usize>>,
    /// The ID tokens that clients have got.
    pub(crate) id_tokens: Issued,
    /// The published keys, as they came first: each one's name, and its algorithm. All replicas publish the same.
    pub(crate) keys: Vec<(String, String)>,
    /// What came twice and must not.
    pub(crate) duplicates: Vec<Violation>,
}

impl<'a> Index<'a> {
    /// Goes through what happened.
    pub(crate) fn of(world: &'a World, troubles: &'a Troubles, facts: &[Timed<'a>]) -> Index<'a> {
        let mut index = Index {
            world,
            troubles,
            seen: vec![],
            flows: BTreeMap::new(),
            flow_cookies: BTreeSet::new(),
            sessions: BTreeMap::new(),
            codes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            mails: vec![],
            other_mails: vec![],
            told: vec![],
            operated: vec![],
            verifies_at: BTreeMap::new(),
            attempted: BTreeMap::new(),
            known: BTreeMap::new(),
            sends_to: BTreeMap::new(),
            id_tokens: BTreeMap::new(),
            keys: vec![],
            duplicates: vec![],
        };
        for timed in facts {
            match &timed.fact {
                Fact::Mailed { address, mail } => {
                    let (at_ms, record, address) = (timed.at_ms, timed.record, (*address).to_lowercase());
                    match mail.code.clone() {
                        Some(code) => index.mails.push(CodeMail {
                            at_ms,
                            record,
                            address,
                            code,
                            mail,
                        }),
                        None => index.other_mails.push(OtherMail {
                            at_ms,
                            record,
                            address,
                            mail,
                        }),
                    }
                }
                Fact::Told {
                    event,
                    host,
                    connection,
                } => index.told.push(Told {
                    at_ms: timed.at_ms,
                    record: timed.record,
                    event,
                    host,
                    connection: *connection,
                }),
                Fact::Command(command) => index.operated.push(Operated {
                    times: Times::new(command.sent_ms, timed.at_ms),
                    record: timed.record,
                    command: *command,
                }),
                Fact::Exchange(exchange) => index.seen.push(Seen::new(*exchange, timed.at_ms, timed.record)),
            }
        }
        for place in 0..index.seen.len() {
            index.learn(place);
        }
        index.attempts();
        index.relate_sessions();
        index
    }

    fn learn(&mut self, place: usize) {
        let seen = self.seen[place];
        let request = seen.exchange.request;
        match (request.method.as_str(), request.path.as_str()) {
            (_, "/authorize") => {
                self.learn_code(place, Wanted::read(self.world, &self.id_tokens, &seen.params()));
                let flow = seen.begun();
                let cookie = flow.and_then(|flow| seen.set_to(&self.flow_cookie(flow)));
                let (is_long, cookie) = (cookie.is_some_and(Secret::is_token), cookie.map(|cookie| cookie.tag));
                let wanted = Wanted::read(self.world, &self.id_tokens, &seen.params());
                if let (Some(cookie), Some(flow), Some(wanted)) = (cookie, flow, wanted) {
                    self.first_of(self.flows.contains_key(&flow), "login in progress", &seen);
                    let is_known = !self.flow_cookies.insert(cookie) || cookie == flow;
                    self.first_of(is_known, "cookie of a login in progress", &seen);
                    self.flows.entry(flow).or_insert(Flow {
                        born: seen.times,
                        wanted,
                        cookie,
                        is_long,
                        consents: vec![],
                        sends: vec![],
                        verifies: vec![],
                    });
                }
            }
            ("GET", "/login/continue") => {
                let flow = seen.flow.and_then(|flow| self.flows.get(&flow));
                let wanted = flow.map(|flow| flow.wanted.clone());
                self.learn_code(place, wanted);
            }
            ("POST", "/login/verify") => {
                let cookie = seen.set(&self.session_cookie());
                if let (Some(cookie), Some(flow), Some(digits)) = (cookie, seen.flow, seen.digits) {
                    let session = self.sessions.entry(cookie).or_insert(Session {
                        cookie,
                        opened: vec![],
                        flow,
                        digits,
                        ended: vec![],
                        replaces: vec![],
                        is_certain: true,
                        presented: vec![],
                    });
                    let is_other = (session.flow, session.digits) != (flow, digits);
                    session.opened.push(place);
                    self.first_of(is_other, "session", &seen);
                }
            }
            ("GET", "/jwks") => {
                let document = seen.answer().map(|answer| &answer.body);
                if let Some(crate::exchange::Body::Json(json)) = document.filter(|_| self.keys.is_empty()) {
                    self.keys = crate::keys::named(json);
                }
            }
            ("POST", "/token") => {
                let code = seen.params().secret("code");
                let tokens = seen.answer().map(|answer| &answer.body);
                if let (Some(code), Some(crate::exchange::Body::Tokens(tokens))) = (code, tokens) {
                    self.first_of(self.tokens.contains_key(&tokens.access.tag), "access token", &seen);
                    self.tokens.entry(tokens.access.tag).or_insert(Token {
                        born: seen.times,
                        code: code.tag,
                        issued: place,
                    });
                    if let Some(id_token) = &tokens.id_token {
                        let text = |name: &str| id_token.claims.get(name).and_then(|claim| claim.as_str());
                        let about = About {
                            subject: text("sub").unwrap_or_default().to_owned(),
                            client_id: text("aud").unwrap_or_default().to_owned(),
                        };
                        self.id_tokens.insert(id_token.whole.tag, about);
                    }
                }
            }
            _ => {}
        }
    }

    /// Identifiers are drawn from 256 unpredictable bits (RFC 6749 section 10.10): none comes twice.
    fn first_of(&mut self, is_known: bool, what: &str, seen: &Seen<'_>) {
        if is_known {
            self.duplicates.push(Violation {
                reason: format!("{}-twice", slug(what)),
                what: format!("two have the same {what} (RFC 6749 section 10.10: it cannot be guessed)"),
                at_ms: seen.times.to_ms,
                evidence: vec![seen.record],
            });
        }
    }

    /// An answer that takes a code to the client.
    fn learn_code(&mut self, place: usize, wanted: Option<Wanted>) {
        let (seen, Some(wanted)) = (self.seen[place], wanted) else {
            return;
        };
        let Some(code) = seen.redirected(&wanted.redirect_uri, "code") else {
            return;
        };
        let session = seen.cookie(&self.session_cookie()).map(|cookie| cookie.tag);
        self.first_of(self.codes.contains_key(&code), "authorization code", &seen);
        self.codes.entry(code).or_insert(Code {
            born: seen.times,
            wanted,
            session,
            rightful: vec![],
        });
    }

    /// Requests that change what was found, whatever came of them.
    fn attempts(&mut self) {
        for place in 0..self.seen.len() {
            let seen = self.seen[place];
            let params = seen.params();
            let is_question = seen.answer().is_some_and(|answer| answer.status == 200);
            let ends = seen.is("POST", "/logout")
                || seen.is("POST", "/end-session/confirm")
                || (seen.is("GET", "/end-session") || seen.is("HEAD", "/end-session")) && !is_question;
            if ends && seen.done() != Done::No {
                let cookie = seen.cookie(&self.session_cookie()).map(|cookie| cookie.tag);
                if let Some(session) = cookie.and_then(|cookie| self.sessions.get_mut(&cookie)) {
                    session.ended.push(place);
                }
            }
            if let Some(flow) = seen.flow.and_then(|flow| self.flows.get_mut(&flow)) {
                if seen.is("POST", "/login/send") {
                    flow.sends.push(place);
                    if let Some(address) = params.text("address").and_then(crate::mailed_code::address) {
                        self.sends_to.entry(address).or_default().push(place);
                    }
                }
                if seen.is("POST", "/login/verify") {
                    flow.verifies.push(place);
                }
                let leads_on = seen.answer().is_none_or(|answer| {
                    let location = answer.location.as_ref();
                    answer.status >= 500 || location.is_some_and(|location| location.target == "/login/continue")
                });
                if seen.is("POST", "/login/consent") && leads_on {
                    flow.consents.push(place);
                }
            }
            if seen.is("POST", "/token")
                && let Some(code) = params.secret("code")
                && let Some(known) = self.codes.get(&code.tag)
                && crate::token::is_rightful(self.world, known, &seen)
            {
                self.codes.get_mut(&code.tag).expect("found above").rightful.push(place);
            }
        }
        // Which address an attempt is at follows from the mails that were asked for before it.
        let mut at: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut attempted = BTreeMap::new();
        for flow in self.flows.values() {
            for place in &flow.verifies {
                let found = addresses(self, flow, *place);
                for address in &found.possible {
                    at.entry(address.clone()).or_default().push(*place);
                }
                attempted.insert(*place, found);
            }
        }
        for places in at.values_mut() {
            places.sort_unstable();
        }
        self.verifies_at = at;
        self.attempted = attempted;
        for place in self.attempted.keys() {
            if let Some(cookie) = self.seen[*place].set(&self.known_cookie()) {
                self.known.entry(cookie).or_default().push(*place);
            }
        }
    }

    /// When the last exchange ended, milliseconds from the start of the run.
    pub(crate) fn ended_ms(&self) -> u64 {
        let ended = self.seen.iter().map(|seen| seen.times.to_ms);
        ended.filter(|ms| *ms < u64::MAX).max().unwrap_or(0)
    }

    /// The name of the cookie of a login in progress: no login's cookie takes the place of another's. It ends with the first
    /// eight digits of the identifier's hash, which is how tags are written.
    pub(crate) fn flow_cookie(&self, flow: Tag) -> String {
        self.cookie_name(&format!("flow-{flow}"))
    }

    /// The cookies that an answer by which a login begins has to delete: so that this browser has no more of them than it may,
    /// the oldest, which browsers send first (RFC 6265 section 5.4).
    pub(crate) fn surplus_cookies(&self, seen: &Seen<'_>) -> Vec<String> {
        let prefix = self.cookie_name("flow-");
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_of_a_flow = |name: &str| {
            let digits = name.strip_prefix(&prefix);
            digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(is_digit))
        };
        let mut found: Vec<String> = vec![];
        for (name, _) in &seen.exchange.request.cookies {
            if is_of_a_flow(name) && !found.contains(name) {
                found.push(name.clone());
            }
        }
        let setting = |row| self.world.settings.get(row) as usize;
        let others = setting("logins in progress in a browser") - 1;
        let surplus = found.len().saturating_sub(others);
        found.truncate(surplus.min(setting("cookies deleted in an answer")));
        found
    }

    /// The name of the session cookie. `__Host-` wherever there is TLS (RFC 6265bis section 4.1.3.2).
    pub(crate) fn session_cookie(&self) -> String {
        self.cookie_name("session")
    }

    /// The name of the cookie of a known browser.
    pub(crate) fn known_cookie(&self) -> String {
        self.cookie_name("known")
    }

    fn cookie_name(&self, name: &str) -> String {
        match self.world.issuer.starts_with("https://") {
            true => format!("__Host-{name}"),
            false => name.to_owned(),
        }
    }

    /// Who has this address.
    pub(crate) fn person(&self, address: &str) -> Option<&'a Person> {
        self.world.people.iter().find(|person| person.address == address)
    }
}
