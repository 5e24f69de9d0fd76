//! A client sends a person to log in.

use super::{App, Caller, During, Refusal, account, continue_login, open::encode};
use crate::{
    clients::may_redirect_to,
    model::{
        authorize::{AuthorizeError, AuthorizeRequest, Prompt},
        flow::FlowRecord,
        hash::{is_token, sha256_hex},
        params::Params,
    },
    store::Key,
};

/// What becomes of an authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorized {
    /// The person is logged in: back to the client, with a code.
    Back {
        /// Where to.
        location: String,
    },
    /// The person has to log in.
    LogIn {
        /// Identifier of the new flow.
        flow: String,
        /// The browser's cookie: set it, whether it is new or not.
        browser: String,
    },
}

/// Why an authorization request is refused, and where the refusal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeRefused {
    /// To the person: there is no client to trust.
    ToPerson(Refusal),
    /// To the client.
    ToClient {
        /// Where to: registered.
        redirect_uri: String,
        /// Echoed.
        state: Option<String>,
        /// Why.
        error: AuthorizeError,
    },
}

impl<E: Into<Refusal>> From<E> for AuthorizeRefused {
    fn from(error: E) -> AuthorizeRefused {
        AuthorizeRefused::ToPerson(error.into())
    }
}

/// Answers `/authorize`.
///
/// # Errors
/// [`AuthorizeRefused`].
pub async fn authorize(app: &App, caller: &Caller, params: &Params) -> Result<Authorized, AuthorizeRefused> {
    // Until client and redirect URI are known to belong together, nothing is sent anywhere: this
    // would be an open redirector otherwise (RFC 6749 section 4.1.2.1, RFC 9700 section 4.11).
    if let Some(name @ ("client_id" | "redirect_uri")) = params.repeated() {
        return Err(Refusal::Malformed(match name {
            "client_id" => "client_id was given more than once",
            _ => "redirect_uri was given more than once",
        })
        .into());
    }
    let client_id = params.get("client_id").ok_or(Refusal::UnknownClient)?;
    let client = app
        .directory()
        .clients
        .client(client_id)
        .await
        .during("looking up the client")?;
    let client = client.ok_or(Refusal::UnknownClient)?;
    let redirect_uri = params.get("redirect_uri").ok_or(Refusal::RedirectUri)?;
    if !may_redirect_to(&client, redirect_uri) {
        return Err(Refusal::RedirectUri.into());
    }
    let to_client = |error| AuthorizeRefused::ToClient {
        redirect_uri: redirect_uri.to_owned(),
        state: params
            .get("state")
            .filter(|_| params.repeated() != Some("state"))
            .map(str::to_owned),
        error,
    };
    let request = AuthorizeRequest::read(params, &client.id, redirect_uri).map_err(to_client)?;

    let session = account::session(app, caller).await?;
    if let Some(session) = session.filter(|session| request.satisfied_by(session, app.env.now())) {
        app.env.mark("a live session answered for the person");
        let location = continue_login::issue_code(app, &request, &session).await?;
        return Ok(Authorized::Back { location });
    }
    if request.prompt == Prompt::None {
        return Err(to_client(AuthorizeError::LoginRequired));
    }

    // A browser keeps its cookie, so that logins in several of its tabs do not disturb each other.
    let browser = match &caller.browser {
        Some(cookie) if is_token(cookie) => cookie.clone(),
        _ => app.random_token(),
    };
    let flow = app.random_token();
    let record = FlowRecord {
        browser_hash: sha256_hex(&browser),
        request,
        client_name: client.name,
        address: None,
        expires_at: app.env.now() + app.config.ttl.flow,
    };
    let key = Key::new(crate::authorize::FLOW, sha256_hex(&flow));
    let written = app.store().put(&key, &encode(&record), app.config.ttl.flow).await;
    written.during("beginning a login")?;
    app.tell("login_started", &client.id, None).await;
    Ok(Authorized::LogIn { flow, browser })
}
