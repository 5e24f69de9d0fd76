//! A login in progress that its browser carries, in the cookie that binds the two (inventory 9, 22).
//!
//! Whoever follows a link begins a login, and crawlers and attackers begin thousands. So nothing is kept of a login until an
//! address has been typed in it, or somebody has said that they want to go on: until then all that is known of it stands in its
//! cookie, and a keyed hash proves that this service has written it. It is no secret from its browser, which has brought all of it
//! here in a query.

use super::{AuthorizeRequest, FlowRecord};
use crate::hash::{Pepper, same, sha256_hex};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use seams::Timestamp;
use serde::{Deserialize, Serialize};

/// A longer cookie is not set: a browser may have several of them, and its requests must not become larger than a balancer lets
/// through (nginx: `large_client_header_buffers`).
pub(crate) const CARRIED_BYTES_MAX: usize = 1024;

/// What stands in the cookie.
#[derive(Serialize, Deserialize)]
struct Carried {
    request: AuthorizeRequest,
    client_name: String,
    expires_at: Timestamp,
}

/// The cookie that carries the login with this hash. `None`: it would be too long.
pub(super) fn cookie(
    pepper: &Pepper,
    flow_hash: &str,
    request: &AuthorizeRequest,
    client_name: &str,
    expires_at: Timestamp,
) -> Option<String> {
    let carried = Carried {
        request: request.clone(),
        client_name: client_name.to_owned(),
        expires_at,
    };
    let carried = serde_json::to_vec(&carried).expect("text and numbers can be written");
    let carried = URL_SAFE_NO_PAD.encode(carried);
    let proof = proof(pepper, flow_hash, &carried);
    Some(format!("{carried}.{proof}")).filter(|cookie| cookie.len() <= CARRIED_BYTES_MAX)
}

/// The login with this hash that a cookie carries. `None`: this service did not write it, or for another login.
pub(super) fn read(pepper: &Pepper, flow_hash: &str, cookie: &str) -> Option<FlowRecord> {
    let (carried, presented) = cookie.split_once('.')?;
    if !same(&proof(pepper, flow_hash, carried), presented) {
        return None;
    }
    let carried = URL_SAFE_NO_PAD.decode(carried).ok()?;
    let carried: Carried = serde_json::from_slice(&carried).ok()?; // or one of another version wrote it
    Some(FlowRecord {
        browser_hash: sha256_hex(cookie),
        request: carried.request,
        client_name: carried.client_name,
        address: None,
        consented: None,
        expires_at: carried.expires_at,
    })
}

fn proof(pepper: &Pepper, flow_hash: &str, carried: &str) -> String {
    pepper.token("login-in-progress", &[flow_hash, carried])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::Prompt;

    fn request(state: &str) -> AuthorizeRequest {
        AuthorizeRequest {
            client_id: "web".into(),
            redirect_uri: "https://app.example/callback".into(),
            scope: "openid".into(),
            state: Some(state.into()),
            nonce: Some("n".repeat(43)),
            challenge: Some("c".repeat(43)),
            prompt: Prompt::Auto,
            max_age_s: None,
            subject: None,
            needs_consent: false,
        }
    }

    fn written(state: &str) -> Option<String> {
        cookie(&pepper(), "hash", &request(state), "App", Timestamp(1_700_000_900_000))
    }

    fn pepper() -> Pepper {
        Pepper::new([7; 32])
    }

    #[test]
    fn what_was_written_is_read_again() {
        let cookie = written("st").unwrap();
        let record = read(&pepper(), "hash", &cookie).expect("it is ours");
        assert_eq!((record.request, record.client_name.as_str()), (request("st"), "App"));
        assert_eq!(record.expires_at, Timestamp(1_700_000_900_000));
        assert_eq!((record.address, record.consented), (None, None));
        assert_eq!(record.browser_hash, sha256_hex(&cookie));
    }

    #[test]
    fn nothing_else_is_read() {
        let cookie = written("st").unwrap();
        assert!(read(&pepper(), "another", &cookie).is_none());
        assert!(read(&Pepper::new([8; 32]), "hash", &cookie).is_none());
        let (carried, proof) = cookie.split_once('.').unwrap();
        let other = written("other").unwrap();
        let (another, _) = other.split_once('.').unwrap();
        for wrong in [
            format!("{another}.{proof}"),
            format!("{carried}."),
            format!("{carried}.{}", &proof[1..]),
            format!("{carried}.{proof}."),
            carried.to_owned(),
            String::new(),
            ".".into(),
        ] {
            assert!(read(&pepper(), "hash", &wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_would_be_too_long_is_not_carried() {
        let fits = |bytes: usize| written(&"s".repeat(bytes));
        let most = (0..CARRIED_BYTES_MAX)
            .rev()
            .find(|bytes| fits(*bytes).is_some())
            .unwrap();
        assert!((200..600).contains(&most), "{most}");
        assert!(fits(most).unwrap().len() <= CARRIED_BYTES_MAX && fits(most + 1).is_none());
    }
}
