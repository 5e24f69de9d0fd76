//! Somebody is logged in already, and is asked whether they want to go on (RFC 8252 section 8.6, `prompt=consent`).

use super::to_page;
use crate::{
    allowed::{Allowed, Known, Widened},
    index::Flow,
    judge::{Judge, Needs, page_not_now},
    pages,
    seen::Seen,
};

/// Whether the person of this session has said, in this login, that they want to go on.
pub(super) fn consented(judge: &Judge<'_>, seen: &Seen<'_>, flow: &Flow) -> Known {
    let name = judge.index.session_cookie();
    let own = seen.cookie(&name).map(|cookie| cookie.tag);
    let given = flow.consents.iter().map(|place| &judge.index.seen[*place]);
    let mut said = Known::No;
    for other in given {
        // Each says it for its own session alone, and takes the place of what was said before.
        let is_own = other.cookie(&name).map(|cookie| cookie.tag) == own;
        let before = judge
            .precedes(other, seen)
            .and(judge.forgotten(other.times, seen.times).negated());
        said = match (before, is_own) {
            (Known::No, _) => said,
            (Known::Yes, true) => Known::Yes,
            (Known::Yes, false) => Known::No,
            (Known::Maybe(why), is_own) if (said == Known::Yes) != is_own => Known::Maybe(why),
            (Known::Maybe(_), _) => said,
        };
    }
    said
}

/// `GET /login/consent`.
pub(crate) fn expect_consent_page(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let (live, session) = judge.session(seen);
        let people = session.map_or(vec![], |session| judge.people_of(session));
        for person in people.iter().skip(1) {
            allowed.or(Widened::WhoseMail, pages::consent(judge, seen, flow, person));
        }
        if let Some(person) = people.first() {
            allowed.when(live, || pages::consent(judge, seen, flow, person));
        }
        allowed.otherwise(|| to_page(seen.flow, "/login"));
    }
    judge.or_not_now(&mut allowed, seen, BOTH, page_not_now);
    allowed
}

/// `POST /login/consent`.
pub(crate) fn expect_consented(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    judge.own_form(&mut allowed, seen);
    if !allowed.is_closed() && judge.flow(&mut allowed, seen).is_some() {
        let (live, _) = judge.session(seen);
        allowed.when(live, || to_page(seen.flow, "/login/continue"));
        allowed.otherwise(|| to_page(seen.flow, "/login"));
    }
    judge.or_not_now(&mut allowed, seen, BOTH, page_not_now);
    allowed
}

const BOTH: Needs = Needs {
    store: true,
    directory: true,
    mail: false,
};
