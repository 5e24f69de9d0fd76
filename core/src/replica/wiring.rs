//! The parts that a replica is made of.

use crate::{
    analytics::{Analytics, AnalyticsHook, NoAnalytics},
    config::Config,
    directory::Directory,
    keys::RsaKeyMaker,
    mail::{ConsoleMailer, Mailer, Outbox},
    store::{AuthStateStore, MemoryStore, RedisStore, SentinelFinder},
};
use seams::Env;
use std::sync::Arc;

/// The parts that a replica is made of. Each is a seam: the simulation may wrap one to observe it,
/// or to plant a mistake that the properties must find.
#[derive(Clone)]
pub struct Wiring {
    /// Short-lived state.
    pub store: Arc<dyn AuthStateStore>,
    /// What must not be lost.
    pub directory: Directory,
    /// Outgoing mail.
    pub mailer: Arc<dyn Mailer>,
    /// Outgoing login events.
    pub analytics: Arc<dyn Analytics>,
    /// What makes the RSA key of a directory that has none.
    pub rsa_keys: Arc<dyn RsaKeyMaker>,
}

impl Wiring {
    /// The parts that the configuration asks for; starts their workers. Nothing is connected yet.
    pub fn standard(
        env: &Env,
        config: &Config,
        directory: impl Into<Directory>,
        rsa_keys: Arc<dyn RsaKeyMaker>,
    ) -> Wiring {
        let store: Arc<dyn AuthStateStore> = match SentinelFinder::of(env, config) {
            Some(finder) => Arc::new(RedisStore::of(env, config, Arc::new(finder))),
            None => Arc::new(MemoryStore::new(env.clock.clone())),
        };
        let mailer: Arc<dyn Mailer> = match &config.mail_relay {
            Some(relay) => Arc::new(Outbox::new(env.clone(), config, relay.clone())),
            None => Arc::new(ConsoleMailer),
        };
        let analytics: Arc<dyn Analytics> = match &config.analytics_hook {
            Some(hook) => Arc::new(AnalyticsHook::start(env.clone(), config, hook.clone())),
            None => Arc::new(NoAnalytics),
        };
        Wiring {
            store,
            directory: directory.into(),
            mailer,
            analytics,
            rsa_keys,
        }
    }
}
