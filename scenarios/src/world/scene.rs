//! What people, relying parties and attackers have in hand.

use super::{Inboxes, hosts};
use crate::{
    login::Login,
    oddities::{Odd, Pool},
    vocabulary::Recorder,
};
use seams::Env;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// What people, relying parties and attackers have in hand.
#[derive(Clone)]
pub struct Scene {
    /// The seams of their own host.
    pub env: Env,
    /// Where operations are recorded.
    pub recorder: Recorder,
    /// Where mails arrive.
    pub inboxes: Inboxes,
    /// The issuer identifier.
    pub issuer: String,
    /// Host and port of the balancer.
    pub balancer: (String, u16),
    /// Hosts and ports of the replicas, for those who can reach them past the balancer.
    pub replicas: Vec<(String, u16)>,
    /// The Redis nodes, for operators.
    pub redis: Vec<String>,
    /// The relying parties that the directory knows.
    pub clients: Vec<RelyingPartyOptions>,
    /// Seed of the run, for whatever the plan leaves open.
    pub seed: u64,
    /// Codes that relying parties have received.
    pub codes: CodeFeed,
    /// In which way whoever has this is odd.
    pub(crate) odd: Option<Arc<Odd>>,
    /// What anybody has sent.
    pub(crate) pool: Pool,
}

impl Scene {
    /// The same, for somebody odd.
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
            issuer: hosts::ISSUER.to_owned(),
            balancer: (hosts::BALANCER.to_owned(), hosts::BALANCER_PORT),
            replicas: replicas.map(|host| (host, hosts::REPLICA_PORT)).collect(),
            redis: scene.options.redis_hosts(),
            clients: scene.shared.clients,
            seed: scene.seed,
            codes: scene.shared.codes,
            odd: None,
            pool: scene.shared.pool,
        }
    }
}

/// A relying party, as registered in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingPartyOptions {
    /// `client_id`.
    pub client_id: String,
    /// Its secret, in the clear; `None` for a public client.
    pub secret: Option<String>,
    /// Its redirect URI.
    pub redirect_uri: String,
}

impl RelyingPartyOptions {
    /// The relying parties of the world: a public one and a confidential one.
    pub fn standard() -> Vec<RelyingPartyOptions> {
        vec![
            RelyingPartyOptions {
                client_id: "web".into(),
                secret: None,
                redirect_uri: "https://app.example/callback".into(),
            },
            RelyingPartyOptions {
                client_id: "grafana".into(),
                secret: Some("grafana-secret-for-simulation".into()),
                redirect_uri: "https://grafana.example/login/generic_oauth".into(),
            },
        ]
    }
}

/// An authorization code that a relying party has received, with all that binds it: what a thief
/// gets who reads logs and referers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCode {
    /// The code.
    pub code: String,
    /// The PKCE verifier.
    pub verifier: String,
    /// The relying party that it was issued to.
    pub client: RelyingPartyOptions,
    /// The person who logged in.
    pub who: String,
}

/// Every code that a relying party has received, in order. Shared by people and thieves; clones
/// share it.
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
    /// Lets everybody see a code.
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

    /// Waits for the code at this index, counted from 0 in the order of publication: to see every
    /// code, ask for 0, 1, 2, …
    pub async fn next(&self, after: usize) -> SeenCode {
        loop {
            let published = self.shared.published.notified(); // before the look: none is missed
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
