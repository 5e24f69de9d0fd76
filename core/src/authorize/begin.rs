//! A client sends a person to log in.

use super::{
    Authorization, AuthorizeError, AuthorizeRefused, AuthorizeRequest, BROWSER, FLOW, FlowRecord, Prompt, way_back,
};
use crate::{
    clients::may_redirect_to,
    hash::{is_token, sha256_hex},
    http::{Caller, Params, RequestError},
    store::{Key, encode},
    unavailable::During,
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

impl Authorization {
    /// Answers `/authorize`.
    ///
    /// # Errors
    /// See [`AuthorizeRefused`].
    pub async fn authorize(&self, caller: &Caller, params: &Params) -> Result<Authorized, AuthorizeRefused> {
        let service = &self.service;
        // Until client and redirect URI are known to belong together, nothing is sent anywhere: this
        // would be an open redirector otherwise (RFC 6749 section 4.1.2.1, RFC 9700 section 4.11).
        if let Some(name @ ("client_id" | "redirect_uri")) = params.repeated() {
            return Err(RequestError::Malformed(match name {
                "client_id" => "client_id was given more than once",
                _ => "redirect_uri was given more than once",
            })
            .into());
        }
        let client_id = params.get("client_id").ok_or(AuthorizeRefused::UnknownClient)?;
        let client = self.clients.client(client_id).await.during("looking up the client")?;
        let client = client.ok_or(AuthorizeRefused::UnknownClient)?;
        let redirect_uri = params.get("redirect_uri").ok_or(RequestError::RedirectUri)?;
        if !may_redirect_to(&client, redirect_uri) {
            return Err(RequestError::RedirectUri.into());
        }
        let state = params.get("state").filter(|_| params.repeated() != Some("state"));
        let fits = way_back::fits(&service.config, redirect_uri, state);
        let to_client = |error| AuthorizeRefused::ToClient {
            redirect_uri: redirect_uri.to_owned(),
            state: state.filter(|_| fits).map(str::to_owned),
            error,
        };
        let request = AuthorizeRequest::read(params, &client.id, redirect_uri, fits).map_err(to_client)?;

        let session = self.sessions.current(caller).await?;
        if let Some(session) = session.filter(|session| request.satisfied_by(session, service.env.now())) {
            service.env.mark("a live session answered for the person");
            let location = self.issue_code(&request, &session).await?;
            return Ok(Authorized::Back { location });
        }
        if request.prompt == Prompt::None {
            return Err(to_client(AuthorizeError::LoginRequired));
        }

        // A browser keeps its cookie, so that logins in several of its tabs do not disturb each other.
        let browser = match caller.cookie(BROWSER) {
            Some(cookie) if is_token(cookie) => cookie.to_owned(),
            _ => service.random_token(),
        };
        let flow = service.random_token();
        let ttl = service.config.ttl.flow;
        let record = FlowRecord {
            browser_hash: sha256_hex(&browser),
            request,
            client_name: client.name,
            address: None,
            expires_at: service.env.now() + ttl,
        };
        let key = Key::new(FLOW, sha256_hex(&flow));
        let written = service.store.put(&key, &encode(&record), ttl).await;
        written.during("beginning a login")?;
        service.report("login_started", &client.id, None).await;
        Ok(Authorized::LogIn { flow, browser })
    }
}
