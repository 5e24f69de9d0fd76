//! A client asks who the person is (OpenID Connect Core section 5.3).

use super::{BearerError, Redemption, scope};
use crate::{
    hash::{is_token, sha256_hex},
    unavailable::During,
};
use serde_json::{Map, Value};

impl Redemption {
    /// Answers `/userinfo`. The directory is asked each time: what was revoked on one replica is at once
    /// invalid on the other (inventory 8).
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn userinfo(&self, authorization: Option<&str>) -> Result<Map<String, Value>, BearerError> {
        let token = match authorization.map(|header| header.split_once(' ').unwrap_or((header, ""))) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(BearerError::Missing),
        };
        if !is_token(token) {
            return Err(BearerError::Invalid);
        }
        let found = self.tokens.token(&sha256_hex(token), self.service.env.now()).await;
        let record = found
            .during("looking up an access token")?
            .ok_or(BearerError::Invalid)?;
        let user = self.users.user(&record.user_id).await.during("looking up the person")?;
        Ok(scope::claims(&user.ok_or(BearerError::Invalid)?, &record.scope))
    }
}
