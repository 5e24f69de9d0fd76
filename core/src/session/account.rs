//! Who is logged in here.

use super::{COOKIE, Session, SessionOpening, SessionRepository};
use crate::{
    hash::{is_token, same, sha256_hex},
    http::Caller,
    service::Service,
    unavailable::{During, Unavailable},
    users::{User, UserRepository},
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

/// The use cases of sessions.
pub struct Sessions {
    pub(super) service: Service,
    repository: Arc<dyn SessionRepository>,
    users: Arc<dyn UserRepository>,
}

/// What the account page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
}

impl Sessions {
    /// Sessions in this repository, of these users.
    pub fn new(service: Service, repository: Arc<dyn SessionRepository>, users: Arc<dyn UserRepository>) -> Sessions {
        Sessions {
            service,
            repository,
            users,
        }
    }

    /// The live session of this browser. If its cookie comes for the first time, the browser has got it, and what it had before
    /// ends now.
    ///
    /// # Errors
    /// The directory did not answer, or may not have ended the session before this one. That is not "logged out" (inventory 55).
    pub async fn current(&self, caller: &Caller) -> Result<Option<Session>, Unavailable> {
        let Some(cookie) = caller.cookie(&COOKIE).filter(|cookie| is_token(cookie)) else {
            return Ok(None);
        };
        let found = self.repository.session(&sha256_hex(cookie), self.service.now()).await;
        let Some(session) = found.during("looking up the session")? else {
            return Ok(None);
        };
        if session.replaces.is_some() {
            let ended = self.repository.end_replaced(&session.id_hash, self.remembered_until());
            self.signed_out(caller, &ended.await.during("ending the session before this one")?);
            self.service.env.mark("a session took the place of another");
        }
        Ok(Some(session))
    }

    /// How long it must be remembered that a session has ended: whoever has a code from it, redeemed or not, has nothing valid
    /// by then.
    fn remembered_until(&self) -> Timestamp {
        let ttl = &self.service.config.ttl;
        self.service.now() + ttl.code + ttl.access_token + ttl.clock_slack
    }

    fn signed_out(&self, caller: &Caller, people: &[String]) {
        for subject in people {
            tracing::info!(correlation = caller.correlation, subject, "signed out");
        }
    }

    /// Whether the session with this cookie is open, and was opened by this very one-time code (its keyed hash): then
    /// a request that presents the code again is a repetition, not another attempt (inventory 4).
    ///
    /// # Errors
    /// The directory did not answer.
    pub async fn is_open(&self, cookie: &str, opened_by: &str) -> Result<bool, Unavailable> {
        let found = self.repository.session(&sha256_hex(cookie), self.service.now()).await;
        let session = found.during("looking for the session of a code")?;
        Ok(session.is_some_and(|session| same(&session.opened_by, opened_by)))
    }

    /// Spends a one-time code (its keyed hash) and opens a session in its place, in one transaction. `code_expires_at` is
    /// the code's own expiry: the ledger remembers it until then, with slack for clocks. The session that the browser of the
    /// caller has is to be replaced by it.
    ///
    /// # Errors
    /// The directory did not do it, or may not have.
    pub async fn open(
        &self,
        caller: &Caller,
        user: &User,
        cookie: &str,
        opened_by: &str,
        now: Timestamp,
        code_expires_at: Timestamp,
    ) -> Outcome<SessionOpening> {
        let (env, ttl) = (&self.service.env, &self.service.config.ttl);
        let id_hash = sha256_hex(cookie);
        let replaces = caller.cookie(&COOKIE).filter(|old| is_token(old)).map(sha256_hex);
        let session = Session {
            sid: id_hash.clone(),
            replaces: replaces.filter(|old| *old != id_hash),
            id_hash,
            user_id: user.id.clone(),
            authenticated_at: now,
            expires_at: now + ttl.session,
            opened_by: opened_by.to_owned(),
        };
        let remember_until = code_expires_at + ttl.clock_slack;
        let opening = self.repository.open_session(session, opened_by, remember_until).await?;
        match opening {
            SessionOpening::Opened => env.mark("a session was opened"),
            SessionOpening::AlreadyOpen => env.mark("a session was open already"),
            SessionOpening::CodeSpent => {}
        }
        Ok(opening)
    }

    /// Who is logged in here, for the account page. `None`: nobody.
    ///
    /// # Errors
    /// The directory did not answer.
    pub async fn visit(&self, caller: &Caller) -> Result<Option<SignedIn>, Unavailable> {
        let Some(session) = self.current(caller).await? else {
            return Ok(None);
        };
        let user = self.users.user(&session.user_id).await;
        let user = user.during("looking up the person")?;
        Ok(user.map(|user| SignedIn { session, user }))
    }

    /// Ends the session of this browser, if there is one, with all that was issued in it (core/LIMITS.md, "Sessions"). After this
    /// the cookie may go.
    ///
    /// # Errors
    /// The directory did not end it, or may not have: the cookie has to stay, or the person would think
    /// that they are logged out.
    pub async fn log_out(&self, caller: &Caller) -> Result<(), Unavailable> {
        if let Some(cookie) = caller.cookie(&COOKIE) {
            let ended = self
                .repository
                .end_session(&sha256_hex(cookie), self.remembered_until())
                .await;
            self.signed_out(caller, &ended.during("ending the session")?);
        }
        Ok(())
    }
}
