//! The count of failures in a row is read, and raised later (inventory 18; SP 800-63B-4 section 3.2.2: *no more than* 100).
//!
//! Seen in this service: between the two was a question to Redis, and ten guesses at once ended at 101 to 104.

use crate::{
    planted::twist::{FailureTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    limits::{CountedAttempt, FailureRepository},
    replica::Wiring,
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "judged_before_counted",
    title: "failures in a row are read first and counted later, so that guesses at the same moment are all admitted",
    covers: &[18],
    scenario: "failures_in_a_row",
    detected_by: "AttemptsLimited",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            failures: Arc::new(Twisted(ReadsFirst(wiring.directory.failures))),
            ..wiring.directory
        },
        ..wiring
    },
};

/// A question to Redis.
const MEANWHILE: Duration = Duration::from_millis(20);

struct ReadsFirst(Arc<dyn FailureRepository>);

#[async_trait]
impl FailureTwist for ReadsFirst {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.0
    }
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        if attempt.known.is_none() && self.0.failures(&attempt.address).await? >= attempt.limit {
            return Ok(None);
        }
        sleep(MEANWHILE).await;
        let limit = u64::MAX;
        self.0.count_attempt(CountedAttempt { limit, ..attempt }).await
    }
}
