//! The outcome of an answer for the person who waits for it. This is the only place that classifies answers as
//! [`Seen`].

use crate::vocabulary::Seen;
use seams::{Cause, Failure};

/// The outcome of an answer that is neither a success nor a redirect; `None` for those two. `reason` is the answer's
/// machine-readable reason: the page's `data-error`, or `error` of the JSON.
///
/// - A 503 that says that it is temporary: the service itself refused, so the request was not done.
/// - 502, 504 and 499 come from the balancer, which cannot know what the replica did. Any other 5xx comes from a host
///   in trouble. None of these proves anything.
/// - Every other 4xx is a refusal.
pub(crate) fn trouble(status: u16, reason: Option<&str>) -> Option<Seen> {
    let told = reason.map_or_else(|| status.to_string(), str::to_owned);
    match status {
        200..=399 => None,
        503 if reason.is_some_and(|r| r.contains("temporarily")) => Some(Seen::Fail(told)),
        400..=498 => Some(Seen::Fail(told)),
        _ => Some(Seen::Unknown(told)),
    }
}

/// The outcome of a request that got no answer.
pub(crate) fn unanswered(failure: &Failure) -> Seen {
    match failure {
        Failure::Fail(cause @ Cause::Protocol(_)) => Seen::Fail(cause.to_string()), // never sent
        Failure::Fail(Cause::Unreachable(what)) => Seen::Fail(format!("unreachable: {what}")),
        Failure::Fail(cause) => Seen::Fail(format!("unreachable: {cause}")),
        Failure::Unknown(cause) => Seen::Unknown(cause.to_string()),
    }
}

/// Whether the same request may succeed when it is repeated. People repeat it when the page says "try again", or when
/// there is no answer at all.
pub(crate) fn worth_another_try(seen: &Seen) -> bool {
    match seen {
        Seen::Ok => false,
        Seen::Unknown(told) => !told.starts_with("unexpected"),
        Seen::Fail(told) => told.starts_with("unreachable") || told.contains("temporarily"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_answers() {
        let fail = |told: &str| Some(Seen::Fail(told.into()));
        let unknown = |told: &str| Some(Seen::Unknown(told.into()));
        for (status, reason, expected) in [
            (200, None, None),
            (303, None, None),
            (400, Some("wrong-code"), fail("wrong-code")),
            (401, None, fail("401")),
            (429, Some("too-many-attempts"), fail("too-many-attempts")),
            (499, None, unknown("499")),
            (500, Some("internal"), unknown("internal")),
            (502, None, unknown("502")),
            (503, None, unknown("503")),
            (503, Some("temporarily-unavailable"), fail("temporarily-unavailable")),
            (503, Some("temporarily_unavailable"), fail("temporarily_unavailable")),
            (504, None, unknown("504")),
        ] {
            assert_eq!(trouble(status, reason), expected, "{status} {reason:?}");
        }
    }

    #[test]
    fn a_lost_answer_is_unknown_and_an_unsent_request_is_not() {
        let never_sent = unanswered(&Failure::Fail(Cause::Unreachable("balancer:80".into())));
        assert_eq!(never_sent, Seen::Fail("unreachable: balancer:80".into()));
        let lost = unanswered(&Failure::Unknown(Cause::ConnectionLost("reset".into())));
        assert_eq!(lost, Seen::Unknown("connection lost: reset".into()));
        assert!(worth_another_try(&never_sent) && worth_another_try(&lost));
        assert!(worth_another_try(&Seen::Fail("temporarily-unavailable".into())));
        assert!(!worth_another_try(&Seen::Fail("wrong-code".into())));
        assert!(!worth_another_try(&Seen::Unknown("unexpected answer 200".into())));
    }
}
