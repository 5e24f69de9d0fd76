//! A login in progress.

use super::AuthorizeRequest;
use crate::hash::{same, sha256_hex};
use seams::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A login in progress, as kept in the store under the hash of its identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRecord {
    /// SHA-256 of the value of its cookie, which the browser has that began it (inventory 9).
    pub browser_hash: String,
    /// What the client asked for.
    pub request: AuthorizeRequest,
    /// Name of the client, as people know it.
    pub client_name: String,
    /// Where the last code was sent.
    pub address: Option<String>,
    /// The session (its `id_hash`) whose person has said that they want to go on to the client.
    #[serde(default)]
    pub consented: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl FlowRecord {
    /// Whether it began in the browser that has this cookie.
    pub fn began_in(&self, cookie: &str) -> bool {
        same(&sha256_hex(cookie), &self.browser_hash)
    }

    /// How much longer it lives. None: it has ended.
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        Some(self.expires_at.since(now)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::Prompt;

    #[test]
    fn it_belongs_to_one_browser_and_ends() {
        let flow = FlowRecord {
            browser_hash: sha256_hex("cookie"),
            request: AuthorizeRequest {
                client_id: "c".into(),
                redirect_uri: "https://c/cb".into(),
                scope: "openid".into(),
                state: None,
                nonce: None,
                challenge: None,
                prompt: Prompt::Auto,
                max_age_s: None,
                subject: None,
                needs_consent: false,
            },
            client_name: "C".into(),
            address: None,
            consented: None,
            expires_at: Timestamp(1000),
        };
        assert!(flow.began_in("cookie") && !flow.began_in("another"));
        assert_eq!(flow.remaining(Timestamp(999)), Some(Duration::from_millis(1)));
        assert_eq!(flow.remaining(Timestamp(1000)), None);
        let written = serde_json::to_vec(&flow).unwrap();
        assert_eq!(serde_json::from_slice::<FlowRecord>(&written).unwrap(), flow);
    }
}
