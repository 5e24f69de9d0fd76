//! A test bed for the surface: two replicas in one process, sharing a store and a directory, and
//! browsers that keep cookies.

use crate::{
    analytics::{Analytics, LoginEvent},
    clients::{Client, ClientSecret},
    config::{Config, StateConfig},
    http::surface::{App, router},
    mail::{Mail, Mailer, Subject},
    model::hash::sha256_hex,
    replica::Wiring,
    store::{AuthStateStore, Key, MemoryStore, Namespace, SqliteDirectory, testing::Fixture},
    users::User,
};
use async_trait::async_trait;
use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use seams::{Entropy, Failure, Outcome};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tower::ServiceExt;
use url::form_urlencoded;

pub(crate) const ISSUER: &str = "https://login.example";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const AUTHORIZE: &str = "/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.example\
     %2Fcallback&scope=openid+email&state=st&nonce=no&code_challenge_method=S256\
     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Bed {
    pub(crate) fixture: Fixture,
    pub(crate) store: Arc<MoodyStore>,
    pub(crate) out: Arc<Out>,
    pub(crate) config: Arc<Config>,
    replicas: Vec<Router>,
}

impl Bed {
    pub(crate) async fn new() -> Bed {
        static BEDS: AtomicU64 = AtomicU64::new(0);
        let fixture = Fixture::new();
        let mut env = fixture.env("idp");
        env.entropy = Arc::new(Hashed(AtomicU64::new(0)));
        let config = Arc::new(Config::new("idp", ISSUER, StateConfig::Memory));
        let location = format!("file:/surface-{}?vfs=memdb", BEDS.fetch_add(1, Ordering::Relaxed));
        let directory = SqliteDirectory::open(env.clone(), &location, Duration::from_secs(1)).await;
        let directory = directory.expect("a new directory opens");
        for (id, secret, uri) in [
            ("web", None, "https://app.example/callback"),
            ("grafana", Some("s3cret"), "https://grafana.example/login/generic_oauth"),
            ("torn", None, "https://torn.example/a\nb"), // no browser can be sent there
        ] {
            let secret = secret.map_or(ClientSecret::None, |secret| ClientSecret::Sha256(sha256_hex(secret)));
            let client = Client {
                id: id.into(),
                name: id.to_uppercase(),
                secret,
                redirect_uris: vec![uri.into()],
            };
            directory.add_client(&client).await.expect("a client");
        }
        for name in ["ann", "bob"] {
            let user = User {
                id: format!("user-{name}"),
                address: format!("{name}@example.com"),
                name: name.into(),
            };
            directory.add_user(&user).await.expect("a user");
        }
        let store = Arc::new(MoodyStore {
            inner: MemoryStore::new(fixture.clock.clone()),
            moods: Mutex::default(),
        });
        let out = Arc::new(Out::default());
        let wiring = Wiring {
            store: store.clone(),
            directory: Arc::new(directory).into(),
            mailer: out.clone(),
            analytics: out.clone(),
        };
        let mut replicas = vec![];
        for _ in 0..2 {
            let app = App::load(env.clone(), config.clone(), wiring.clone()).await;
            replicas.push(router(app.expect("the directory answers")));
        }
        Bed {
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

/// A browser: cookies, and the replica that its requests go to.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) replica: usize,
}

impl Browser {
    async fn send(&mut self, bed: &Bed, mut request: Request<Body>) -> Seen {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, cookies.join("; ").parse().expect("cookies"));
        let seen = bed.call(self.replica, request).await;
        for cookie in seen.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            assert!(
                text.contains("; Path=/; ") && text.contains("; HttpOnly; SameSite=Lax; Secure"),
                "{text}"
            );
            let (name, value) = text
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a pair");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        seen
    }

    pub(crate) async fn get(&mut self, bed: &Bed, path: &str) -> Seen {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        self.send(bed, request).await
    }

    pub(crate) async fn post(&mut self, bed: &Bed, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.send(bed, form(path, fields)).await
    }

    /// Opens the login page: the flow's identifier.
    pub(crate) async fn begin(&mut self, bed: &Bed) -> String {
        self.get(bed, AUTHORIZE).await.param("flow")
    }

    /// Presses "Send login code".
    pub(crate) async fn ask(&mut self, bed: &Bed, flow: &str) -> Seen {
        self.post(bed, "/login/send", &[("flow", flow), ("address", "ann@example.com")])
            .await
    }

    /// Types a code.
    pub(crate) async fn verify(&mut self, bed: &Bed, flow: &str, code: &str) -> Seen {
        self.post(bed, "/login/verify", &[("flow", flow), ("code", code)]).await
    }

    /// A whole login: the authorization code.
    pub(crate) async fn log_in(&mut self, bed: &Bed) -> String {
        let flow = self.begin(bed).await;
        self.ask(bed, &flow).await;
        let code = bed.out.codes("ann@example.com").pop().expect("a mail");
        let verified = self.verify(bed, &flow, &code).await;
        self.get(bed, verified.location()).await.param("code")
    }
}

/// What leaves the service.
#[derive(Default)]
pub(crate) struct Out {
    mails: Mutex<Vec<(String, String)>>,
    pub(crate) events: Mutex<Vec<LoginEvent>>,
    pub(crate) full: Mutex<Option<Failure>>,
}

impl Out {
    /// Codes mailed to an address, in order.
    pub(crate) fn codes(&self, address: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        mails
            .iter()
            .filter(|(to, _)| to == address)
            .map(|(_, code)| code.clone())
            .collect()
    }
}

#[async_trait]
impl Mailer for Out {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        if let Some(failure) = self.full.lock().unwrap().take() {
            return Err(failure);
        }
        if let Subject::Code { code, .. } = mail.subject {
            self.mails.lock().unwrap().push((mail.to, code));
        }
        Ok(())
    }

    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.enqueue(mail).await
    }
}

#[async_trait]
impl Analytics for Out {
    async fn record(&self, event: LoginEvent) {
        self.events.lock().unwrap().push(event);
    }
}

struct Hashed(AtomicU64);

impl Entropy for Hashed {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            chunk.copy_from_slice(&Sha256::digest(number.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// What a call to the store comes to instead: the failure, and whether it was done all the same.
struct Mood {
    call: &'static str,
    namespace: Namespace,
    failure: Failure,
    done: bool,
}

/// A store that fails on demand, and lets others run before each call, as a network would.
pub(crate) struct MoodyStore {
    inner: MemoryStore,
    moods: Mutex<Vec<Mood>>,
}

impl MoodyStore {
    /// The next such call fails; `done` says whether it happens all the same.
    pub(crate) fn fail(&self, call: &'static str, namespace: Namespace, failure: Failure, done: bool) {
        self.moods.lock().unwrap().push(Mood {
            call,
            namespace,
            failure,
            done,
        });
    }

    async fn call<T>(&self, call: &str, key: &Key, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        tokio::task::yield_now().await;
        let mood = {
            let mut moods = self.moods.lock().unwrap();
            let at = moods
                .iter()
                .position(|m| m.call == call && m.namespace == key.namespace);
            at.map(|at| moods.remove(at))
        };
        match mood {
            None => work.await,
            Some(mood) => {
                if mood.done {
                    work.await?;
                }
                Err(mood.failure)
            }
        }
    }
}

#[async_trait]
impl AuthStateStore for MoodyStore {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.call("put", key, self.inner.put(key, value, ttl)).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.call("put_if_absent", key, self.inner.put_if_absent(key, value, ttl))
            .await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.call("get", key, self.inner.get(key)).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.call("take", key, self.inner.take(key)).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.call("count", key, self.inner.count(key, window)).await
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        self.call("renew", key, self.inner.renew(key, holder, ttl)).await
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        self.call("release", key, self.inner.release(key, holder)).await
    }
    async fn health(&self) -> Outcome<()> {
        self.inner.health().await
    }
}
