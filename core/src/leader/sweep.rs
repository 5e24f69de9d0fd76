//! Deleting what has expired, by the leader.

use super::{ExpiryRepository, Leadership};
use crate::stop::Stop;
use seams::Env;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(60);

/// Starts to sweep the directory whenever this replica leads.
pub fn sweep_directory(
    env: &Env,
    expired: Arc<dyn ExpiryRepository>,
    leadership: watch::Receiver<Option<Leadership>>,
    mut stop: Stop,
) {
    let env = env.clone();
    env.clone().spawn(async move {
        loop {
            seams::select! {
                () = stop.asked() => return,
                () = sleep(EVERY) => {}
            }
            let current = *leadership.borrow();
            let Some(current) = current.filter(|l| l.is_valid(&env)) else {
                continue;
            };
            match expired.sweep(current.epoch, env.now()).await {
                Ok(rows) => tracing::debug!(rows, "swept"),
                Err(failure) => tracing::warn!(cause = %failure, "the sweep has to wait"),
            }
        }
    });
}
