//! Whether this replica can do the leader's jobs.
//!
//! A leader whose mails do not reach the relay, while those of another replica would, keeps everybody from being reminded for
//! as long as it renews its lease, and nothing else is wrong with it. So it lets another one lead after a while, and comes back
//! when that one has had its chance. If the relay is out of everybody's reach, they take turns.

use seams::{Cause, Clock};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long this replica's jobs have been failing for a reason that may be its own.
pub struct Fitness {
    clock: Arc<dyn Clock>,
    failing_since: Mutex<Option<Duration>>,
}

impl Fitness {
    /// Fit until it fails.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Fitness> {
        Arc::new(Fitness {
            clock,
            failing_since: Mutex::default(),
        })
    }

    /// A job was done.
    pub(super) fn worked(&self) {
        self.set(None);
    }

    /// A job that began at this time, on the monotonic clock, was not done. What the other side says itself it would say to
    /// everybody; that it is out of reach may be true here alone.
    pub(super) fn failed(&self, began: Duration, cause: &Cause) {
        let may_be_ours = matches!(
            cause,
            Cause::Unreachable(_) | Cause::Deadline { .. } | Cause::ConnectionLost(_) | Cause::Replaced
        );
        if may_be_ours {
            let mut since = self.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
            since.get_or_insert(began);
        }
    }

    /// Whether nothing has been done for so long.
    pub(super) fn is_unfit_for(&self, tolerance: Duration) -> bool {
        let since = *self.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| self.clock.monotonic().saturating_sub(since) >= tolerance)
    }

    fn set(&self, since: Option<Duration>) {
        *self.failing_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Fixture;

    #[test]
    fn a_replica_is_unfit_once_it_has_failed_for_a_while_for_a_reason_of_its_own() {
        let fixture = Fixture::new();
        let fitness = Fitness::new(fixture.clock.clone());
        let lease = Duration::from_secs(10);
        let unreachable = || Cause::Unreachable("mail".into());
        let now = || fixture.clock.monotonic();
        fitness.failed(now(), &Cause::Refused("452 mailbox full".into()));
        fixture.clock.pass(20_000);
        assert!(!fitness.is_unfit_for(lease), "the relay refuses everybody's");
        fitness.failed(now(), &unreachable());
        fixture.clock.pass(9_999);
        fitness.failed(now(), &unreachable());
        assert!(!fitness.is_unfit_for(lease));
        fixture.clock.pass(1);
        assert!(fitness.is_unfit_for(lease), "since the first failure");
        fitness.worked();
        assert!(!fitness.is_unfit_for(lease));
    }
}
