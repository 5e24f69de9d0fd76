//! What the use cases of all modules need.

use crate::{
    analytics::{Analytics, LoginEvent},
    config::Config,
    hash::Pepper,
    store::AuthStateStore,
};
use seams::Env;
use std::sync::Arc;

/// What all modules share: the seams, the configuration, short-lived state, analytics and the pepper. Cheap to clone.
///
/// Repositories are not here: each module is given those that it needs.
#[derive(Clone)]
pub struct Service {
    /// The seams of this replica's host.
    pub env: Env,
    /// What the operator decided.
    pub config: Arc<Config>,
    /// Short-lived state.
    pub store: Arc<dyn AuthStateStore>,
    /// Outgoing login events.
    pub analytics: Arc<dyn Analytics>,
    /// Keys the hashes of what can be guessed.
    pub pepper: Pepper,
}

impl Service {
    /// Reports a login event to analytics.
    pub(crate) async fn report(&self, event: &'static str, client_id: &str, subject: Option<&str>) {
        let event = LoginEvent {
            event,
            client_id: client_id.to_owned(),
            subject: subject.map(str::to_owned),
            at_ms: self.env.now().millis(),
        };
        self.analytics.record(event).await;
    }

    /// 256 unpredictable bits as 43 URL-safe characters.
    pub(crate) fn random_token(&self) -> String {
        seams::random_token(&*self.env.entropy)
    }
}
