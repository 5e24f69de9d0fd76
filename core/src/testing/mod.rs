//! A test bed: two replicas in one process, sharing a store and a directory, and
//! browsers that keep cookies.

mod browser;
mod parts;
pub(crate) mod random;
pub(crate) mod rsa;

pub(crate) use browser::Browser;

use crate::{
    clients::{Client, ClientSecret},
    clocks::Clocks,
    config::{Config, StateConfig},
    hash::sha256_hex,
    keys::Algorithm,
    replica::{App, Health, Wiring, routers},
    stop::Stop,
    store::{MemoryStore, SqliteDirectory, testing::Fixture},
    users::User,
};
use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use parts::{FailingStore, Hashed, Outgoing};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;
use tower::ServiceExt;
use url::form_urlencoded;

pub(crate) const ISSUER: &str = "https://login.example";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const AUTHORIZE: &str = "/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.example\
     %2Fcallback&scope=openid+email&state=st&nonce=no&code_challenge_method=S256\
     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct TestBed {
    pub(crate) fixture: Fixture,
    pub(crate) store: Arc<FailingStore>,
    pub(crate) out: Arc<Outgoing>,
    pub(crate) config: Arc<Config>,
    replicas: Vec<Router>,
}

impl TestBed {
    pub(crate) async fn new() -> TestBed {
        static BEDS: AtomicU64 = AtomicU64::new(0);
        let fixture = Fixture::new();
        let mut env = fixture.env("idp");
        env.entropy = Arc::new(Hashed::default());
        let config = Arc::new(Config::new("idp", ISSUER, StateConfig::Memory));
        let location = format!("file:/surface-{}?vfs=memdb", BEDS.fetch_add(1, Ordering::Relaxed));
        let directory = SqliteDirectory::open(env.clone(), &location, Duration::from_secs(1)).await;
        let directory = directory.expect("a new directory opens");
        for (id, secret, uri, id_token_alg) in [
            ("web", None, "https://app.example/callback", Algorithm::Es256),
            (
                "grafana",
                Some("s3cret"),
                "https://grafana.example/login/generic_oauth",
                Algorithm::Rs256,
            ),
            ("native", None, "http://127.0.0.1/callback", Algorithm::Es256),
            ("torn", None, "https://torn.example/a\nb", Algorithm::Es256), // no browser can be sent there
        ] {
            let secret = secret.map_or(ClientSecret::None, |secret| ClientSecret::Sha256(sha256_hex(secret)));
            let client = Client {
                id: id.into(),
                name: id.to_uppercase(),
                pkce: secret.usual_pkce(),
                secret,
                redirect_uris: vec![uri.into()],
                post_logout_redirect_uris: vec![format!("https://{id}.example/bye")],
                id_token_alg,
            };
            directory.add_client(&client).await.expect("a client");
        }
        for name in ["ann", "bob"] {
            let user = User {
                id: format!("user-{name}"),
                address: format!("{name}@example.com"),
                name: name.into(),
                ..User::default()
            };
            directory.add_user(&user).await.expect("a user");
        }
        let store = Arc::new(FailingStore::new(MemoryStore::new(fixture.clock.clone())));
        let out = Arc::new(Outgoing::default());
        let wiring = Wiring {
            store: store.clone(),
            directory: Arc::new(directory).into(),
            mailer: out.clone(),
            analytics: out.clone(),
            rsa_keys: Arc::new(rsa::FixedRsaKeys::default()),
        };
        let mut replicas = vec![];
        for _ in 0..2 {
            let clocks = Clocks::new(&env, config.ttl.clock_slack);
            let app = App::load(env.clone(), config.clone(), wiring.clone(), clocks).await;
            replicas.push(
                routers(
                    &app.expect("the directory answers"),
                    watch::channel(Health::default()).1,
                    Stop::never(),
                )
                .people,
            );
        }
        TestBed {
            fixture,
            store,
            out,
            config,
            replicas,
        }
    }

    pub(crate) async fn call(&self, replica: usize, request: Request<Body>) -> Seen {
        let response = self.replicas[replica].clone().oneshot(request).await;
        let (head, body) = response.expect("the router never fails").into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Seen {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// A GET without a browser.
    pub(crate) async fn get(&self, path: &str, authorization: Option<&str>) -> Seen {
        let mut request = Request::get(path);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.call(0, request).await
    }

    /// A form for the token endpoint, without a browser.
    pub(crate) async fn token(&self, replica: usize, fields: &[(&str, &str)]) -> Seen {
        self.call(replica, form("/token", fields)).await
    }

    /// Redeems a code of the client `web`.
    pub(crate) async fn redeem(&self, replica: usize, code: &str, verifier: &str) -> Seen {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "web"),
            ("redirect_uri", "https://app.example/callback"),
            ("code", code),
            ("code_verifier", verifier),
        ];
        self.token(replica, &fields).await
    }

    pub(crate) fn marked(&self, name: &str) -> usize {
        self.fixture.marks.seen(name)
    }
}

pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .expect("a request")
}

/// An answer.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn attribute(&self, name: &str) -> &str {
        let (_, rest) = self.body.split_once(&format!("{name}=\"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default()
    }

    /// Status, page and error.
    pub(crate) fn page(&self) -> (u16, &str, &str) {
        (
            self.status.as_u16(),
            self.attribute("data-page"),
            self.attribute("data-error"),
        )
    }

    pub(crate) fn signed_in(&self) -> &str {
        self.attribute("data-signed-in")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// Status and `error` of a JSON answer.
    pub(crate) fn error(&self) -> (u16, String) {
        (
            self.status.as_u16(),
            self.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    /// A parameter of where it redirects to.
    pub(crate) fn param(&self, name: &str) -> String {
        let (_, query) = self.location().split_once('?').unwrap_or_default();
        let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == name);
        found.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}
