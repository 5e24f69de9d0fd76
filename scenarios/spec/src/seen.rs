//! An exchange with its times, and how its request is read.

use crate::{
    balancer::says_no_logins,
    exchange::{Answer, Answered, Exchange, Word},
    secret::{Secret, Tag},
    times::Times,
};

/// An exchange with its times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// From when it was sent until it was answered, or given up.
    pub(crate) times: Times,
    /// Its place in the history.
    pub(crate) record: usize,
    /// What it was.
    pub(crate) exchange: Exchange<'a>,
    /// Whether what was asked was done. Read once, as the next ones are: every rule asks every exchange.
    done: Done,
    /// Whether the answer is that nobody can log in now, which is not of the replica that may have the request.
    is_answered_by_another: bool,
    /// The login in progress that it is about.
    pub(crate) flow: Option<Tag>,
    /// The eight digits that it presents.
    pub(crate) digits: Option<Tag>,
}

/// Whether what was asked was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// It was.
    Yes,
    /// It was not.
    No,
    /// It may have been, or may be yet.
    Maybe,
}

impl<'a> Seen<'a> {
    /// An exchange that ended, or was given up, at a time.
    pub(crate) fn new(exchange: Exchange<'a>, to_ms: u64, record: usize) -> Seen<'a> {
        let mut seen = Seen {
            times: Times::new(exchange.sent_ms, to_ms),
            record,
            exchange,
            done: Done::Maybe,
            is_answered_by_another: false,
            flow: None,
            digits: None,
        };
        seen.done = seen.read_done();
        seen.is_answered_by_another = says_no_logins(&seen);
        seen.flow = seen.params().secret("flow").map(|flow| flow.tag);
        seen.digits = seen.params().secret("code").and_then(|code| code.digits());
        seen
    }

    /// The answer, if the service itself gave one: a balancer's own error has no correlation ID.
    pub(crate) fn answer(&self) -> Option<&'a Answer> {
        match self.exchange.answer {
            Answered::With(answer) if answer.headers.contains_key("x-correlation-id") => Some(answer),
            _ => None,
        }
    }

    /// The answer, whoever gave it.
    pub(crate) fn any_answer(&self) -> Option<&'a Answer> {
        match self.exchange.answer {
            Answered::With(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether what was asked was done.
    pub(crate) fn done(&self) -> Done {
        self.done
    }

    /// A success or a redirect says that it was done; "not now" and no answer at all say nothing. What a balancer itself
    /// refuses it passes to nobody.
    fn read_done(&self) -> Done {
        match (self.exchange.answer, self.answer()) {
            (Answered::NotSent(_), _) => Done::No,
            (Answered::With(answer), None) if (400..500).contains(&answer.status) => Done::No,
            (_, None) => Done::Maybe,
            (_, Some(answer)) => match answer.status {
                200..=399 => Done::Yes,
                500.. => Done::Maybe,
                _ => Done::No,
            },
        }
    }

    /// When what was asked may have been done: somebody else may have said that nobody can log in now.
    pub(crate) fn effect(&self) -> Times {
        match self.answer() {
            Some(_) if !self.is_answered_by_another => self.times,
            _ => Times::new(self.times.from_ms, u64::MAX),
        }
    }

    /// Whether it is a request of this method for this path.
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.exchange.request.method == method && self.exchange.request.path == path
    }

    /// The parameters: those of the body of a POST, else those of the query. "Parameters sent without a value MUST be treated
    /// as if they were omitted" (RFC 6749 section 3.1).
    pub(crate) fn params(&self) -> Params<'a> {
        let request = self.exchange.request;
        match request.method.as_str() {
            "POST" => Params(request.form.as_deref().unwrap_or_default()),
            _ => Params(&request.query),
        }
    }

    /// The value of a cookie; of the first, if there are several.
    pub(crate) fn cookie(&self, name: &str) -> Option<&'a Secret> {
        let cookies = self.exchange.request.cookies.iter();
        cookies
            .filter(|(other, _)| other == name)
            .map(|(_, value)| value)
            .next()
    }

    /// The value that the answer sets a cookie to.
    pub(crate) fn set(&self, name: &str) -> Option<Tag> {
        self.set_to(name).map(|value| value.tag)
    }

    /// The same, with what its shape says.
    pub(crate) fn set_to(&self, name: &str) -> Option<&'a Secret> {
        let cookies = self.answer()?.cookies.iter();
        let found = cookies.filter(|cookie| cookie.name == name && cookie.value.bytes > 0);
        found.map(|cookie| &cookie.value).next()
    }

    /// The login in progress that the answer begins.
    pub(crate) fn begun(&self) -> Option<Tag> {
        let pages = ["/login", "/login/consent"].into_iter();
        pages.filter_map(|page| self.redirected(page, "flow")).next()
    }

    /// A parameter of the redirect to this target.
    pub(crate) fn redirected(&self, target: &str, param: &str) -> Option<Tag> {
        let location = self.answer()?.location.as_ref()?;
        let found = location.params.iter().find(|(name, _)| name == param);
        let without_query = target.split('?').next().unwrap_or(target);
        (location.target == without_query).then_some(found?.1.secret().tag)
    }
}

/// Parameters of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<'a>(&'a [(String, Word)]);

impl<'a> Params<'a> {
    /// The value of a parameter, unless it is empty; the first, if there are several.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Word> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// The same of one that is no secret.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.clear()
    }

    /// The same of a secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Word::secret)
    }

    /// How often a parameter is there.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(other, _)| other == name).count()
    }

    /// Whether one of these is there more than once. "The authorization server MUST ignore unrecognized request parameters"
    /// (RFC 6749 section 3.1), however often they come.
    pub(crate) fn has_repeated_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.count(name) > 1)
    }

    /// Whether any parameter is there more than once.
    pub(crate) fn has_repeated(&self) -> bool {
        self.0.iter().any(|(name, _)| self.count(name) > 1)
    }
}
