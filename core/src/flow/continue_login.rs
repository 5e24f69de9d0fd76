//! The person is logged in and goes back to the client, with an authorization code.

use super::{
    App, Caller, During, Refusal, Trouble, account,
    open::{encode, open_flow},
};
use crate::{
    model::{authorize::AuthorizeRequest, code::CodeRecord, hash::sha256_hex, params, session},
    session::Session,
    store::Key,
};

/// Where the person goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continued {
    /// Back to the client, with a code.
    Back {
        /// Where to.
        location: String,
    },
    /// Not logged in yet: to the login page.
    LogIn,
}

/// Answers `/login/continue`. The flow lives on until its time is over, so that a person who goes
/// back and forth gets a new code, and not an error.
///
/// # Errors
/// [`Refusal`].
pub async fn continue_login(app: &App, caller: &Caller, flow_id: &str) -> Result<Continued, Refusal> {
    let flow = open_flow(app, caller, flow_id).await?;
    let Some(session) = account::session(app, caller).await? else {
        return Ok(Continued::LogIn);
    };
    let request = &flow.record.request;
    if request.wants_fresh_login() {
        let (browser, cookie) = (caller.browser.as_deref(), caller.session.as_deref());
        let here = browser
            .zip(cookie)
            .is_some_and(|(browser, cookie)| session::opened_in(&session, &app.pepper, &flow.id, browser, cookie));
        if !here {
            return Ok(Continued::LogIn);
        }
    }
    let location = issue_code(app, request, &session).await?;
    Ok(Continued::Back { location })
}

/// Issues a code for a session and says where to take it.
///
/// # Errors
/// The store did not keep the code, or may not have: the person may try again, for each try makes a
/// code of its own.
pub(super) async fn issue_code(app: &App, request: &AuthorizeRequest, session: &Session) -> Result<String, Trouble> {
    let (code, now) = (app.random_token(), app.env.now());
    let record = CodeRecord {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scope.clone(),
        user_id: session.user_id.clone(),
        auth_time: session.authenticated_at,
        issued_at: now,
        expires_at: now + app.config.ttl.code,
    };
    let key = Key::new(crate::redemption::CODE, sha256_hex(&code));
    let written = app.store().put(&key, &encode(&record), app.config.ttl.code).await;
    written.during("keeping an authorization code")?;
    let mut answer = vec![("code", code.as_str())];
    answer.extend(request.state.as_deref().map(|state| ("state", state)));
    answer.push(("iss", &app.config.issuer)); // RFC 9207
    Ok(params::append(&request.redirect_uri, &answer))
}
