//! The account page and logging out (inventory 55).

use crate::{
    allowed::{Allowed, Widened},
    expect::{Expected, FormRule, PageRule},
    judge::{Judge, Needs, page_not_now},
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
    if people.len() > 1 {
        for person in &people[1..] {
            allowed.or(Widened::Race, account(judge, person));
        }
    }
    if let Some(person) = people.first() {
        allowed.when(live, || account(judge, person));
    }
    allowed.otherwise(|| {
        let page = PageRule {
            name: "account",
            signed_in: Some(false),
            never_says: judge
                .index
                .world
                .people
                .iter()
                .map(|person| person.address.clone())
                .collect(),
            ..PageRule::default()
        };
        Expected::page("nobody is signed in", "core/LIMITS.md: a session ends", 200, page)
    });
    judge.or_not_now(&mut allowed, seen, DIRECTORY, page_not_now);
    allowed
}

fn account(judge: &Judge<'_>, person: &Person) -> Expected {
    let others = judge.index.world.people.iter().filter(|other| *other != person);
    let page = PageRule {
        name: "account",
        signed_in: Some(true),
        says: vec![person.address.clone(), person.name.clone()],
        never_says: others.map(|other| other.address.clone()).collect(),
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
    pub(crate) fn people_of(&self, session: &crate::index::Session) -> Vec<Person> {
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
