//! A code that cannot be redeemed any more is presented.
//!
//! If it was redeemed, it is in the wrong hands, or was when it was redeemed: "the authorization server MUST deny the request and
//! SHOULD revoke (when possible) all tokens previously issued based on that authorization code" (RFC 6749 section 4.1.2, and
//! section 10.5). The store has given the code up at its redemption, so what tells is the token that was issued for it.

use super::{GrantRefused, Presentation, Redemption, TokenError};
use crate::{
    http::Caller,
    store::Key,
    unavailable::{During, Unavailable},
};

impl Redemption {
    /// Why a code is refused that the store does not give: it was redeemed, or what the store says. As long as the directory
    /// does not answer, nobody knows; the client cannot be told that its request was denied while the token lives on.
    pub(super) async fn gone(
        &self,
        caller: &Caller,
        key: &Key,
        presented: Presentation<'_>,
        otherwise: GrantRefused,
    ) -> TokenError {
        match self.revoke_reused(caller, &key.id, presented).await {
            Ok(refused) => refused.unwrap_or(otherwise).into(),
            Err(unavailable) => TokenError::InDoubt(unavailable),
        }
    }

    /// Revokes the token that was issued for a code, if all that binds the code is presented: whoever has no more than a code
    /// that leaked must not be able to end somebody's access. Returns why the code is refused, if it was redeemed.
    async fn revoke_reused(
        &self,
        caller: &Caller,
        code_hash: &str,
        presented: Presentation<'_>,
    ) -> Result<Option<GrantRefused>, Unavailable> {
        let spent = self.tokens.spent_code(code_hash).await;
        let Some(spent) = spent.during("looking up a spent code")? else {
            return Ok(None);
        };
        if let Err(refused) = spent.binding.check(presented) {
            return Ok(Some(refused));
        }
        if !spent.is_revoked {
            let revoked = self.tokens.revoke_token_of(code_hash).await;
            if let Some(subject) = revoked.during("revoking the token of a spent code")? {
                self.service.env.mark("a token was revoked on the reuse of its code");
                tell_revoked(caller, presented.client_id, &subject);
            }
        }
        Ok(Some(GrantRefused::Spent))
    }
}

/// Tells the people who run the service whose access was ended because its code was presented again.
pub(super) fn tell_revoked(caller: &Caller, client: &str, subject: &str) {
    tracing::warn!(correlation = caller.correlation, client, subject, "tokens revoked");
}
