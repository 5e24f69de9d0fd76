//! The account page and logging out (inventory 55).

use crate::{
    allowed::{Allowed, Widened},
    expect::{Expected, FormRule, PageRule},
    index::Session,
    judge::{Judge, Needs, page_not_now},
    messages::{Places, spans},
    seen::Seen,
    world::Person,
};

const DIRECTORY: Needs = Needs {
    store: false,
    directory: true,
    mail: false,
};

/// `GET /`. Nobody who is logged in is shown the page for strangers, and nobody is shown somebody else's.
pub(crate) fn expect_account(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let (live, session) = judge.session(seen);
    let people = session.map_or(vec![], |session| judge.people_of(session));
    if let (Some(session), true) = (session, people.len() > 1) {
        for person in &people[1..] {
            allowed.or(Widened::Race, account(judge, seen, session, person));
        }
    }
    if let (Some(session), Some(person)) = (session, people.first()) {
        allowed.when(live, || account(judge, seen, session, person));
    }
    allowed.otherwise(|| {
        let page = PageRule {
            name: "account",
            signed_in: Some(false),
            ..PageRule::default()
        };
        Expected::page("nobody is signed in", "core/LIMITS.md: a session ends", 200, page)
    });
    judge.or_not_now(&mut allowed, seen, DIRECTORY, page_not_now);
    allowed
}

fn account(judge: &Judge<'_>, seen: &Seen<'_>, session: &Session, person: &Person) -> Expected {
    let (since, clocks_ms) = (judge.authenticated(session), judge.dates_ms(seen.times));
    let shortest = seen.times.from_ms.saturating_sub(since.to_ms.saturating_add(clocks_ms));
    let longest = (seen.times.to_ms - since.from_ms).saturating_add(clocks_ms);
    let lives_ms = judge.setting("session");
    let left = spans(
        lives_ms.saturating_sub(longest),
        lives_ms.saturating_sub(shortest).saturating_add(clocks_ms),
    );
    let page = PageRule {
        name: "account",
        signed_in: Some(true),
        places: Places::from([
            ("name", vec![person.name.clone()]),
            ("address", vec![person.address.clone()]),
            ("since", spans(shortest, longest)),
            ("left", left),
        ]),
        forms: vec![FormRule {
            action: "/logout",
            fields: vec![],
        }],
        ..PageRule::default()
    };
    Expected::page(
        "somebody is signed in",
        "inventory 55: a live session is shown as one",
        200,
        page,
    )
}

/// `POST /logout`.
pub(crate) fn expect_logout(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    judge.own_form(&mut allowed, seen);
    allowed.otherwise(|| {
        Expected::redirect("logged out", "the session is over before the cookie goes", "/", vec![]).cookie(
            judge.index.session_cookie(),
            None,
            0,
        )
    });
    let has_cookie = seen.cookie(&judge.index.session_cookie()).is_some();
    let needs = Needs {
        directory: has_cookie,
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    allowed
}

impl Judge<'_> {
    /// Whose session it may be.
    pub(crate) fn people_of(&self, session: &Session) -> Vec<Person> {
        let Some(flow) = self.index.flows.get(&session.flow) else {
            return vec![];
        };
        let mut found = crate::mailed_code::addresses(&self.index, flow, session.opened[0]).possible;
        // The mail says whose code it was.
        found.retain(|address| {
            let mails = self.index.mails.iter().filter(|mail| mail.address == *address);
            mails.into_iter().any(|mail| mail.code.digits() == Some(session.digits))
        });
        found
            .iter()
            .filter_map(|address| self.index.person(address))
            .cloned()
            .collect()
    }
}
