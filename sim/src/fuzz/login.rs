//! The login service's own readers: what Redis and Sentinels answer it, and what anybody sends it over HTTP.

use super::stage::{Stage, answer, say};
use async_trait::async_trait;
use idp::{
    clients::{Client, ClientSecret},
    config::{Config, Deadlines, StateConfig},
    http::server::serve_connections,
    mail::{Mail, Mailer},
    redemption::{CODE, pkce},
    replica::{self as surface, Wiring},
    store::{AuthStateStore, Key, MasterFinder, RedisStore, SentinelFinder, SqliteDirectory},
    users::User,
};
use seams::{Env, Failure, Outcome};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

const SENTINEL_PORT: u16 = 26379;
const REDIS_PORT: u16 = 6379;
const HTTP_PORT: u16 = 8080;
const ISSUER: &str = "https://login.example";
/// What rounding and the network add to a deadline.
const SLACK: Duration = Duration::from_millis(200);

fn deadlines() -> Deadlines {
    Config::new("idp-a", ISSUER, StateConfig::Memory).deadlines
}

/// Always the same master.
struct Named(&'static str);

#[async_trait]
impl MasterFinder for Named {
    async fn find(&self) -> Outcome<(String, u16)> {
        Ok((self.0.to_owned(), REDIS_PORT))
    }
}

/// A Redis that answers anything, from the first word on or after it has said truly that it is a master: every call ends
/// within its deadline, and what was asked for is not denied to have happened, unless an error reply denies it.
pub(super) fn redis(input: &[u8]) {
    let mut stage = Stage::new();
    for (host, honest) in [("honest", true), ("liar", false)] {
        let input = input.to_vec();
        stage.host(host, move |env| {
            let input = input.clone();
            answer(env, REDIS_PORT, move |args| match args[0].as_ref() {
                b"ROLE" if honest => b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n".to_vec(),
                b"CLIENT" | b"HELLO" if honest => b"+OK\r\n".to_vec(),
                _ => input.clone(),
            })
        });
    }
    let denies = input.contains(&b'-') || input.contains(&b'!');
    stage.perform(Duration::from_secs(120), move |env| async move {
        for host in ["honest", "liar"] {
            let store = RedisStore::new(env.clone(), Arc::new(Named(host)), deadlines());
            let (key, minute) = (Key::new(CODE, "k"), Duration::from_secs(60));
            let began = env.clock.monotonic();
            let failed = [
                store.take(&key).await.err(),
                store.count(&key, minute).await.err(),
                store.put(&key, b"v", minute).await.err(),
            ];
            let calls = failed.len() as u32;
            let took = env.clock.monotonic() - began;
            assert!(took <= calls * deadlines().store + SLACK, "{took:?} for {calls} calls");
            let known = failed
                .into_iter()
                .flatten()
                .find(|failure| matches!(failure, Failure::Fail(_)));
            assert!(host == "liar" || denies || known.is_none(), "{known:?}");
        }
    });
}

/// Sentinels that answer anything: the search ends, and nobody without a name or a port is found.
pub(super) fn sentinel(input: &[u8]) {
    const HOSTS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];
    let mut stage = Stage::new();
    for host in HOSTS {
        let input = input.to_vec();
        stage.host(host, move |env| {
            let input = input.clone();
            answer(env, SENTINEL_PORT, move |_| input.clone())
        });
    }
    stage.perform(Duration::from_secs(60), |env| async move {
        let sentinels = HOSTS.map(|host| (host.to_owned(), SENTINEL_PORT)).to_vec();
        let finder = SentinelFinder::new(env.clone(), sentinels, "auth".into(), deadlines());
        let began = env.clock.monotonic();
        let found = finder.find().await;
        let took = env.clock.monotonic() - began;
        assert!(took <= HOSTS.len() as u32 * deadlines().connect + SLACK, "{took:?}");
        if let Ok((host, port)) = found {
            assert!(!host.is_empty() && port > 0, "{host:?}:{port}");
        }
    });
}

/// Takes mails, and sends none.
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

/// A replica with its state in memory, for as long as its host lives.
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
    };
    let user = User {
        id: "user-ann".into(),
        address: "ann@example.com".into(),
        name: "Ann".into(),
    };
    directory.add_client(&client).await.expect("a client");
    directory.add_user(&user).await.expect("a user");
    let wiring = Wiring {
        mailer: Arc::new(NoMail),
        ..Wiring::standard(&env, &config, Arc::new(directory))
    };
    let app = surface::App::load(env.clone(), config, wiring).await;
    let router = surface::router(app.expect("the directory answers"));
    let listener = env.network.listen(HTTP_PORT).await.expect("the port is free");
    let (_never, stop) = watch::channel(false);
    serve_connections(env, listener, router, stop).await;
}

/// What comes back for these bytes, to so many requests if that is known; then the replica still serves.
fn served(bytes: Vec<u8>, requests: Option<usize>) {
    let mut stage = Stage::new();
    let replica = stage.host("idp", serve);
    stage.perform(Duration::from_secs(120), move |env| {
        let (replica, bytes) = (replica.clone(), bytes.clone());
        async move {
            let said = say(&env, &replica, HTTP_PORT, &bytes).await;
            let (statuses, text) = (statuses(&said), said.escape_ascii());
            assert!(
                requests.is_none_or(|requests| statuses.len() == requests),
                "{statuses:?}: {text}"
            );
            assert!(
                statuses.iter().all(|status| *status < 500),
                "its own fault, {statuses:?}: {text}"
            );
            assert!(
                said.is_empty() || said.starts_with(b"HTTP/1."),
                "{}",
                said.escape_ascii()
            );
            let keys = say(&env, &replica, HTTP_PORT, b"GET /jwks HTTP/1.1\r\nhost: x\r\n\r\n").await;
            assert!(keys.starts_with(b"HTTP/1.1 200"), "{}", keys.escape_ascii());
        }
    });
}

/// The statuses of the answers, one after the other; of none that follows one of unknown length.
fn statuses(mut said: &[u8]) -> Vec<u16> {
    let mut statuses = Vec::new();
    while let Some(end) = said.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&said[..end]).to_ascii_lowercase();
        let status: Option<u16> = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        statuses.extend(status.filter(|_| head.starts_with("http/1.")));
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        match length.and_then(|length| length.parse::<usize>().ok()) {
            Some(length) if end + 4 + length <= said.len() => said = &said[end + 4 + length..],
            _ => break,
        }
    }
    statuses
}

/// Anything on a connection for HTTP: whatever comes, it is not the service's own fault, and the next one is served.
pub(super) fn http(input: &[u8]) {
    served(input.to_vec(), None);
}

/// Requests as they should be, around four lines that are not: the query, the cookies, the credentials and the form (all
/// the rest). They go to every route that reads any of these.
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
    served(wire, Some(gets.len() + posts.len()));
}
