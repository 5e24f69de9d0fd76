//! The person is logged in already, and says whether they want to go on to the client.
//!
//! It is asked where the client may be another one than it says (RFC 8252 section 8.6), and where the client wants it asked
//! (`prompt=consent`, OpenID Connect Core section 3.1.2.1).

use super::{Authorization, FlowRefused, LoginView};
use crate::{http::Caller, session::SignedIn};

impl Authorization {
    /// Answers `GET /login/consent`: what is asked, and of whom. `None`: nobody is logged in.
    ///
    /// # Errors
    /// See [`FlowRefused`].
    pub async fn consent(&self, caller: &Caller, flow: &str) -> Result<Option<(LoginView, SignedIn)>, FlowRefused> {
        let flow = self.open_flow(caller, flow).await?;
        let signed_in = self.sessions.visit(caller).await?;
        Ok(signed_in.map(|signed_in| (self.view(&flow), signed_in)))
    }

    /// Answers `POST /login/consent`: the person of this session wants to go on. False: nobody is logged in.
    ///
    /// # Errors
    /// See [`FlowRefused`].
    pub async fn give_consent(&self, caller: &Caller, flow: &str) -> Result<bool, FlowRefused> {
        let mut flow = self.open_flow(caller, flow).await?;
        let Some(session) = self.sessions.current(caller).await? else {
            return Ok(false);
        };
        flow.record.consented = Some(session.id_hash);
        self.write_flow(&flow).await?;
        Ok(true)
    }
}
