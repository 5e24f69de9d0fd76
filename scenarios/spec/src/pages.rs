//! The pages of a login: what they say, and their forms.

use crate::{
    exchange::Word,
    expect::{Expected, FormRule, PageRule},
    index::Flow,
    judge::Judge,
    messages::Places,
    seen::Seen,
    world::Person,
};

/// The page on which people say who they are. It may show one of these addresses.
pub(crate) fn login(
    judge: &Judge<'_>,
    seen: &Seen<'_>,
    flow: &Flow,
    shown: Vec<Word>,
    error: Option<&'static str>,
) -> Expected {
    let page = PageRule {
        name: "login",
        error,
        places: Places::from([("client", vec![client_name(judge, flow)])]),
        forms: vec![FormRule {
            action: "/login/send",
            fields: vec![("flow", flow_value(seen)), ("address", shown)],
        }],
        ..PageRule::default()
    };
    match error {
        None => Expected::page("the login page", "OpenID Connect Core section 3.1.2.3", 200, page),
        Some(error) => Expected::page(
            error,
            "inventory 59: each error is told by its name, where it can be mended",
            400,
            page,
        ),
    }
}

/// The page on which people type their code, for one of these addresses.
pub(crate) fn code(seen: &Seen<'_>, addresses: &[String], error: Option<&'static str>) -> Expected {
    let page = PageRule {
        name: "code",
        error,
        places: Places::from([("address", addresses.to_vec())]),
        forms: vec![
            FormRule {
                action: "/login/verify",
                fields: vec![("flow", flow_value(seen)), ("code", vec![Word::of("code", "")])],
            },
            FormRule {
                action: "/login/send",
                fields: vec![
                    ("flow", flow_value(seen)),
                    ("address", addresses.iter().cloned().map(Word::Clear).collect()),
                ],
            },
        ],
        ..PageRule::default()
    };
    match error {
        None => Expected::page(
            "the page for the code",
            "inventory 5: any code of this login works",
            200,
            page,
        ),
        Some(error) => Expected::page(
            error,
            "inventory 59: each error is told by its name, where it can be mended",
            400,
            page,
        ),
    }
}

/// The page on which somebody who is logged in says that they want to go on to the client.
pub(crate) fn consent(judge: &Judge<'_>, seen: &Seen<'_>, flow: &Flow, person: &Person) -> Expected {
    let page = PageRule {
        name: "consent",
        places: Places::from([
            ("client", vec![client_name(judge, flow)]),
            ("address", vec![person.address.clone()]),
        ]),
        forms: vec![FormRule {
            action: "/login/consent",
            fields: vec![("flow", flow_value(seen))],
        }],
        ..PageRule::default()
    };
    Expected::page("whether to go on", "RFC 8252 section 8.6", 200, page)
}

pub(crate) fn client_name(judge: &Judge<'_>, flow: &Flow) -> String {
    let client = judge
        .index
        .world
        .clients
        .iter()
        .find(|client| client.id == flow.wanted.client_id);
    client.map_or(String::new(), |client| client.name.clone())
}

fn flow_value(seen: &Seen<'_>) -> Vec<Word> {
    seen.params().secret("flow").map(Word::Secret).into_iter().collect()
}
