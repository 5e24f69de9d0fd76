//! A client asks who the person is (OpenID Connect Core section 5.3).

use super::{BearerError, Redemption, scope};
use crate::{
    hash::{is_token, sha256_hex},
    http::Params,
    unavailable::During,
};
use serde_json::{Map, Value};

/// The access token of a request: in the header, or in the form that is its body (RFC 6750 sections 2.1 and 2.2), and not in
/// both (section 2).
fn bearer<'a>(authorization: Option<&'a str>, form: Option<&'a Params>) -> Result<&'a str, BearerError> {
    if form.is_some_and(|form| form.repeated_of(&["access_token"]).is_some()) {
        return Err(BearerError::Repeated);
    }
    let in_form = form.and_then(|form| form.get("access_token"));
    match (authorization, in_form) {
        (None, None) => Err(BearerError::Missing),
        (None, Some(token)) => Ok(token),
        (Some(_), Some(_)) => Err(BearerError::Repeated),
        (Some(header), None) => match header.split_once(' ').unwrap_or((header, "")) {
            (scheme, token) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
            _ => Err(BearerError::Missing),
        },
    }
}

impl Redemption {
    /// Answers `/userinfo`. The directory is asked each time: what was revoked on one replica is at once
    /// invalid on the other (inventory 8).
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn userinfo(
        &self,
        authorization: Option<&str>,
        form: Option<&Params>,
    ) -> Result<Map<String, Value>, BearerError> {
        let token = bearer(authorization, form)?;
        if !is_token(token) {
            return Err(BearerError::Invalid);
        }
        let found = self.tokens.token(&sha256_hex(token), self.service.now()).await;
        let record = found
            .during("looking up an access token")?
            .ok_or(BearerError::Invalid)?;
        let user = self.users.user(&record.user_id).await.during("looking up the person")?;
        Ok(scope::claims(&user.ok_or(BearerError::Invalid)?, &record.scope))
    }
}
