//! Who is logged in here.

use super::{App, Caller, During, Trouble};
use crate::{
    model::hash::{is_token, sha256_hex},
    session::Session,
    users::User,
};

/// The live session of this browser.
///
/// # Errors
/// The directory did not answer. That is not "logged out" (inventory 55).
pub async fn session(app: &App, caller: &Caller) -> Result<Option<Session>, Trouble> {
    let Some(cookie) = caller.session.as_deref().filter(|cookie| is_token(cookie)) else {
        return Ok(None);
    };
    let found = app
        .directory()
        .sessions
        .session(&sha256_hex(cookie), app.env.now())
        .await;
    found.during("looking up the session")
}

/// What the account page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
}

/// Answers `GET /`. `None`: nobody is logged in.
///
/// # Errors
/// The directory did not answer.
pub async fn visit(app: &App, caller: &Caller) -> Result<Option<SignedIn>, Trouble> {
    let Some(session) = session(app, caller).await? else {
        return Ok(None);
    };
    let user = app
        .directory()
        .users
        .user(&session.user_id)
        .await
        .during("looking up the person")?;
    Ok(user.map(|user| SignedIn { session, user }))
}
