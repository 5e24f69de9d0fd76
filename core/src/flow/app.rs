//! What every use case needs.

use crate::{
    analytics::{Analytics, LoginEvent},
    config::Config,
    directory::Directory,
    mail::Mailer,
    model::{hash::Pepper, id_token::IdTokenKey},
    replica::Wiring,
    store::AuthStateStore,
};
use seams::{Cause, Env, Failure, Outcome};
use std::sync::Arc;

/// The login service of one replica: its seams, its parts and its keys.
pub struct App {
    pub(crate) env: Env,
    pub(crate) config: Arc<Config>,
    wiring: Wiring,
    pub(crate) pepper: Pepper,
    /// Newest first. All are published; the newest signs.
    keys: Vec<IdTokenKey>,
}

impl App {
    /// Loads what the replicas share from the directory, and makes it if they are the first.
    ///
    /// # Errors
    /// The directory does not answer, or a key in it cannot be read: worth another try, for nothing
    /// was changed but what the next try finds.
    pub async fn load(env: Env, config: Arc<Config>, wiring: Wiring) -> Outcome<Arc<App>> {
        let mut candidate = [0; 32];
        env.entropy.fill(&mut candidate);
        let pepper = Pepper::new(wiring.directory.keys.ensure_pepper(candidate).await?);
        let mut records = wiring.directory.keys.signing_keys().await?;
        let unreadable = |e: crate::model::id_token::UnreadableKey| Failure::Fail(Cause::Storage(e.to_string()));
        if records.is_empty() {
            let draw = || {
                let mut bytes = [0; 32];
                env.entropy.fill(&mut bytes);
                bytes
            };
            let candidate = IdTokenKey::generate(draw, env.now()).map_err(unreadable)?;
            // Whoever comes second gets the key of whoever came first.
            records = wiring.directory.keys.ensure_signing_key(candidate).await?;
        }
        let keys: Vec<IdTokenKey> = records
            .iter()
            .map(IdTokenKey::read)
            .collect::<Result<_, _>>()
            .map_err(unreadable)?;
        if keys.is_empty() {
            return Err(Failure::Fail(Cause::Storage(
                "the directory keeps no signing key".into(),
            )));
        }
        Ok(Arc::new(App {
            env,
            config,
            wiring,
            pepper,
            keys,
        }))
    }

    pub(crate) fn store(&self) -> &dyn AuthStateStore {
        &*self.wiring.store
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.wiring.directory
    }

    pub(crate) fn mailer(&self) -> &dyn Mailer {
        &*self.wiring.mailer
    }

    pub(crate) fn analytics(&self) -> &dyn Analytics {
        &*self.wiring.analytics
    }

    pub(crate) fn signing_key(&self) -> &IdTokenKey {
        &self.keys[0] // never empty: see `load`
    }

    pub(crate) fn keys(&self) -> &[IdTokenKey] {
        &self.keys
    }

    pub(crate) async fn tell(&self, event: &'static str, client_id: &str, subject: Option<&str>) {
        let event = LoginEvent {
            event,
            client_id: client_id.to_owned(),
            subject: subject.map(str::to_owned),
            at_ms: self.env.now().millis(),
        };
        self.analytics().record(event).await;
    }

    pub(crate) fn random_token(&self) -> String {
        seams::random_token(&*self.env.entropy)
    }
}
