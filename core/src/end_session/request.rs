//! What a client asks for, and whether it is done at once.

use super::EndSessionRefused;
use crate::{
    clients::{Client, ClientRepository},
    http::{Caller, Params, RequestError, append},
    keys::{Hint, Keys, read_hint},
    service::Service,
    session::Sessions,
    unavailable::During,
};
use std::sync::Arc;

/// The parameters that mean something here; none of them may come twice.
const PARAMETERS: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// Longest `state` that is given back to a client after a sign-out, in bytes. Encoded it may be three times as long, and what
/// a balancer takes of an answer's header is a page of memory (nginx: `proxy_buffer_size`).
pub(crate) const STATE_BYTES_MAX: usize = 512;

/// The use cases of clients that sign people out.
pub struct EndSession {
    pub(super) service: Service,
    clients: Arc<dyn ClientRepository>,
    sessions: Arc<Sessions>,
    keys: Arc<Keys>,
}

/// Where a person goes who is signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The client, if it is known.
    pub client: Option<Client>,
    /// Its registered address, if it named one.
    pub uri: Option<String>,
    /// Echoed to it.
    pub state: Option<String>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The person is signed out now.
    Gone {
        /// Where they go.
        location: String,
    },
    /// No session is found. It may be one that a clock or a failing disk hides, so its cookie stays (inventory 55).
    Nobody {
        /// Where they go.
        location: String,
    },
    /// The person has to say whether they want it, and goes there then.
    Ask(Box<Leaving>),
}

impl Leaving {
    /// Where the browser goes.
    fn location(&self) -> String {
        match (&self.uri, &self.state) {
            (None, _) => "/".into(),
            (Some(uri), None) => uri.clone(),
            (Some(uri), Some(state)) => append(uri, &[("state", state)]),
        }
    }
}

impl EndSession {
    /// Signing out of these sessions, by these clients, whose ID tokens these keys have signed.
    pub fn new(
        service: Service,
        clients: Arc<dyn ClientRepository>,
        sessions: Arc<Sessions>,
        keys: Arc<Keys>,
    ) -> EndSession {
        EndSession {
            service,
            clients,
            sessions,
            keys,
        }
    }

    /// Answers `GET /end-session`.
    ///
    /// # Errors
    /// See [`EndSessionRefused`].
    pub async fn end(&self, caller: &Caller, params: &Params) -> Result<Ended, EndSessionRefused> {
        let hint = self.hint(params)?;
        let leaving = self.leaving(params, hint.as_ref()).await?;
        let Some(session) = self.sessions.current(caller).await? else {
            return Ok(Ended::Nobody {
                location: leaving.location(),
            });
        };
        // Section 2: "MUST ask the End-User this question if the id_token_hint was not provided", or is another's.
        if hint.is_none_or(|hint| hint.subject != session.user_id) {
            return Ok(Ended::Ask(Box::new(leaving)));
        }
        self.sessions.log_out(caller).await?;
        Ok(Ended::Gone {
            location: leaving.location(),
        })
    }

    /// Answers `POST /end-session`, always with a question. A form that another site posts comes without the session cookie
    /// (`SameSite=Lax`), so nobody knows here who is logged in; the person's own answer has it.
    ///
    /// # Errors
    /// See [`EndSessionRefused`].
    pub async fn ask(&self, form: &Params) -> Result<Leaving, EndSessionRefused> {
        let hint = self.hint(form)?;
        self.leaving(form, hint.as_ref()).await
    }

    /// Answers `POST /end-session/confirm`: the person wants it.
    ///
    /// # Errors
    /// See [`EndSessionRefused`].
    pub async fn confirm(&self, caller: &Caller, form: &Params) -> Result<String, EndSessionRefused> {
        let leaving = self.leaving(form, None).await?;
        self.sessions.log_out(caller).await?;
        Ok(leaving.location())
    }

    fn hint(&self, params: &Params) -> Result<Option<Hint>, EndSessionRefused> {
        if params.repeated_of(&PARAMETERS).is_some() {
            return Err(RequestError::Malformed("a parameter was given more than once").into());
        }
        let read = |token| read_hint(&self.keys, &self.service.config.issuer, token).ok_or(EndSessionRefused::Hint);
        params.get("id_token_hint").map(read).transpose()
    }

    /// Which client it is, and where it may send people.
    async fn leaving(&self, params: &Params, hint: Option<&Hint>) -> Result<Leaving, EndSessionRefused> {
        let named = params.get("client_id");
        let id = match (hint, named) {
            (Some(hint), Some(named)) if hint.client_id != named => {
                return Err(EndSessionRefused::OtherClient(hint.client_id.clone()));
            }
            (Some(hint), _) => Some(hint.client_id.as_str()),
            (None, named) => named,
        };
        let client = match id {
            None => None,
            Some(id) => {
                let found = self.clients.client(id).await.during("looking up the client")?;
                Some(found.ok_or(EndSessionRefused::UnknownClient)?)
            }
        };
        let uri = params.get("post_logout_redirect_uri").map(str::to_owned);
        if let Some(uri) = &uri {
            let registered = client.as_ref().map(|client| &client.post_logout_redirect_uris[..]);
            if !registered.unwrap_or_default().contains(uri) {
                return Err(EndSessionRefused::ReturnAddress(client.map(|client| client.id)));
            }
        }
        let state = params.get("state").filter(|_| uri.is_some());
        if state.is_some_and(|state| state.len() > STATE_BYTES_MAX) {
            return Err(EndSessionRefused::TooLong(client.map(|client| client.id)));
        }
        Ok(Leaving {
            client,
            state: state.map(str::to_owned),
            uri,
        })
    }
}
