//! A confidential client with the settings that most have as shipped: Basic, `state` and `nonce`, no PKCE.

use crate::testing::{Browser, Seen, TestBed, form};
use axum::body::Body;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{Request, header};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};
use url::form_urlencoded::Serializer;

pub(super) const REDIRECT_URI: &str = "https://grafana.example/login/generic_oauth";
pub(super) const NONCE: &str = "a-nonce";

/// The client, and a person at a browser.
pub(super) struct Client {
    pub(super) bed: Arc<TestBed>,
    pub(super) browser: Browser,
    pub(super) address: &'static str,
    pub(super) replica: usize,
}

impl Client {
    pub(super) async fn new(replica: usize, address: &'static str) -> Client {
        Client::of(Arc::new(TestBed::new().await), replica, address)
    }

    /// Another person, at another replica of the same service.
    pub(super) fn another(&self, replica: usize, address: &'static str) -> Client {
        Client::of(self.bed.clone(), replica, address)
    }

    fn of(bed: Arc<TestBed>, replica: usize, address: &'static str) -> Client {
        let browser = Browser {
            replica,
            ..Browser::default()
        };
        Client {
            bed,
            browser,
            address,
            replica,
        }
    }

    /// The subject of the person.
    pub(super) fn subject(&self) -> String {
        format!("user-{}", self.address.split('@').next().unwrap_or_default())
    }

    /// The parameters of an authorization request, with these instead of the usual ones; an empty one is left out.
    pub(super) fn params(with: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let mut params: BTreeMap<&'static str, String> = [
            ("response_type", "code"),
            ("client_id", "grafana"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid"),
            ("state", "a-state"),
            ("nonce", NONCE),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .into();
        params.extend(with.iter().map(|(name, value)| (*name, (*value).to_owned())));
        params.retain(|_, value| !value.is_empty());
        params.into_iter().collect()
    }

    /// Sends the person to log in, and follows nothing.
    pub(super) async fn authorize(&mut self, with: &[(&'static str, &str)]) -> Seen {
        let query = Serializer::new(String::new())
            .extend_pairs(Client::params(with))
            .finish();
        self.browser.get(&self.bed, &format!("/authorize?{query}")).await
    }

    /// The same, with a login if one is asked for: the answer that comes back to the client.
    pub(super) async fn come_back(&mut self, with: &[(&'static str, &str)]) -> Seen {
        let begun = self.authorize(with).await;
        self.finish(begun).await
    }

    /// Logs in, if the person is asked to.
    pub(super) async fn finish(&mut self, begun: Seen) -> Seen {
        match begun.location().starts_with("/login?flow=") {
            true => {
                let flow = begun.param("flow");
                self.browser.finish(&self.bed, &flow, self.address).await
            }
            false => begun,
        }
    }

    /// The code of an answer that is a success: with `state` and `iss` as they were.
    pub(super) async fn code(&mut self, with: &[(&'static str, &str)]) -> String {
        let back = self.come_back(with).await;
        self.code_of(&back)
    }

    pub(super) fn code_of(&self, back: &Seen) -> String {
        assert!(back.location().starts_with(REDIRECT_URI), "{}", back.location());
        assert_eq!(
            (back.param("state"), back.param("error")),
            ("a-state".into(), String::new())
        );
        assert_eq!(back.param("iss"), crate::testing::ISSUER);
        let code = back.param("code");
        assert!(!code.is_empty());
        code
    }

    /// Redeems a code, with these parameters instead of the usual ones.
    pub(super) async fn redeem(&self, code: &str, with: &[(&'static str, &str)]) -> Seen {
        let mut fields: BTreeMap<&str, &str> = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT_URI),
            ("code", code),
        ]
        .into();
        fields.extend(with.iter().copied());
        let fields: Vec<(&str, &str)> = fields.into_iter().collect();
        let mut request = form("/token", &fields);
        if !with.iter().any(|(name, _)| *name == "client_secret") {
            let pair = format!("Basic {}", STANDARD.encode("grafana:s3cret"));
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, pair.parse().unwrap());
        }
        self.bed.call(self.replica, request).await
    }

    /// Access token, and the claims of the ID token.
    pub(super) async fn tokens(&mut self, with: &[(&'static str, &str)]) -> (String, Map<String, Value>) {
        let code = self.code(with).await;
        let answer = self.redeem(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let json = answer.json();
        assert_eq!(json["token_type"], "Bearer");
        let claims = claims(json["id_token"].as_str().unwrap());
        assert_eq!(
            (&claims["iss"], &claims["aud"]),
            (&crate::testing::ISSUER.into(), &"grafana".into())
        );
        assert_eq!(claims["sub"], self.subject());
        (json["access_token"].as_str().unwrap().to_owned(), claims)
    }

    /// What userinfo says.
    pub(super) async fn userinfo(&self, request: Request<Body>) -> Value {
        let answer = self.bed.call(self.replica, request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, "application/json")
        );
        let json = answer.json();
        assert_eq!(json["sub"], self.subject());
        json
    }

    /// A document of the service.
    pub(super) async fn document(&self, path: &str) -> Value {
        let request = Request::get(path).body(Body::empty()).unwrap();
        self.bed.call(self.replica, request).await.json()
    }
}

/// A request to userinfo with the token in the header.
pub(super) fn with_header(mut request: Request<Body>, token: &str) -> Request<Body> {
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    request
}

fn part(token: &str, n: usize) -> Map<String, Value> {
    let part = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The claims of a JWT.
pub(super) fn claims(token: &str) -> Map<String, Value> {
    part(token, 1)
}

/// Its header.
pub(super) fn jose_header(token: &str) -> Map<String, Value> {
    part(token, 0)
}
