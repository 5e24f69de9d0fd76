//! The part of the world that people, relying parties and attackers can reach.

use super::{Inboxes, access, hosts};
use crate::{
    login::{ClientsTold, Login},
    oddities::{Odd, Pool},
    vocabulary::Recorder,
};
use idp::config::RedisAccess;
use seams::Env;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

/// The part of the world that a person, a relying party or an attacker can reach.
#[derive(Clone)]
pub struct Scene {
    /// The seams of their own host.
    pub env: Env,
    /// Where operations are recorded.
    pub recorder: Recorder,
    /// People's inboxes.
    pub inboxes: Inboxes,
    /// The issuer identifier.
    pub issuer: String,
    /// Host and port of the balancer.
    pub balancer: (String, u16),
    /// Hosts and ports of the replicas, for those who can connect past the balancer.
    pub replicas: Vec<(String, u16)>,
    /// The Redis nodes, for operators.
    pub redis: Vec<String>,
    /// How operators get in there.
    pub(crate) redis_access: RedisAccess,
    /// The relying parties that the directory knows.
    pub clients: Vec<RelyingPartyOptions>,
    /// Seed of the run, for choices that the plan leaves open.
    pub seed: u64,
    /// Codes that relying parties have received.
    pub codes: CodeFeed,
    /// Where the database is that all replicas open, for operators.
    pub directory: String,
    /// The oddity of the person or attacker, if they have one.
    pub(crate) odd: Option<Arc<Odd>>,
    /// How the replicas learn where somebody is.
    pub(crate) told: ClientsTold,
    /// Everything that anybody has sent.
    pub(crate) pool: Pool,
    /// How long everybody waits before each request. Where time is real and is told in whole milliseconds, an answer and what
    /// is sent because of it must not be in the same one; in the simulation every message takes a while.
    pub(crate) pause: Duration,
}

impl Scene {
    /// The same scene for somebody with this oddity.
    pub(crate) fn as_odd(&self, odd: Odd) -> Scene {
        Scene {
            odd: Some(Arc::new(odd)),
            ..self.clone()
        }
    }
}

impl From<sim::world::Scene<Login>> for Scene {
    fn from(scene: sim::world::Scene<Login>) -> Scene {
        let replicas = scene.options.replica_hosts().into_iter();
        Scene {
            env: scene.env,
            recorder: scene.recorder,
            inboxes: scene.shared.inboxes,
            issuer: scene.options.issuer().to_owned(),
            balancer: (hosts::BALANCER.to_owned(), hosts::BALANCER_PORT),
            replicas: replicas.map(|host| (host, hosts::REPLICA_PORT)).collect(),
            redis: scene.options.redis_hosts(),
            redis_access: access::of_operators(&scene.options),
            clients: scene.shared.clients,
            seed: scene.seed,
            codes: scene.shared.codes,
            directory: scene.shared.directory.location().to_owned(),
            odd: None,
            told: scene.options.clients_told,
            pool: scene.shared.pool,
            pause: Duration::ZERO,
        }
    }
}

/// A relying party, as registered in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingPartyOptions {
    /// `client_id`.
    pub client_id: String,
    /// Its secret in clear; `None` for a public client.
    pub secret: Option<String>,
    /// Its redirect URI.
    pub redirect_uri: String,
    /// The algorithm that signs its ID tokens. It takes no other: its library checks what it was configured for.
    pub id_token_alg: &'static str,
}

/// Redirect URIs of native applications, as registered: the port is theirs to choose (RFC 8252 section 7.3), but for the last
/// one, which is of another machine. A query is kept (RFC 6749 section 3.1.2), also an empty one.
const NATIVE: [&str; 5] = [
    "http://127.0.0.1/callback",
    "http://[::1]/callback",
    "http://127.0.0.1/asked?by=cli",
    "http://127.0.0.1/asked?",
    "http://intranet.example/callback",
];

impl RelyingPartyOptions {
    /// An application on a person's own computer, which listens there.
    pub fn native(redirect_uri: &str) -> RelyingPartyOptions {
        RelyingPartyOptions {
            client_id: "cli".into(),
            secret: None,
            redirect_uri: redirect_uri.to_owned(),
            id_token_alg: "ES256",
        }
    }

    /// All relying parties that are registered, each with its redirect URIs.
    pub fn registered() -> Vec<(RelyingPartyOptions, Vec<String>)> {
        let standard = RelyingPartyOptions::standard().into_iter();
        let mut registered: Vec<_> = standard
            .map(|client| (client.clone(), vec![client.redirect_uri]))
            .collect();
        registered.push((RelyingPartyOptions::native(NATIVE[0]), NATIVE.map(str::to_owned).into()));
        registered
    }

    /// Where a client may send people after it has signed them out, as registered.
    pub fn farewells(client_id: &str) -> Vec<String> {
        match client_id {
            "web" => vec![
                "https://app.example/bye".into(),
                "https://app.example/bye?from=idp".into(),
            ],
            "grafana" => vec!["https://grafana.example/logout".into()],
            _ => vec![],
        }
    }

    /// The relying parties of the world: a public one and a confidential one.
    pub fn standard() -> Vec<RelyingPartyOptions> {
        vec![
            RelyingPartyOptions {
                client_id: "web".into(),
                secret: None,
                redirect_uri: "https://app.example/callback".into(),
                id_token_alg: "ES256",
            },
            RelyingPartyOptions {
                client_id: "grafana".into(),
                secret: Some("grafana-secret-for-simulation&a=b+c %41:d".into()),
                redirect_uri: "https://grafana.example/login/generic_oauth".into(),
                id_token_alg: "RS256",
            },
        ]
    }
}

/// An authorization code that a relying party has received, with everything that binds it: what a thief finds in logs
/// and referers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCode {
    /// The code.
    pub code: String,
    /// The PKCE verifier; `None`: the relying party uses no PKCE.
    pub verifier: Option<String>,
    /// The relying party that it was issued to.
    pub client: RelyingPartyOptions,
    /// The person who logged in.
    pub who: String,
    /// The access token that was issued for it, if it was redeemed.
    pub access_token: Option<String>,
}

/// All codes that relying parties have received, in order. People and thieves share it, and so do clones.
#[derive(Clone, Default)]
pub struct CodeFeed {
    shared: Arc<Feed>,
}

#[derive(Default)]
struct Feed {
    codes: Mutex<Vec<SeenCode>>,
    published: Notify, // wakes in the order of waiting
}

impl CodeFeed {
    /// Makes a code visible to thieves.
    pub fn publish(&self, code: SeenCode) {
        let mut codes = self.shared.codes.lock().expect("nobody panics while holding the feed");
        codes.push(code);
        drop(codes);
        self.shared.published.notify_waiters();
    }

    /// How many codes have been published.
    pub fn count(&self) -> usize {
        self.shared
            .codes
            .lock()
            .expect("nobody panics while holding the feed")
            .len()
    }

    /// Waits for the code at this index, counted from 0 in the order of publication. To see every code, ask for 0, 1,
    /// 2, …
    pub async fn next(&self, after: usize) -> SeenCode {
        loop {
            let published = self.shared.published.notified(); // before the check, so that no code is missed
            let found = {
                let codes = self.shared.codes.lock().expect("nobody panics while holding the feed");
                codes.get(after).cloned()
            };
            if let Some(code) = found {
                return code;
            }
            published.await;
        }
    }
}
