//! Which rules judge an exchange, by its method and path; and the verdict on a whole run.

use crate::{
    allowed::{Allowed, Sizes},
    authorize, documents, end_session,
    exchange::Answered,
    expect::Expected,
    index::Index,
    judge::Judge,
    mailed_code,
    seen::Seen,
    session, token, userinfo, verify,
    world::{Timed, Touches, Troubles, World},
};
use std::cell::{OnceCell, RefCell};

/// Paths, the methods that they answer to, in the order in which `Allow` says them.
const ROUTES: [(&str, &[&str]); 15] = [
    ("/", &["GET", "HEAD"]),
    ("/.well-known/openid-configuration", &["GET", "HEAD"]),
    ("/authorize", &["GET", "HEAD", "POST"]),
    ("/end-session", &["GET", "HEAD", "POST"]),
    ("/end-session/confirm", &["POST"]),
    ("/jwks", &["GET", "HEAD"]),
    ("/login", &["GET", "HEAD"]),
    ("/login/code", &["GET", "HEAD"]),
    ("/login/consent", &["GET", "HEAD", "POST"]),
    ("/login/continue", &["GET", "HEAD"]),
    ("/login/send", &["POST"]),
    ("/login/verify", &["POST"]),
    ("/logout", &["POST"]),
    ("/token", &["POST"]),
    ("/userinfo", &["GET", "HEAD", "POST"]),
];

/// The specification of one run.
pub struct Spec<'a> {
    world: &'a World,
    troubles: &'a Troubles,
}

/// An answer that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// In which way, as a slug without names and numbers.
    pub reason: String,
    /// One sentence.
    pub what: String,
    /// When it became certain, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Its places in the history.
    pub evidence: Vec<usize>,
}

/// The verdict on a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Answers that are not allowed, in the order in which they came.
    pub violations: Vec<Violation>,
    /// How large the sets of allowed answers were, before anything broke.
    pub calm: Sizes,
    /// The same from then on.
    pub troubled: Sizes,
}

impl<'a> Spec<'a> {
    /// The specification, for a world in which these things were broken.
    pub fn new(world: &'a World, troubles: &'a Troubles) -> Spec<'a> {
        Spec { world, troubles }
    }

    /// Judges what happened, given in the order in which it ended.
    pub fn judge(&self, facts: &[Timed<'a>]) -> Report {
        let index = Index::of(self.world, self.troubles, facts);
        let judge = Judge {
            counted: vec![OnceCell::new(); index.seen.len()],
            known: RefCell::default(),
            endings: OnceCell::new(),
            index,
            troubles: self.troubles,
        };
        let mut report = Report::default();
        for (place, seen) in judge.index.seen.iter().enumerate() {
            judge.judge_one(place, seen, &mut report);
        }
        judge.operators(&mut report);
        judge.mails(&mut report);
        judge.reminders(&mut report);
        judge.leaders(&mut report);
        judge.analytics(&mut report);
        report.violations.extend(judge.index.duplicates.iter().cloned());
        report.violations.sort_by_key(|violation| violation.at_ms);
        report
    }
}

impl Judge<'_> {
    fn judge_one(&self, place: usize, seen: &Seen<'_>, report: &mut Report) {
        let asked = format!(
            "{} {} at {}",
            seen.exchange.request.method, seen.exchange.request.path, seen.exchange.door
        );
        let violation = |reason: String, what: String| Violation {
            reason,
            what,
            at_ms: seen.times.to_ms,
            evidence: vec![seen.record],
        };
        if seen.times.to_ms == u64::MAX {
            return; // under way when the run ended
        }
        if self.is_for_operators(seen) {
            self.health(seen, report);
            return;
        }
        let Some(answer) = seen.answer() else {
            if self.balancer_refuses(seen) || self.has_too_many_lines(seen) {
                return;
            }
            if matches!(seen.exchange.answer, Answered::GivenUp(_)) {
                return; // nobody waited for what would have been judged
            }
            let what = match seen.exchange.answer {
                Answered::With(answer) => format!("the balancer's own {}", answer.status),
                Answered::NotSent(why) | Answered::Unknown(why) | Answered::GivenUp(why) => why.clone(),
            };
            let starting = seen.times.from_ms <= self.troubles.started_ms;
            // The balancer turns to another replica.
            let is_away = matches!(seen.exchange.answer, Answered::NotSent(_))
                && !self.is_at_balancer(seen)
                && self
                    .troubles
                    .any(seen.times.from_ms, seen.times.to_ms, |touches| touches.stops);
            if !starting && !is_away && !self.may_be_unanswered(seen) {
                let path = &seen.exchange.request.path;
                report.violations.push(violation(
                    format!("no-answer-{}", crate::allowed::slug(path)),
                    format!("{asked} got no answer of the service, although nothing was broken: {what}"),
                ));
            }
            return;
        };
        let lines = seen.exchange.request.header_lines;
        if lines as u64 > self.setting("header lines of a request") {
            let what = format!(
                "{asked} had {lines} header lines, and was answered {}",
                answer.describe()
            );
            report.violations.push(violation("too-many-lines".into(), what));
            return;
        }
        let stops = |touches: &Touches| touches.stops || touches.service;
        let closes =
            || self.troubles.any(seen.times.from_ms, seen.times.to_ms, stops) || self.may_have_closed_its_port(seen);
        if answer.closes && !closes() {
            let what = format!(
                "the answer to {asked} closes the connection, and the replica neither stops nor closes its port (RFC 9112 section 9.3)"
            );
            report.violations.push(violation("closes-without-reason".into(), what));
            return;
        }
        let allowed = self.expect(place, seen);
        match allowed.judge(answer) {
            Ok(_) => {
                let broke = self.troubles.broke_by(seen.times.to_ms);
                let sizes = if broke { &mut report.troubled } else { &mut report.calm };
                sizes.count(&allowed, answer.status == 503);
                if let Err((reason, why)) = self.check_log(place, seen, answer) {
                    let what = format!("the answer to {asked}, {}, {why}", answer.describe());
                    report.violations.push(violation(reason.to_owned(), what));
                }
            }
            Err(wrong) => {
                let what = format!("{asked} was answered {}", wrong.what);
                report.violations.push(violation(wrong.reason, what));
            }
        }
    }

    /// Whether a port may have been closed because what it needs has not worked for so long. What has begun by then is still
    /// answered.
    fn may_have_closed_its_port(&self, seen: &Seen<'_>) -> bool {
        let needed = |touches: &Touches| touches.store || touches.directory;
        let (degraded_ms, work_ms) = (self.setting("degraded"), self.setting("work at a stop"));
        let from_ms = seen.times.from_ms.saturating_sub(degraded_ms + work_ms);
        let to_ms = seen.times.to_ms.saturating_sub(degraded_ms);
        self.troubles.any(from_ms, to_ms, needed)
    }

    /// Whether the request has been refused for the number of its header lines. A balancer adds a few.
    fn has_too_many_lines(&self, seen: &Seen<'_>) -> bool {
        const ADDED_MAX: u64 = 8;
        let lines = seen.exchange.request.header_lines as u64;
        lines + ADDED_MAX > self.setting("header lines of a request")
            && seen.any_answer().is_some_and(|answer| answer.status == 431)
    }

    fn expect(&self, place: usize, seen: &Seen<'_>) -> Allowed {
        let request = seen.exchange.request;
        let is_for_scripts = documents::is_for_scripts(&request.path);
        let mut allowed = match request.method.as_str() {
            "OPTIONS" if is_for_scripts => documents::expect_preflight(self),
            _ => self.expect_here(place, seen),
        };
        self.or_no_logins(&mut allowed, seen);
        if is_for_scripts {
            documents::expose(&mut allowed);
        }
        allowed
    }

    fn expect_here(&self, place: usize, seen: &Seen<'_>) -> Allowed {
        let request = seen.exchange.request;
        let Some((_, methods)) = ROUTES.iter().find(|(path, _)| *path == request.path) else {
            return only(Expected::error_page("not-found", "RFC 9110 section 15.5.5", 404));
        };
        if !methods.contains(&request.method.as_str()) {
            let refused = Expected::error_page("method-not-allowed", "RFC 9110 section 15.5.6", 405);
            let mut methods = methods.to_vec();
            methods.extend(documents::is_for_scripts(&request.path).then_some("OPTIONS"));
            return only(refused.header("allow", methods.join(",")));
        }
        match (request.method.as_str(), request.path.as_str()) {
            (_, "/") => session::expect_account(self, seen),
            (_, "/authorize") => authorize::expect(self, seen),
            (_, "/login") => mailed_code::expect_login_page(self, place, seen),
            (_, "/login/send") => mailed_code::expect_send(self, place, seen),
            (_, "/login/code") => mailed_code::expect_code_page(self, place, seen),
            (_, "/login/verify") => verify::expect(self, place, seen),
            ("POST", "/login/consent") => authorize::expect_consented(self, seen),
            (_, "/login/consent") => authorize::expect_consent_page(self, seen),
            (_, "/login/continue") => authorize::expect_continue(self, seen),
            (_, "/logout") => session::expect_logout(self, seen),
            (_, "/end-session") => end_session::expect(self, seen),
            (_, "/end-session/confirm") => end_session::expect_confirmed(self, seen),
            (_, "/token") => token::expect(self, place, seen),
            (_, "/userinfo") => userinfo::expect(self, seen),
            (_, "/jwks") => documents::expect_keys(self),
            _ => documents::expect_metadata(self),
        }
    }
}

fn only(expected: Expected) -> Allowed {
    let mut allowed = Allowed::default();
    allowed.otherwise(|| expected);
    allowed
}
