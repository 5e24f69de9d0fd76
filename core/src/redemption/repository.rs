//! What is kept of redemptions and of the tokens issued by them.

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
    /// The access token issued.
    pub token: TokenRecord,
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// First presentation: the token is recorded.
    Now,
    /// The code was spent before; the tokens issued from it are revoked now (RFC 6749 section
    /// 4.1.2).
    AlreadySpent,
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
    /// A live, unrevoked access token.
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>>;
}
