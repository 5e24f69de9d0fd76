//! A browser that logs in again gets a new cookie, and the session before it lives on until its time is over (inventory 8, 55).
//!
//! Seen in this service: whoever had a copy of the old cookie was signed in for twelve hours, and signing out ended the newest
//! session only.

use crate::{
    planted::twist::{SessionTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{directory::Directory, replica::Wiring, session::SessionRepository};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "old_session_lives_on",
    title: "a session lives on although its browser has logged in again",
    covers: &[8, 55],
    scenario: "logs_in_again",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(ReplacesNothing(wiring.directory.sessions))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct ReplacesNothing(Arc<dyn SessionRepository>);

#[async_trait]
impl SessionTwist for ReplacesNothing {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn end_replaced(&self, _: &str, _: Timestamp) -> Outcome<Vec<String>> {
        Ok(vec![])
    }
}
