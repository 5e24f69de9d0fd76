//! The person logs out of this browser.

use super::{App, Caller, During, Trouble};
use crate::model::hash::{is_token, sha256_hex};

/// Ends the session of this browser, if there is one. After this the cookie may go.
///
/// # Errors
/// The directory did not end it, or may not have: the cookie has to stay, or the person would think
/// that they are logged out.
pub async fn logout(app: &App, caller: &Caller) -> Result<(), Trouble> {
    if let Some(cookie) = caller.session.as_deref().filter(|cookie| is_token(cookie)) {
        let ended = app.directory().sessions.end_session(&sha256_hex(cookie)).await;
        ended.during("ending the session")?;
    }
    Ok(())
}
