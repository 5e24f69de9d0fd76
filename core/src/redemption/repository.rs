//! What is kept of redemptions and of the tokens issued by them.

use super::Binding;
use async_trait::async_trait;
use seams::{Outcome, Timestamp};

/// A redemption to be recorded: the spent code and the token issued for it, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRedemption {
    /// SHA-256 of the authorization code, hexadecimal.
    pub code_hash: String,
    /// Until when the ledger must remember it: not before the code's own expiry, with slack for
    /// clocks.
    pub remember_until: Timestamp,
    /// What the code was bound to: only whoever presents all of it again revokes the token.
    pub binding: Binding,
    /// The access token issued.
    pub token: TokenRecord,
}

/// What became of a redemption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// First presentation: the token is recorded.
    Now,
    /// The code was spent before; the tokens issued from it are revoked now (RFC 6749 section
    /// 4.1.2).
    AlreadySpent {
        /// The person whose tokens were not revoked before.
        revoked_of: Option<String>,
    },
    /// The session in which the code was issued has ended: it is spent now, for nothing.
    SignedOut,
}

/// A code that was redeemed, as long as the token that was issued for it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentCode {
    /// What it was bound to.
    pub binding: Binding,
    /// Whether that token has been revoked.
    pub is_revoked: bool,
}

/// An access token, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// SHA-256 of the token, hexadecimal.
    pub token_hash: String,
    /// Whose it is.
    pub user_id: String,
    /// For which client.
    pub client_id: String,
    /// The session (its `sid`) in which its code was issued: it ends with it when the person signs out. `None`: issued by an
    /// earlier version.
    pub sid: Option<String>,
    /// Granted scope, space-separated.
    pub scope: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Keeps redemptions and tokens.
#[async_trait]
pub trait TokenRepository: Send + Sync {
    /// Records a redemption, unless the code is in the spent ledger. This, not Redis, is what makes
    /// a code redeemable at most once through a failover (inventory 7).
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed>;
    /// What is known of a code that was redeemed; `None`: it was not, or its token has ended.
    async fn spent_code(&self, code_hash: &str) -> Outcome<Option<SpentCode>>;
    /// Revokes the token that was issued for a code. Returns whose it was, if there was one that was not revoked.
    async fn revoke_token_of(&self, code_hash: &str) -> Outcome<Option<String>>;
    /// A live, unrevoked access token, whose person has not been signed out since.
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>>;
}
