//! Somebody whom a client signs out (OpenID Connect RP-Initiated Logout).

use super::Hint;
use crate::people::{
    calm::{self, Style},
    person::Person,
    reply::Landing,
};
use seams::random_token;
use std::sync::Arc;
use url::form_urlencoded::Serializer;

/// What the client that signs somebody out is called.
pub(super) const CLIENT: &str = "web";

/// Logs in, is signed out by the client, says yes if asked, and looks at the account page. The client gives this ID token as a
/// hint, or its name, or both, and wants the person to go there afterwards.
pub(super) async fn sign_out(person: &Arc<Person>, hint: Option<Hint>, return_to: &str) {
    if !calm::log_in(person, Style::CALM).await {
        return;
    }
    let url = format!("{}/end-session?{}", person.scene.issuer, query(person, hint, return_to));
    person.browser.expect_to_be_logged_out();
    if let Ok(Landing::Page(asked)) = person.browser.open(&url).await
        && asked.is("sign-out")
        && let Ok(answer) = person.browser.submit(&asked, "/end-session/confirm", &[]).await
    {
        drop(person.browser.follow(answer).await); // it is in the history
    }
    drop(person.browser.visit("/").await); // it is in the history
}

fn query(person: &Person, hint: Option<Hint>, return_to: &str) -> String {
    let mut query = Serializer::new(String::new());
    if let Some(hint) = hint {
        query.append_pair(super::ops::HINT, &hint.text(&person.scene, &person.who));
    }
    // A client that wants the person back says who it is, also with a hint, as many libraries do.
    if hint.is_none() || !return_to.is_empty() {
        query.append_pair("client_id", CLIENT);
    }
    if !return_to.is_empty() {
        query.append_pair("post_logout_redirect_uri", return_to);
        query.append_pair("state", &random_token(&*person.scene.env.entropy));
    }
    query.finish()
}
