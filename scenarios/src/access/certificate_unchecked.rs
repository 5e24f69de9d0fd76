//! Whoever answers is believed to be whom the replica wanted, whatever certificate it presents (RFC 6125 section 6).
//!
//! Seen in real systems: the check was turned off because the certificate of a test system had expired, and nobody turned it
//! on again. There are so many that there is a paper on them (Georgiev et al., "The most dangerous code in the world", CCS 2012).

use super::starttls_optional::with_network;
use crate::vocabulary::PlantedBug;
use idp::{
    config::Config,
    mail::Outbox,
    replica::Wiring,
    store::{RedisStore, SentinelFinder},
};
use seams::{BoxFuture, Env, Listener, Network, Stream};
use sim::tls::{self, Check};
use std::{io, sync::Arc};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "certificate_unchecked",
    title: "whoever answers is believed, whatever certificate it presents",
    covers: &[56],
    scenario: "guarded_dependencies",
    detected_by: "NoSecretInClear",
    bug: |env, config, wiring| over(env, config, wiring, Arc::new(Credulous(env.network.clone()))),
};

/// The same parts, which reach what they depend on over another network.
fn over(env: &Env, config: &Config, wiring: Wiring, network: Arc<dyn Network>) -> Wiring {
    let env = with_network(env, network);
    let store = match SentinelFinder::of(&env, config) {
        Some(finder) => Arc::new(RedisStore::of(&env, config, Arc::new(finder))),
        None => wiring.store,
    };
    let mailer = match &config.mail_relay {
        Some(relay) => Arc::new(Outbox::new(env, config, relay.clone())),
        None => wiring.mailer,
    };
    Wiring {
        store,
        mailer,
        ..wiring
    }
}

struct Credulous(Arc<dyn Network>);

impl Network for Credulous {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.connect(host, port)
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(tls::connect(stream, name, Check::Nothing))
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.0.listen(port)
    }
}
