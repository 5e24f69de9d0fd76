//! A client sends a person to log in.

use super::{
    Authorization, AuthorizeError, AuthorizeRefused, AuthorizeRequest, FLOW, FlowRecord, Prompt, ToClient, carried,
    way_back,
};
use crate::{
    clients::may_redirect_to,
    hash::sha256_hex,
    http::{Caller, Params, RequestError},
    keys::read_hint,
    limits,
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
        /// The value of its cookie.
        cookie: String,
    },
    /// The person is logged in, and has to say whether they want to go on to the client.
    Consent {
        /// Identifier of the new flow.
        flow: String,
        /// The value of its cookie.
        cookie: String,
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
        match params.repeated_of(&["client_id", "redirect_uri"]) {
            Some("client_id") => return Err(RequestError::Malformed("client_id was given more than once").into()),
            Some(_) => return Err(RequestError::Malformed("redirect_uri was given more than once").into()),
            None => {}
        }
        let client_id = params.get("client_id").ok_or(AuthorizeRefused::UnknownClient)?;
        let client = self.clients.client(client_id).await.during("looking up the client")?;
        let client = client.ok_or(AuthorizeRefused::UnknownClient)?;
        let redirect_uri = params
            .get("redirect_uri")
            .filter(|uri| may_redirect_to(&client, uri))
            .ok_or_else(|| AuthorizeRefused::RedirectUri(client.id.clone()))?;
        let state = params.get("state").filter(|_| params.repeated_of(&["state"]).is_none());
        let fits = way_back::fits(&service.config, redirect_uri, state);
        let to_client = |error| {
            AuthorizeRefused::ToClient(ToClient {
                client_id: client.id.clone(),
                redirect_uri: redirect_uri.to_owned(),
                state: state.filter(|_| fits).map(str::to_owned),
                error,
            })
        };
        let mut request = AuthorizeRequest::read(params, &client, redirect_uri, fits).map_err(to_client)?;
        if let Some(hint) = params.get("id_token_hint") {
            let about = read_hint(&self.keys, &service.config.issuer, hint);
            request.subject = Some(about.ok_or_else(|| to_client(AuthorizeError::Hint))?.subject);
        }

        let session = self.sessions.current(caller).await?;
        let signed_in = session.as_ref().map(|session| session.id_hash.clone());
        let session = session.filter(|session| request.satisfied_by(session, service.now()));
        match (session, request.prompt) {
            (Some(session), _) if !request.needs_consent => {
                service.env.mark("a live session answered for the person");
                let location = self.issue_code(caller, &request, &session).await?;
                Ok(Authorized::Back { location })
            }
            (Some(_), Prompt::None) => Err(to_client(AuthorizeError::ConsentRequired)),
            (None, Prompt::None) => Err(to_client(AuthorizeError::LoginRequired)),
            (Some(_), _) => {
                let (flow, cookie) = self.begin(caller, signed_in, request, client.name).await?;
                Ok(Authorized::Consent { flow, cookie })
            }
            (None, _) => {
                let (flow, cookie) = self.begin(caller, signed_in, request, client.name).await?;
                service.report("login_started", &client.id, None).await;
                Ok(Authorized::LogIn { flow, cookie })
            }
        }
    }

    /// Begins a login in progress: its identifier, and the value of its cookie, which carries it, or stands for it if it is too
    /// long for that.
    async fn begin(
        &self,
        caller: &Caller,
        signed_in: Option<String>,
        request: AuthorizeRequest,
        client_name: String,
    ) -> Result<(String, String), AuthorizeRefused> {
        let service = &self.service;
        let flow = service.random_token();
        let (hash, ttl) = (sha256_hex(&flow), service.config.ttl.flow);
        let expires_at = service.now() + ttl;
        if let Some(cookie) = carried::cookie(&service.pepper, &hash, &request, &client_name, expires_at) {
            return Ok((flow, cookie));
        }
        limits::charge_long_login(service, caller, signed_in.as_deref()).await?;
        service.env.mark("a login in progress was too long for its cookie");
        let cookie = service.random_token();
        let record = FlowRecord {
            browser_hash: sha256_hex(&cookie),
            request,
            client_name,
            address: None,
            consented: None,
            expires_at,
        };
        let written = service.store.put(&Key::new(FLOW, hash), &encode(&record), ttl).await;
        written.during("beginning a login")?;
        Ok((flow, cookie))
    }
}
