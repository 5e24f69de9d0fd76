//! What a balancer does for the service, and what it may say instead of it (`README.md`, "Behind a balancer"): paths of logins go
//! to ports that are open only while their replica has a store, all others to ports that need none. If no replica answers a path
//! of logins, a port of the second kind says that nobody can log in now.

use crate::{
    allowed::{Allowed, Widened},
    exchange::Body,
    expect::Expected,
    judge::Judge,
    messages,
    seen::Seen,
    world::Touches,
};

/// What is sent to clients at `/token`, and to people on all other paths of logins.
const ERROR: &str = "no-logins";
const SENTENCE: &str = "inventory 25, 26: without the store nobody logs in, and whoever tries is told";

/// Whether a path is one of logins, which need the store.
pub fn is_login(path: &str) -> bool {
    ["/authorize", "/login", "/token"].contains(&path) || path.starts_with("/login/")
}

/// Whether an answer says that nobody can log in now: then it is not known what has become of the request. The answer to a HEAD
/// does not say.
pub(crate) fn says_no_logins(seen: &Seen<'_>) -> bool {
    let answer = seen.answer().filter(|answer| answer.status == 503);
    answer.is_some_and(|answer| match &answer.body {
        Body::Page(page) => page.error.as_deref() == Some(ERROR),
        Body::Json(json) => json["error_description"] == messages::description("temporarily_unavailable", "no logins"),
        Body::Empty => true,
        _ => false,
    })
}

impl Judge<'_> {
    /// Whether it was asked at the balancer.
    pub(crate) fn is_at_balancer(&self, seen: &Seen<'_>) -> bool {
        let balancer = self.index.world.balancer.as_ref();
        balancer.is_some_and(|balancer| balancer.door == seen.exchange.door)
    }

    /// Whether something was broken without which a request may get no answer of the service at all. Behind a balancer that is not
    /// the store: there is a port that does not need it.
    pub(crate) fn may_be_unanswered(&self, seen: &Seen<'_>) -> bool {
        let is_sent_once = seen.exchange.request.method == "POST";
        let of: fn(&Touches) -> bool = match self.is_at_balancer(seen) {
            true if is_sent_once => |touches| touches.service || touches.directory || touches.stale,
            true => |touches| touches.service || touches.directory,
            false => |touches| touches.service || touches.directory || touches.store,
        };
        self.troubles.any(seen.times.from_ms, seen.times.to_ms, of)
    }

    /// That nobody can log in now, where it may be said.
    pub(crate) fn or_no_logins(&self, allowed: &mut Allowed, seen: &Seen<'_>) {
        let request = seen.exchange.request;
        if !self.is_at_balancer(seen) || !is_login(&request.path) || request.method == "OPTIONS" {
            return;
        }
        // A replica that did not answer in time, for whatever reason, is not asked for a while.
        let avoids_ms = self
            .index
            .world
            .balancer
            .as_ref()
            .map_or(0, |balancer| balancer.avoids_ms);
        let from_ms = seen.times.from_ms.saturating_sub(avoids_ms);
        let meanwhile = |of| self.troubles.any(from_ms, seen.times.to_ms, of);
        let why = if meanwhile(|touches| touches.store) {
            Widened::Store
        } else if meanwhile(|touches| touches.directory) {
            Widened::Directory
        } else if meanwhile(|touches| touches.service)
            || (request.method == "POST" && meanwhile(|touches| touches.stale))
            || seen.times.from_ms <= self.troubles.started_ms
        {
            Widened::Service
        } else {
            return;
        };
        let retry_s = (self.setting("try again") / 1000).to_string();
        let expected = match request.path.as_str() {
            "/token" => Expected::error("temporarily_unavailable", "no logins", SENTENCE, 503),
            _ => Expected::error_page(ERROR, SENTENCE, 503),
        };
        allowed.or_not_now(why, expected.header("retry-after", retry_s));
    }

    /// Whether a balancer has refused what it must not pass on: two `Authorization` lines (RFC 9110 section 5.3: only what is
    /// a list may come in several), or a line that is longer than its buffers (core/LIMITS.md). nginx does so by itself, with
    /// its own page: 400, and 414 for a request line.
    pub(crate) fn balancer_refuses(&self, seen: &Seen<'_>) -> bool {
        let request = seen.exchange.request;
        let is_too_long = request.longest_line as u64 > self.setting("bytes of a line of a request's head");
        self.is_at_balancer(seen)
            && seen.any_answer().is_some_and(|answer| match answer.status {
                400 => request.authorization.len() > 1 || is_too_long,
                414 => is_too_long,
                _ => false,
            })
    }
}
