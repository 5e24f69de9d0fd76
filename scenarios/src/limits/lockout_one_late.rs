//! An address is locked one failure too late (inventory 18; SP 800-63B-4 section 3.2.2: *no more than* 100).
//!
//! Seen in real systems: `<=` where `<` was meant, the most common mistake at a limit.

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
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "lockout_one_late",
    title: "an address is locked after one wrong code more than the limit",
    covers: &[18],
    scenario: "guesser_across_failover",
    detected_by: "AttemptsLimited",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            failures: Arc::new(Twisted(OneLate(wiring.directory.failures))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OneLate(Arc<dyn FailureRepository>);

#[async_trait]
impl FailureTwist for OneLate {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.0
    }
    async fn count_attempt(&self, attempt: CountedAttempt) -> Outcome<Option<u64>> {
        let limit = attempt.limit + 1;
        self.0.count_attempt(CountedAttempt { limit, ..attempt }).await
    }
}
