//! Who runs the background jobs.
//!
//! The lease in Redis only saves work: a failover of Redis may grant it twice (measured on Redis
//! 7.0.15: two leaders for 15.5 s). What keeps a second leader harmless is the epoch in the
//! directory, which every effect carries (inventory 29). No lease, no jobs (inventory 30).
//!
//! What is due, and what has expired, is a matter of clocks. Whoever's clock is too far from that of Redis does not lead: it would
//! send reminders early or late, and delete the sessions of everybody who is logged in.

use super::{EpochRepository, Fitness, LEASE, LeaderEpoch};
use crate::{
    clocks::Clocks,
    config::Config,
    stop::Stop,
    store::{AuthStateStore, Key},
};
use seams::{Env, Failure, random_token};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

/// The right to act as the leader, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leadership {
    /// What every effect carries.
    pub epoch: LeaderEpoch,
    /// End of the lease on this host's monotonic clock, counted from before it was asked for, so
    /// never later than Redis's own end.
    pub valid_until: Duration,
}

impl Leadership {
    /// Whether the lease is still valid. Asked before each effect, because the process may have been paused
    /// since the last one.
    pub fn is_valid(&self, env: &Env) -> bool {
        env.clock.monotonic() < self.valid_until
    }
}

/// Starts to acquire and to renew the lease. The channel holds the leadership while there is one;
/// its reader also asks [`Leadership::is_valid`]. If the replica stops, the lease is given back, and so it is if its jobs say
/// that they cannot be done here, or if its clock is too far from the store's.
pub fn seek_leadership(
    env: &Env,
    config: &Config,
    store: Arc<dyn AuthStateStore>,
    epochs: Arc<dyn EpochRepository>,
    (fitness, clocks): (Arc<Fitness>, Arc<Clocks>),
    stop: Stop,
) -> watch::Receiver<Option<Leadership>> {
    let (announce, leadership) = watch::channel(None);
    let candidate = Candidate {
        env: env.clone(),
        store,
        epochs,
        fitness,
        clocks,
        lease: config.leader.lease,
        renew_every: config.leader.renew_every,
        key: Key::new(LEASE, "jobs"),
        // Of this process, not of this host: after a restart the old lease belongs to another holder.
        holder: format!("{}:{}", config.replica, random_token(&*env.entropy)),
        announce,
    };
    env.spawn_vital("lease", candidate.run(stop));
    leadership
}

struct Candidate {
    env: Env,
    store: Arc<dyn AuthStateStore>,
    epochs: Arc<dyn EpochRepository>,
    fitness: Arc<Fitness>,
    clocks: Arc<Clocks>,
    lease: Duration,
    renew_every: Duration,
    key: Key,
    holder: String,
    announce: watch::Sender<Option<Leadership>>,
}

impl Candidate {
    async fn run(self, mut stop: Stop) {
        seams::select! {
            () = stop.asked() => {}
            () = self.seek() => {} // it never ends
        }
        self.give_back().await;
    }

    /// Lets the next one lead at once. Nobody here acts as the leader any more: what is still under way carries its epoch.
    async fn give_back(&self) {
        let led = *self.announce.borrow();
        if let Some(Leadership { epoch, .. }) = led {
            self.announce.send_replace(None);
            self.env.mark("lease lost");
            tracing::info!(epoch = epoch.0, why = "the replica stops", "no longer leading");
        }
        // Even if this replica does not lead, it may have been given the lease in this moment.
        match self.store.release(&self.key, self.holder.as_bytes()).await {
            Ok(true) => self.env.mark("lease given back"),
            Ok(false) => {}
            Err(failure) => tracing::warn!(cause = %failure, "the lease could not be given back; it expires"),
        }
    }

    async fn seek(&self) {
        self.clocks.known().await;
        // Whether the lease may be ours although its grant was not acknowledged.
        let mut may_be_ours = false;
        loop {
            if self.clocks.apart().is_some() {
                if may_be_ours {
                    self.release().await;
                    may_be_ours = false;
                }
                sleep(self.renew_every).await;
                continue;
            }
            let asked_at = self.env.clock.monotonic();
            let acquired = match self.acquire().await {
                Ok(false) if may_be_ours => self.renew().await,
                result => result,
            };
            match acquired {
                Ok(true) => {
                    self.lead(asked_at + self.lease).await;
                    may_be_ours = true;
                }
                Ok(false) => may_be_ours = false,
                Err(failure) => {
                    may_be_ours |= failure.is_unknown();
                    tracing::warn!(cause = %failure, "the lease cannot be asked for; no background jobs here");
                }
            }
            sleep(self.renew_every).await;
        }
    }

    async fn acquire(&self) -> Result<bool, Failure> {
        self.store
            .put_if_absent(&self.key, self.holder.as_bytes(), self.lease)
            .await
    }

    async fn renew(&self) -> Result<bool, Failure> {
        self.store.renew(&self.key, self.holder.as_bytes(), self.lease).await
    }

    /// Leads until the lease is lost.
    async fn lead(&self, mut valid_until: Duration) {
        let epoch = match self.epochs.begin_epoch(&self.holder).await {
            Ok(epoch) => epoch,
            Err(failure) => {
                tracing::warn!(cause = %failure, "no epoch, so no leadership; giving the lease back");
                return self.release().await;
            }
        };
        tracing::info!(epoch = epoch.0, "leading");
        self.env.mark("leader elected");
        self.announce.send_replace(Some(Leadership { epoch, valid_until }));
        loop {
            let left = valid_until.saturating_sub(self.env.clock.monotonic());
            sleep(self.renew_every.min(left)).await;
            let asked_at = self.env.clock.monotonic();
            if asked_at >= valid_until {
                break self.step_down(epoch, "the lease ran out");
            }
            if self.clocks.apart().is_some() {
                self.step_down(epoch, "its clock is too far from Redis's; another replica may lead");
                self.env.mark("a leader whose clock is wrong gave way");
                break self.release().await;
            }
            // A renewal must not outlive the lease: after that moment the channel is wrong.
            let renewal = tokio::time::timeout(valid_until - asked_at, self.renew()).await;
            match renewal {
                Ok(Ok(true)) => {
                    valid_until = asked_at + self.lease;
                    // An old master that has not been demoted yet may have granted the lease to another replica,
                    // whose newer epoch fences ours permanently, although the lease that counts is ours:
                    // 1. A leads on the old master, which is paused; 2. B leads on the new one, epoch 3;
                    // 3. both wake, A's lease has run out and the old master grants it anew, epoch 4;
                    // 4. the old master is demoted. From then on nobody could act while B renews.
                    match self.epochs.newest_epoch().await {
                        Ok(newest) if newest > epoch => {
                            break self.step_down(epoch, "a newer epoch was begun; a new one is needed");
                        }
                        Ok(_) => {}
                        Err(failure) => {
                            tracing::warn!(cause = %failure, "whether a newer epoch was begun is not known")
                        }
                    }
                    if self.fitness.is_unfit_for(self.lease) {
                        break self.give_way(epoch).await;
                    }
                    self.announce.send_replace(Some(Leadership { epoch, valid_until }));
                }
                Ok(Ok(false)) => break self.step_down(epoch, "somebody else holds the lease, or nobody"),
                Ok(Err(failure)) => tracing::warn!(cause = %failure, "the lease was not renewed"),
                Err(_) => break self.step_down(epoch, "the lease ran out"),
            }
        }
    }

    /// Lets another one lead, which may be able to do the jobs.
    async fn give_way(&self, epoch: LeaderEpoch) {
        self.step_down(
            epoch,
            "its jobs have failed for as long as a lease; another replica may do them",
        );
        self.env.mark("an unfit leader gave way");
        self.release().await;
        self.fitness.worked();
        // Each of the others has asked by then.
        sleep(self.renew_every).await;
    }

    async fn release(&self) {
        if let Err(failure) = self.store.release(&self.key, self.holder.as_bytes()).await {
            tracing::warn!(cause = %failure, "the lease could not be given back; it expires");
        }
    }

    fn step_down(&self, epoch: LeaderEpoch, why: &str) {
        self.announce.send_replace(None);
        self.env.mark("lease lost");
        tracing::warn!(epoch = epoch.0, why, "no longer leading");
    }
}

#[cfg(test)]
mod tests;
