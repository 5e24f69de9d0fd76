//! The person is logged in and goes back to the client, with an authorization code.

use super::{Authorization, AuthorizeError, AuthorizeRequest, FlowRefused, OpenFlow, ToClient, way_back};
use crate::{
    http::{Caller, append},
    redemption::{self, Binding, CodeRecord},
    session::{self, Session},
    unavailable::Unavailable,
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
    /// Not asked yet: to the page that asks.
    Consent,
}

impl Authorization {
    /// Answers `/login/continue`. The flow lives on until its time is over, so that a person who goes
    /// back and forth gets a new code, and not an error.
    ///
    /// # Errors
    /// See [`FlowRefused`].
    pub async fn resume(&self, caller: &Caller, flow_id: &str) -> Result<Continued, FlowRefused> {
        let flow = self.open_flow(caller, flow_id).await?;
        let Some(session) = self.sessions.current(caller).await? else {
            return Ok(Continued::LogIn);
        };
        let request = &flow.record.request;
        let refused = |error, state| {
            FlowRefused::ToClient(ToClient {
                client_id: request.client_id.clone(),
                redirect_uri: request.redirect_uri.clone(),
                state,
                error,
            })
        };
        // A replica of an earlier version may have begun the login.
        if !way_back::fits(&self.service.config, &request.redirect_uri, request.state.as_deref()) {
            return Err(refused(AuthorizeError::StateTooLong, None));
        }
        let here = self.was_opened_in(&flow, caller, &session);
        if !here && !request.satisfied_by(&session, self.service.now()) {
            return Ok(Continued::LogIn);
        }
        if !request.is_about(&session) {
            // The person who logged in is not the one whom the client asked for.
            return Err(refused(AuthorizeError::LoginRequired, request.state.clone()));
        }
        // Whoever has just logged in has read where to.
        let has_consented = here || flow.record.consented.as_ref() == Some(&session.id_hash);
        if request.needs_consent && !has_consented {
            return Ok(Continued::Consent);
        }
        let location = self.issue_code(caller, request, &session).await?;
        Ok(Continued::Back { location })
    }

    /// Whether the session of this browser was opened in this very login.
    fn was_opened_in(&self, flow: &OpenFlow, caller: &Caller, session: &Session) -> bool {
        let pepper = &self.service.pepper;
        let presented = caller.cookie(&session::COOKIE);
        presented.is_some_and(|presented| session::opened_in(session, pepper, &flow.id, &flow.cookie, presented))
    }

    /// Issues a code for a session and says where to take it.
    ///
    /// # Errors
    /// The store did not keep the code, or may not have: the person may try again, for each try makes a
    /// code of its own.
    pub(super) async fn issue_code(
        &self,
        caller: &Caller,
        request: &AuthorizeRequest,
        session: &Session,
    ) -> Result<String, Unavailable> {
        let (service, config) = (&self.service, &self.service.config);
        let (code, now) = (service.random_token(), service.now());
        let record = CodeRecord {
            binding: Binding {
                client_id: request.client_id.clone(),
                redirect_uri: request.redirect_uri.clone(),
                challenge: request.challenge.clone(),
            },
            nonce: request.nonce.clone(),
            scope: request.scope.clone(),
            user_id: session.user_id.clone(),
            sid: Some(session.sid.clone()),
            auth_time: session.authenticated_at,
            issued_at: now,
            expires_at: now + config.ttl.code,
        };
        redemption::keep_code(service, &code, &record).await?;
        let (client, subject) = (&record.binding.client_id, &record.user_id);
        tracing::info!(correlation = caller.correlation, client, subject, "code issued");
        let mut answer = vec![("code", code.as_str())];
        answer.extend(request.state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", &config.issuer)); // RFC 9207
        Ok(append(&request.redirect_uri, &answer))
    }
}
