//! Each look at health that finds something wrong is logged, not each change of what is wrong (inventory 26).
//!
//! Seen in real systems: an outage of an hour fills the log with one line a second from every replica, and the line that
//! says what began it is rotated away.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{replica::Wiring, store::DirectoryProbe};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "every_try_logged",
    title: "what is wrong is logged at each look",
    covers: &[26],
    scenario: "calls_fail",
    detected_by: "LogAsDocumented",
    bug: |_, _, mut wiring: Wiring| {
        wiring.directory.probe = Arc::new(Chatters(wiring.directory.probe));
        wiring
    },
};

struct Chatters(Arc<dyn DirectoryProbe>);

#[async_trait]
impl DirectoryProbe for Chatters {
    async fn probe(&self) -> Outcome<()> {
        let found = self.0.probe().await;
        if let Err(failure) = &found {
            let reasons = format!("directory: {}", failure.cause());
            tracing::warn!(%reasons, ready = true, "something is wrong");
        }
        found
    }
}
