//! A replica rejects every session that is older than its own process (inventory 61).
//!
//! Seen in real systems: timothepoznanski/poznote#1389, keycloak/keycloak#44821. After any restart of a replica,
//! everybody whom the balancer sends there is logged out.

use crate::{
    planted::twist::{SessionTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    replica::Wiring,
    session::{Session, SessionRepository},
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "sessions_of_this_process",
    title: "a replica that was restarted knows no older session",
    covers: &[61],
    scenario: "session_survives",
    detected_by: "SessionsSurvive",
    bug: |env, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(SinceBoot {
                sessions: wiring.directory.sessions,
                booted: env.now(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct SinceBoot {
    sessions: Arc<dyn SessionRepository>,
    booted: Timestamp,
}

#[async_trait]
impl SessionTwist for SinceBoot {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.sessions
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        let session = self.sessions.session(id_hash, now).await?;
        Ok(session.filter(|session| session.authenticated_at >= self.booted))
    }
}
