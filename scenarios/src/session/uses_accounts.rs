//! A person who is logged in at a client that goes on with what it has got: nothing of it needs the store.

use crate::{
    people::{
        calm::{self, Style},
        person::Person,
        relying_party::RelyingParty,
        reply::Landing,
        token_endpoint::Tokens,
    },
    session::{again::token, logged_in},
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Logs in; then, so many times, looks at the account page, and the client asks who that is, for the keys and for the metadata, and what its
/// scripts may send; at last signs out. Whatever fails is in the history.
pub(crate) async fn go_on(person: &Arc<Person>, every: Duration, rounds: u32) {
    if !calm::log_in(person, Style::CALM).await {
        return;
    }
    let rp = person.relying_party();
    let Ok(tokens) = token(person, &rp).await else {
        return;
    };
    for _ in 0..rounds {
        sleep(every).await;
        logged_in::visit(person).await;
        ask(&rp, &tokens).await;
    }
    person.browser.expect_to_be_logged_out();
    if let Ok(Landing::Page(page)) = person.browser.visit("/").await {
        drop(person.browser.submit(&page, "/logout", &[]).await);
    }
}

async fn ask(rp: &RelyingParty, tokens: &Tokens) {
    drop(rp.ask_userinfo::<serde_json::Value>(&tokens.access_token).await);
    for path in ["/userinfo", "/token"] {
        rp.ask_permission(path).await;
    }
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        drop(rp.ask_document(path).await);
    }
}
