//! Deleting what has expired, by the leader.
//!
//! What has expired is judged by the time that is one for all replicas. A leader whose clock is far ahead would otherwise delete the
//! sessions of everybody who is logged in.

use super::{ExpiryRepository, Leadership};
use crate::{clocks::Clocks, stop::Stop};
use seams::Env;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(60);

/// Starts to sweep the directory whenever this replica leads.
pub fn sweep_directory(
    env: &Env,
    clocks: Arc<Clocks>,
    expired: Arc<dyn ExpiryRepository>,
    leadership: watch::Receiver<Option<Leadership>>,
    mut stop: Stop,
) {
    let env = env.clone();
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
                // It may have been found wrong since the lease was renewed.
                let now = clocks.agreed()?;
                expired.sweep(current.epoch, now).await
            };
            match swept.await {
                Ok(rows) => tracing::debug!(rows, "swept"),
                Err(failure) => tracing::warn!(cause = %failure, "the sweep has to wait"),
            }
        }
    });
}
