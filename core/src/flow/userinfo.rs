//! A client asks who the person is (OpenID Connect Core section 5.3).

use super::{App, During, Trouble};
use crate::model::{
    hash::{is_token, sha256_hex},
    scope,
};
use serde_json::{Map, Value};

/// Why an access token is refused (RFC 6750 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BearerError {
    /// None was given.
    Missing,
    /// Unknown, expired or revoked.
    Invalid,
    /// Not now.
    Trouble(Trouble),
}

impl From<Trouble> for BearerError {
    fn from(trouble: Trouble) -> BearerError {
        BearerError::Trouble(trouble)
    }
}

/// Answers `/userinfo`. The directory is asked each time: what was revoked on one replica is at once
/// invalid on the other (inventory 8).
///
/// # Errors
/// [`BearerError`].
pub async fn userinfo(app: &App, authorization: Option<&str>) -> Result<Map<String, Value>, BearerError> {
    let token = match authorization.map(|header| header.split_once(' ').unwrap_or((header, ""))) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(BearerError::Missing),
    };
    if !is_token(token) {
        return Err(BearerError::Invalid);
    }
    let found = app.directory().tokens.token(&sha256_hex(token), app.env.now()).await;
    let record = found
        .during("looking up an access token")?
        .ok_or(BearerError::Invalid)?;
    let user = app
        .directory()
        .users
        .user(&record.user_id)
        .await
        .during("looking up the person")?;
    Ok(scope::claims(&user.ok_or(BearerError::Invalid)?, &record.scope))
}
