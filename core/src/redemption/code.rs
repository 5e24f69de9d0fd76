//! Authorization codes.

use super::{CODE, pkce};
use crate::{
    hash::sha256_hex,
    service::Service,
    store::{Key, encode},
    unavailable::{During, Unavailable},
};
use seams::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What binds a code to whom it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The client it was issued to.
    pub client_id: String,
    /// The redirect URI it was sent to.
    pub redirect_uri: String,
    /// S256 challenge (RFC 7636), if the client used one.
    pub challenge: Option<String>,
}

/// What an authorization code stands for, as kept in the store under the hash of the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// What must be presented with it.
    #[serde(flatten)]
    pub binding: Binding,
    /// For the ID token.
    pub nonce: Option<String>,
    /// Granted scope, space-separated.
    pub scope: String,
    /// Who logged in.
    pub user_id: String,
    /// The session in which it was issued (its `sid`); `None`: by a replica of an earlier version.
    #[serde(default)]
    pub sid: Option<String>,
    /// When they authenticated.
    pub auth_time: Timestamp,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends: 10 minutes later at most (RFC 6749 section 4.1.2).
    pub expires_at: Timestamp,
}

/// What is presented together with a code.
#[derive(Debug, Clone, Copy)]
pub struct Presentation<'a> {
    /// The client, already authenticated.
    pub client_id: &'a str,
    /// `redirect_uri`.
    pub redirect_uri: &'a str,
    /// `code_verifier`.
    pub verifier: Option<&'a str>,
}

/// Why a grant is refused. Clients are told `invalid_grant`, and no more; the log knows which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantRefused {
    /// Never issued, expired, or spent so long ago that its token has ended.
    Unknown,
    /// Its lifetime is over by this host's clock, whatever the store's says.
    Expired,
    /// Issued to another client.
    OtherClient,
    /// Sent to another redirect URI.
    OtherRedirect,
    /// The verifier is not what the challenge was made of.
    Verifier,
    /// There is a challenge, and no verifier.
    NoVerifier,
    /// There is a verifier, and the code was asked for without a challenge: somebody may have taken it out of the
    /// authorization request, to use a code of their own in this client (RFC 9700 section 4.8.2).
    NoChallenge,
    /// Somebody else took it from the store a moment ago.
    Taken,
    /// It is spent: the ledger says so, or there is a token that was issued for it.
    Spent,
    /// Its person was signed out since it was issued: "the provided authorization grant is … revoked" (RFC 6749 section 5.2).
    SignedOut,
}

impl Binding {
    /// Whether all that binds a code was presented with it.
    ///
    /// # Errors
    /// [`GrantRefused`]: what is wrong.
    pub fn check(&self, presented: Presentation<'_>) -> Result<(), GrantRefused> {
        if self.client_id != presented.client_id {
            return Err(GrantRefused::OtherClient);
        }
        if self.redirect_uri != presented.redirect_uri {
            return Err(GrantRefused::OtherRedirect);
        }
        match (&self.challenge, presented.verifier) {
            (None, None) => Ok(()),
            (Some(challenge), Some(verifier)) if pkce::verifies(verifier, challenge) => Ok(()),
            (Some(_), Some(_)) => Err(GrantRefused::Verifier),
            (Some(_), None) => Err(GrantRefused::NoVerifier),
            // "MUST be rejected" (RFC 9700 section 2.1.1).
            (None, Some(_)) => Err(GrantRefused::NoChallenge),
        }
    }
}

impl CodeRecord {
    /// Whether all that binds the code is right, and it lives. Asked *before* the code is consumed, or somebody
    /// with a stolen code and no verifier could burn it (inventory 7).
    ///
    /// # Errors
    /// [`GrantRefused`].
    pub fn check(&self, presented: Presentation<'_>, now: Timestamp) -> Result<(), GrantRefused> {
        self.binding.check(presented)?;
        self.remaining(now).map(|_| ()).ok_or(GrantRefused::Expired)
    }

    /// How much longer it lives. None: it has ended. A node of the store whose clock is late keeps
    /// a code longer than it lives (measured on Redis 7.0.15).
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        Some(self.expires_at.since(now)).filter(|left| !left.is_zero())
    }
}

/// Keeps a new code in the store, under its hash.
///
/// # Errors
/// The store did not keep it, or may not have.
pub async fn keep_code(service: &Service, code: &str, record: &CodeRecord) -> Result<(), Unavailable> {
    let key = Key::new(CODE, sha256_hex(code));
    let ttl = service.config.ttl.code;
    let written = service.store.put(&key, &encode(record), ttl).await;
    written.during("keeping an authorization code")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_binds_it_must_be_right() {
        let record = CodeRecord {
            binding: Binding {
                client_id: "c".into(),
                redirect_uri: "https://c/cb".into(),
                challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
            },
            nonce: None,
            scope: "openid".into(),
            user_id: "user-ann".into(),
            sid: None,
            auth_time: Timestamp(0),
            issued_at: Timestamp(0),
            expires_at: Timestamp(60_000),
        };
        let good = Presentation {
            client_id: "c",
            redirect_uri: "https://c/cb",
            verifier: Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        };
        let check = |presented, now| record.check(presented, Timestamp(now));
        assert_eq!(check(good, 59_999), Ok(()));
        assert_eq!(check(good, 60_000), Err(GrantRefused::Expired));
        for (presented, refused) in [
            (Presentation { client_id: "d", ..good }, GrantRefused::OtherClient),
            (
                Presentation {
                    redirect_uri: "https://c/",
                    ..good
                },
                GrantRefused::OtherRedirect,
            ),
            (
                Presentation {
                    verifier: Some(""),
                    ..good
                },
                GrantRefused::Verifier,
            ),
            (
                Presentation {
                    verifier: record.binding.challenge.as_deref(),
                    ..good
                },
                GrantRefused::Verifier,
            ),
            (Presentation { verifier: None, ..good }, GrantRefused::NoVerifier),
        ] {
            assert_eq!(check(presented, 1), Err(refused));
        }
        let without = CodeRecord {
            binding: Binding {
                challenge: None,
                ..record.binding.clone()
            },
            ..record.clone()
        };
        assert_eq!(without.check(good, Timestamp(1)), Err(GrantRefused::NoChallenge));
        let bare = Presentation { verifier: None, ..good };
        assert_eq!(without.check(bare, Timestamp(1)), Ok(()));
    }
}
