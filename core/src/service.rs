//! What the use cases of all modules need.

use crate::{
    analytics::{Analytics, LoginEvent},
    clocks::Clocks,
    config::Config,
    hash::Pepper,
    store::AuthStateStore,
};
use seams::{Env, Timestamp};
use std::sync::Arc;

/// What all modules share: the seams, the configuration, short-lived state, analytics and the pepper. Cheap to clone.
///
/// Repositories are not here: each module is given those that it needs.
#[derive(Clone)]
pub struct Service {
    /// The seams of this replica's host. For what time it is see [`Service::now`].
    pub env: Env,
    /// What time it is for all replicas.
    pub clocks: Arc<Clocks>,
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
    /// What time it is for all replicas: for whatever one of them dates and another one judges.
    pub fn now(&self) -> Timestamp {
        self.clocks.now()
    }

    /// Reports a login event to analytics.
    pub(crate) async fn report(&self, event: &'static str, client_id: &str, subject: Option<&str>) {
        let event = LoginEvent {
            event,
            client_id: client_id.to_owned(),
            subject: subject.map(str::to_owned),
            at_ms: self.now().millis(),
        };
        self.analytics.record(event).await;
    }

    /// 256 unpredictable bits as 43 URL-safe characters.
    pub(crate) fn random_token(&self) -> String {
        seams::random_token(&*self.env.entropy)
    }
}
