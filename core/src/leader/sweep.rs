//! Deleting what has expired, by the leader.
//!
//! What has expired is a matter of clocks. A leader whose clock is far ahead would delete the sessions of everybody who is
//! logged in, so it compares its clock with the store's first, which is one for all replicas.

use super::{ExpiryRepository, Leadership};
use crate::{config::Config, stop::Stop, store::AuthStateStore};
use seams::{Cause, Env, Failure, Outcome};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(60);

/// Starts to sweep the directory whenever this replica leads.
pub fn sweep_directory(
    env: &Env,
    config: &Config,
    store: Arc<dyn AuthStateStore>,
    expired: Arc<dyn ExpiryRepository>,
    leadership: watch::Receiver<Option<Leadership>>,
    mut stop: Stop,
) {
    let (env, slack) = (env.clone(), config.ttl.clock_slack);
    env.clone().spawn_vital("sweeps", async move {
        loop {
            seams::select! {
                () = stop.asked() => return,
                () = sleep(EVERY) => {}
            }
            let current = *leadership.borrow();
            let Some(current) = current.filter(|l| l.is_valid(&env)) else {
                continue;
            };
            let swept = async {
                compare_clocks(&env, &*store, slack).await?;
                expired.sweep(current.epoch, env.now()).await
            };
            match swept.await {
                Ok(rows) => tracing::debug!(rows, "swept"),
                Err(failure) => tracing::warn!(cause = %failure, "the sweep has to wait"),
            }
        }
    });
}

/// Whether this clock and the store's differ by no more than clocks may.
///
/// # Errors
/// `Fail` if they do; what the store answers if it does not say what time it is.
async fn compare_clocks(env: &Env, store: &dyn AuthStateStore, slack: Duration) -> Outcome<()> {
    let asked = env.now();
    let theirs = store.time().await?;
    // It looked at its clock while we waited.
    let ahead_ms = asked.millis().cast_signed() - theirs.millis().cast_signed();
    let behind_ms = theirs.millis().cast_signed() - env.now().millis().cast_signed();
    let slack_ms = slack.as_millis() as i64;
    if ahead_ms > slack_ms || behind_ms > slack_ms {
        env.mark("the clocks disagree");
        let ahead_ms = if ahead_ms > slack_ms { ahead_ms } else { -behind_ms };
        return Err(Failure::Fail(Cause::ClockApart { ahead_ms }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, testing::Fixture};

    #[tokio::test]
    async fn clocks_may_differ_by_the_slack_and_no_more() {
        let (ours, theirs) = (Fixture::new(), Fixture::new());
        let (env, store) = (ours.env("idp-a"), MemoryStore::new(theirs.clock.clone()));
        let slack = Duration::from_secs(300);
        let compared = || compare_clocks(&env, &store, slack);
        let apart = |ahead_ms| Err(Failure::Fail(Cause::ClockApart { ahead_ms }));
        assert_eq!(compared().await, Ok(()));
        ours.clock.pass(300_000);
        assert_eq!(compared().await, Ok(()));
        ours.clock.pass(1);
        assert_eq!(compared().await, apart(300_001));
        theirs.clock.pass(600_001);
        assert_eq!(compared().await, Ok(()));
        theirs.clock.pass(1);
        assert_eq!(compared().await, apart(-300_001));
        let Err(failure) = compared().await else { unreachable!() };
        assert_eq!(failure.to_string(), "not done: this clock is 300 s behind Redis's");
    }
}
