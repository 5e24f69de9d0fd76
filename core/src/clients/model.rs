//! Redirect URIs of relying parties, and how they authenticate.

use super::{Client, ClientSecret};
use crate::{
    hash::{same, sha256_hex},
    http::Params,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use url::{Host, Url, form_urlencoded};

/// Whether a redirect URI is registered. Compared exactly (RFC 9700 section 2.1), except that the port
/// of a registered loopback address may be any (RFC 8252 section 7.3).
pub fn may_redirect_to(client: &Client, uri: &str) -> bool {
    client
        .redirect_uris
        .iter()
        .any(|known| known == uri || same_loopback(known, uri))
}

/// Whether the application that is answered there may be another one than it says: a public client on a person's own computer.
/// Any program there can listen on loopback, or register the same scheme (RFC 8252 section 8.6).
pub fn may_be_impersonated(client: &Client, redirect_uri: &str) -> bool {
    client.secret == ClientSecret::None && !redirect_uri.starts_with("https://")
}

fn same_loopback(registered: &str, presented: &str) -> bool {
    let without_port = |text: &str| -> Option<String> {
        let mut uri = Url::parse(text).ok()?;
        // Only as written: a URI that a parser normalizes to it is not the same.
        let loopback = match uri.host()? {
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
            Host::Domain(_) => false,
        };
        if uri.as_str() != text || uri.scheme() != "http" || !loopback || !uri.username().is_empty() {
            return None;
        }
        uri.set_port(None).ok()?;
        Some(uri.into())
    };
    without_port(registered).is_some_and(|known| without_port(presented).as_ref() == Some(&known))
}

/// Who a client claims to be, and the proof.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `client_id`.
    pub client_id: String,
    /// The secret, if it gave one.
    pub secret: Option<String>,
    /// Whether it used the `Authorization` header: a refusal must then ask for it again.
    pub basic: bool,
}

/// Why credentials cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadableCredentials {
    /// No `client_id` at all.
    Missing,
    /// More than one method (RFC 6749 section 2.3: a client "MUST NOT use more than one").
    TwoMethods,
    /// The `Authorization` header is not well-formed Basic.
    Malformed,
}

impl Credentials {
    /// Reads them from the `Authorization` header and the form (RFC 6749 section 2.3.1).
    ///
    /// # Errors
    /// [`UnreadableCredentials`].
    pub fn read(authorization: Option<&str>, form: &Params) -> Result<Credentials, UnreadableCredentials> {
        let (id, secret) = (form.get("client_id"), form.get("client_secret"));
        let Some(header) = authorization else {
            return Ok(Credentials {
                client_id: id.ok_or(UnreadableCredentials::Missing)?.to_owned(),
                secret: secret.map(str::to_owned),
                basic: false,
            });
        };
        let (scheme, encoded) = header.split_once(' ').ok_or(UnreadableCredentials::Malformed)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(UnreadableCredentials::Malformed);
        }
        if secret.is_some() {
            return Err(UnreadableCredentials::TwoMethods);
        }
        let decoded = STANDARD
            .decode(encoded.trim())
            .map_err(|_| UnreadableCredentials::Malformed)?;
        let text = String::from_utf8(decoded).map_err(|_| UnreadableCredentials::Malformed)?;
        let (name, password) = text.split_once(':').ok_or(UnreadableCredentials::Malformed)?;
        let client_id = form_decode(name);
        if id.is_some_and(|id| id != client_id) {
            return Err(UnreadableCredentials::TwoMethods);
        }
        Ok(Credentials {
            client_id,
            secret: Some(form_decode(password)).filter(|secret| !secret.is_empty()),
            basic: true,
        })
    }

    /// Whether they prove that this is the client. A public client gives no secret; one that gives a
    /// secret is misconfigured, and is refused.
    pub fn prove(&self, client: &Client) -> bool {
        match (&client.secret, &self.secret) {
            (ClientSecret::None, None) => true,
            (ClientSecret::Sha256(hash), Some(secret)) => same(hash, &sha256_hex(secret)),
            _ => false,
        }
    }
}

/// Both halves of Basic are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn form_decode(text: &str) -> String {
    // As the name of a lone parameter; `&` and `=` would end it, and are never left unencoded by a
    // client that encodes. Those of clients that do not encode are kept as they are.
    let encoded = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(encoded.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(secret: ClientSecret, uris: &[&str]) -> Client {
        Client {
            id: "c".into(),
            name: "C".into(),
            pkce: secret.usual_pkce(),
            secret,
            redirect_uris: uris.iter().map(|u| u.to_string()).collect(),
            post_logout_redirect_uris: vec![],
            id_token_alg: crate::keys::Algorithm::Es256,
        }
    }

    #[test]
    fn redirect_uris_match_exactly_but_for_loopback_ports() {
        let c = client(
            ClientSecret::None,
            &[
                "https://app.example/callback",
                "http://127.0.0.1/cb",
                "http://[::1]:7/cb",
                "http://localhost/cb",
            ],
        );
        for good in [
            "https://app.example/callback",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:5000/cb",
            "http://[::1]:1/cb",
            "http://localhost/cb",
        ] {
            assert!(may_redirect_to(&c, good), "{good}");
        }
        for bad in [
            "https://app.example/callback/",
            "https://app.example:444/callback",
            "https://app.example/callback?x=1",
            "https://app.example.evil/callback",
            "HTTPS://app.example/callback",
            "http://127.0.0.1:5000/other",
            "http://127.0.0.1:5000/x/../cb",
            "http://user@127.0.0.1/cb",
            "https://127.0.0.1/cb",
            "http://localhost:5000/cb",
            "",
        ] {
            assert!(!may_redirect_to(&c, bad), "{bad}");
        }
    }

    #[test]
    fn whoever_is_on_somebodys_own_computer_may_be_impersonated() {
        let (public, confidential) = (ClientSecret::None, ClientSecret::Sha256(String::new()));
        for (uri, expected) in [
            ("https://app.example/cb", false),
            ("http://127.0.0.1:5000/cb", true),
            ("http://localhost/cb", true),
            ("com.example.app:/cb", true),
        ] {
            assert_eq!(
                may_be_impersonated(&client(public.clone(), &[]), uri),
                expected,
                "{uri}"
            );
            assert!(!may_be_impersonated(&client(confidential.clone(), &[]), uri), "{uri}");
        }
    }

    #[test]
    fn credentials() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let form = |text: &str| Params::parse(text.as_bytes());
        let read = |header: Option<&str>, body: &str| {
            Credentials::read(header, &form(body)).map(|c| (c.client_id, c.secret, c.basic))
        };
        let ok = |id: &str, secret: Option<&str>, basic| Ok((id.to_owned(), secret.map(str::to_owned), basic));
        assert_eq!(read(None, "client_id=c"), ok("c", None, false));
        assert_eq!(read(None, "client_id=c&client_secret=s"), ok("c", Some("s"), false));
        assert_eq!(read(Some(&basic("c:s%2Bt+u")), ""), ok("c", Some("s+t u"), true));
        assert_eq!(read(Some(&basic("c:s=&t")), "client_id=c"), ok("c", Some("s=&t"), true));
        assert_eq!(read(Some(&basic("c:")), ""), ok("c", None, true));
        assert_eq!(read(None, ""), Err(UnreadableCredentials::Missing));
        assert_eq!(
            read(Some(&basic("c:s")), "client_secret=s"),
            Err(UnreadableCredentials::TwoMethods)
        );
        assert_eq!(
            read(Some(&basic("c:s")), "client_id=d"),
            Err(UnreadableCredentials::TwoMethods)
        );
        for bad in ["Basic", "Basic !!!", "Bearer x", &basic("no colon"), "", "Basic /w=="] {
            assert_eq!(read(Some(bad), ""), Err(UnreadableCredentials::Malformed), "{bad}");
        }
    }

    #[test]
    fn proofs() {
        let secret = ClientSecret::Sha256(sha256_hex("s"));
        let give = |secret: Option<&str>| Credentials {
            client_id: "c".into(),
            secret: secret.map(str::to_owned),
            basic: false,
        };
        assert!(give(Some("s")).prove(&client(secret.clone(), &[])));
        assert!(!give(Some("t")).prove(&client(secret.clone(), &[])));
        assert!(!give(None).prove(&client(secret, &[])));
        assert!(give(None).prove(&client(ClientSecret::None, &[])));
        assert!(!give(Some("s")).prove(&client(ClientSecret::None, &[])));
    }
}
