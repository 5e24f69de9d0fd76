//! The limits of an address hold for its owner as for anybody, in every browser (inventory 18, 24).
//!
//! Seen in this service: ten wrong codes every five minutes kept the owner out, and a hundred for good.

use crate::{
    planted::twist::{FailureTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{directory::Directory, limits::FailureRepository, replica::Wiring};
use seams::{Outcome, Timestamp};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "owner_is_a_stranger",
    title: "strangers who use up the limits of an address keep its owner out, also in a known browser",
    covers: &[18, 24],
    scenario: "strangers_at_the_door",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            failures: Arc::new(Twisted(KnowsNobody(wiring.directory.failures))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct KnowsNobody(Arc<dyn FailureRepository>);

#[async_trait]
impl FailureTwist for KnowsNobody {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.0
    }
    async fn is_known(&self, _: &str, _: &str, _: Timestamp, _: u64) -> Outcome<bool> {
        Ok(false)
    }
}
