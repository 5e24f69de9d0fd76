//! A login in progress that its browser carries, in the cookie that binds the two (inventory 9, 22).
//!
//! Whoever follows a link begins a login, and crawlers and attackers begin thousands. So nothing is kept of a login until an
//! address has been typed in it, or somebody has said that they want to go on: until then all that is known of it stands in its
//! cookie, and a keyed hash proves that this service has written it. Nothing of it is a secret from its browser, which has brought
//! here in a query what the client asked for.

use super::{AuthorizeRequest, FlowRecord, Prompt};
use crate::hash::{Pepper, same, sha256_hex};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use seams::Timestamp;
use serde::{Deserialize, Serialize};

/// A longer cookie is not set: a browser has several of them, many if its tabs are restored, and its requests must not become
/// larger than a balancer lets through (nginx: `large_client_header_buffers`).
pub(crate) const CARRIED_BYTES_MAX: usize = 768;

/// What stands in the cookie, in this order and without names: client, redirect URI, scope, state, nonce, challenge, prompt, longest
/// age, subject, whether the person has to say that they want to go on; the client's name; when the login ends.
#[derive(Serialize, Deserialize)]
struct Carried(
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Prompt,
    Option<u64>,
    Option<String>,
    bool,
    String,
    Timestamp,
);

impl Carried {
    fn of(request: AuthorizeRequest, client_name: &str, expires_at: Timestamp) -> Carried {
        Carried(
            request.client_id,
            request.redirect_uri,
            request.scope,
            request.state,
            request.nonce,
            request.challenge,
            request.prompt,
            request.max_age_s,
            request.subject,
            request.needs_consent,
            client_name.to_owned(),
            expires_at,
        )
    }

    fn record(self, browser_hash: String) -> FlowRecord {
        FlowRecord {
            browser_hash,
            request: AuthorizeRequest {
                client_id: self.0,
                redirect_uri: self.1,
                scope: self.2,
                state: self.3,
                nonce: self.4,
                challenge: self.5,
                prompt: self.6,
                max_age_s: self.7,
                subject: self.8,
                needs_consent: self.9,
            },
            client_name: self.10,
            address: None,
            consented: None,
            expires_at: self.11,
        }
    }
}

/// The cookie that carries the login with this hash. `None`: it would be too long.
pub(super) fn cookie(
    pepper: &Pepper,
    flow_hash: &str,
    request: &AuthorizeRequest,
    client_name: &str,
    expires_at: Timestamp,
) -> Option<String> {
    let carried = Carried::of(request.clone(), client_name, expires_at);
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
    Some(carried.record(sha256_hex(cookie)))
}

fn proof(pepper: &Pepper, flow_hash: &str, carried: &str) -> String {
    pepper.token("login-in-progress", &[flow_hash, carried])
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn each_part_is_read_as_what_it_is() {
        let all = AuthorizeRequest {
            prompt: Prompt::Login,
            max_age_s: Some(60),
            subject: Some("user-ann".into()),
            needs_consent: true,
            ..request("st")
        };
        let none = AuthorizeRequest {
            state: None,
            nonce: None,
            challenge: None,
            ..request("st")
        };
        for request in [all, none] {
            let cookie = cookie(&pepper(), "hash", &request, "App", Timestamp(1)).unwrap();
            assert_eq!(read(&pepper(), "hash", &cookie).unwrap().request, request);
        }
    }

    /// Twenty tabs of ordinary clients fit into a line of a request's head.
    #[test]
    fn an_ordinary_login_is_short() {
        assert!(written(&"s".repeat(43)).unwrap().len() <= 380);
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
        assert!((300..400).contains(&most), "{most}");
        assert!(fits(most).unwrap().len() <= CARRIED_BYTES_MAX && fits(most + 1).is_none());
    }
}
