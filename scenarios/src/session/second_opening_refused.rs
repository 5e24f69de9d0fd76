//! Whoever opens a session that the same code has opened already is told that the code was used before (inventory 4).
//!
//! Seen in real systems: a double click, one half of which was judged late. The directory has the session, and the page says that
//! the code is wrong.

use crate::{
    planted::twist::{SessionTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    replica::Wiring,
    session::{Session, SessionOpening, SessionRepository},
};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "second_opening_refused",
    title: "the second half of a double click that waited in vain is told that its code was used before",
    covers: &[4],
    scenario: "twins_wait_in_vain",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            sessions: Arc::new(Twisted(OpensOnce(wiring.directory.sessions))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OpensOnce(Arc<dyn SessionRepository>);

#[async_trait]
impl SessionTwist for OpensOnce {
    fn inner(&self) -> &Arc<dyn SessionRepository> {
        &self.0
    }
    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        let opening = self.0.open_session(session, code_hash, until).await?;
        Ok(match opening {
            SessionOpening::AlreadyOpen => SessionOpening::CodeSpent,
            opening => opening,
        })
    }
}
