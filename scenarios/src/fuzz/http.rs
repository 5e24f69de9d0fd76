//! Fuzz targets for the HTTP requests that the login service reads from anybody.

use crate::world::rsa_keys::FixedRsaKeys;
use async_trait::async_trait;
use idp::{
    clients::{Client, ClientSecret, Pkce},
    clocks::Clocks,
    config::{Config, StateConfig},
    http::server::{PortState, serve_connections},
    keys::Algorithm,
    mail::{Mail, Mailer},
    redemption::pkce,
    replica::{App, Health, Wiring, routers},
    stop::Stop,
    store::SqliteDirectory,
    users::User,
};
use seams::{Env, Outcome};
use sim::testbed::{Stage, exchange};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

const HTTP_PORT: u16 = 8080;
const ISSUER: &str = "https://login.example";

/// A mailer that accepts mails and sends none.
struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn enqueue(&self, _: Mail) -> Outcome<()> {
        Ok(())
    }

    async fn deliver(&self, _: Mail) -> Outcome<()> {
        Ok(())
    }
}

/// Serves a replica whose state is in memory, for as long as its host lives.
async fn serve(env: Env) {
    static DIRECTORIES: AtomicU64 = AtomicU64::new(0);
    let location = format!("file:/fuzz-{}?vfs=memdb", DIRECTORIES.fetch_add(1, Ordering::Relaxed));
    let config = Arc::new(Config::new("idp", ISSUER, StateConfig::Memory));
    let directory = SqliteDirectory::open(env.clone(), &location, config.deadlines.directory).await;
    let directory = directory.expect("a new directory opens");
    let client = Client {
        id: "web".into(),
        name: "Web".into(),
        secret: ClientSecret::None,
        redirect_uris: vec!["https://app.example/callback".into()],
        pkce: Pkce::Required,
        post_logout_redirect_uris: vec!["https://app.example/bye".into()],
        id_token_alg: Algorithm::Es256,
    };
    let user = User {
        id: "user-ann".into(),
        address: "ann@example.com".into(),
        name: "Ann".into(),
        ..User::default()
    };
    directory.add_client(&client).await.expect("a client");
    directory.add_user(&user).await.expect("a user");
    let wiring = Wiring {
        mailer: Arc::new(NoMail),
        ..Wiring::standard(&env, &config, Arc::new(directory), Arc::new(FixedRsaKeys::of("idp")))
    };
    let clocks = Clocks::new(&env, config.ttl.clock_slack);
    let app = App::load(env.clone(), config, wiring, clocks).await;
    let router = routers(
        &app.expect("the directory answers"),
        watch::channel(Health::default()).1,
        Stop::never(),
    )
    .people;
    let listener = env.network.listen(HTTP_PORT).await.expect("the port is free");
    let (_never, stop) = watch::channel(PortState::Open);
    serve_connections(env, listener, router, stop).await;
}

/// Sends these bytes to a replica. It must answer `requests` requests (if the number is known), none with a 5xx status,
/// and must then still serve another connection.
fn check_served(bytes: Vec<u8>, requests: Option<usize>) {
    let mut stage = Stage::new();
    let replica = stage.host("idp", serve);
    stage.run(Duration::from_secs(120), move |env| {
        let (replica, bytes) = (replica.clone(), bytes.clone());
        async move {
            let received = exchange(&env, &replica, HTTP_PORT, &bytes).await;
            let (statuses, text) = (statuses(&received), received.escape_ascii());
            assert!(
                requests.is_none_or(|requests| statuses.len() == requests),
                "{statuses:?}: {text}"
            );
            assert!(
                statuses.iter().all(|status| *status < 500),
                "an error of its own, {statuses:?}: {text}"
            );
            assert!(received.is_empty() || received.starts_with(b"HTTP/1."), "{text}");
            let keys = exchange(&env, &replica, HTTP_PORT, b"GET /jwks HTTP/1.1\r\nhost: x\r\n\r\n").await;
            assert!(keys.starts_with(b"HTTP/1.1 200"), "{}", keys.escape_ascii());
        }
    });
}

/// The statuses of the answers, in order, up to the first answer of unknown length.
fn statuses(mut received: &[u8]) -> Vec<u16> {
    let mut statuses = Vec::new();
    while let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
        let status: Option<u16> = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        statuses.extend(status.filter(|_| head.starts_with("http/1.")));
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        match length.and_then(|length| length.parse::<usize>().ok()) {
            Some(length) if end + 4 + length <= received.len() => received = &received[end + 4 + length..],
            _ => break,
        }
    }
    statuses
}

/// Target: arbitrary bytes on an HTTP connection. No answer is a 5xx, and the next connection is served.
pub(super) fn http(input: &[u8]) {
    check_served(input.to_vec(), None);
}

/// Target: well-formed requests around four arbitrary lines, which are the query, the cookies, the credentials, and the
/// form (everything after the third line). The requests go to every route that reads any of these.
pub(super) fn form(input: &[u8]) {
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let [query, cookies, credentials, body] = [(); 4].map(|()| lines.next().unwrap_or_default());
    let sendable = |line: &[u8]| -> Vec<u8> {
        let visible = line
            .iter()
            .filter(|byte| **byte > b' ' && **byte != 0x7f || **byte == b' ');
        visible.copied().collect()
    };
    let query: String = query
        .iter()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~%&=+:/?@!$'()*,;".contains(byte) => {
                char::from(*byte).to_string()
            }
            other => format!("%{other:02x}"),
        })
        .collect();
    let headers = [
        &b"host: login.example\r\ncookie: "[..],
        &sendable(cookies),
        b"\r\nauthorization: ",
        &sendable(credentials),
        b"\r\n",
    ]
    .concat();
    let mut wire = Vec::new();
    let gets = [
        "/authorize",
        "/login",
        "/login/code",
        "/login/continue",
        "/",
        "/userinfo",
    ];
    let posts = ["/token", "/authorize", "/login/send", "/login/verify", "/logout"];
    for path in gets {
        wire.extend_from_slice(format!("GET {path}?{query} HTTP/1.1\r\n").as_bytes());
        wire.extend_from_slice(&headers);
        wire.extend_from_slice(b"\r\n");
    }
    for path in posts {
        wire.extend_from_slice(format!("POST {path} HTTP/1.1\r\n").as_bytes());
        wire.extend_from_slice(&headers);
        let kind = "content-type: application/x-www-form-urlencoded";
        wire.extend_from_slice(format!("{kind}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
        wire.extend_from_slice(body);
    }
    let (verifier, challenge) = (String::from_utf8_lossy(body), String::from_utf8_lossy(credentials));
    // RFC 7636 section 4.1: a verifier has 43 to 128 characters.
    let verified = pkce::verifies(&verifier, &challenge);
    assert!(!verified || (43..=128).contains(&verifier.len()));
    check_served(wire, Some(gets.len() + posts.len()));
}
