//! A replica knows no session that is older than its own process (inventory 61).
//!
//! Seen in the world: timothepoznanski/poznote#1389, keycloak/keycloak#44821. A restart, for whatever reason, logs out
//! everybody whom the balancer sends there.

use crate::{
    planted::twist::{DirectoryTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    replica::Wiring,
    seams::{Directory, Outcome, Session, Timestamp},
};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "sessions_of_this_process",
    title: "a replica that was restarted knows no older session",
    covers: &[61],
    scenario: "session_survives",
    detected_by: "SessionsSurvive",
    bug: |env, _, wiring| Wiring {
        directory: Arc::new(Twisted(SinceBoot {
            directory: wiring.directory,
            booted: env.now(),
        })),
        ..wiring
    },
};

struct SinceBoot {
    directory: Arc<dyn Directory>,
    booted: Timestamp,
}

#[async_trait]
impl DirectoryTwist for SinceBoot {
    fn inner(&self) -> &Arc<dyn Directory> {
        &self.directory
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        let session = self.directory.session(id_hash, now).await?;
        Ok(session.filter(|session| session.authenticated_at >= self.booted))
    }
}
