//! Reminders: at most one mail for each, however many replicas believe that they lead (inventory 31).
//!
//! 1. The reminder is claimed in the directory, by the newest epoch only.
//! 2. The mail goes to the relay.
//! 3. Sent: recorded. Definitely not sent: the claim is given back, and others come first at the next look;
//!    but it stays if the relay refuses this mail for good. Unknown: the claim stays, for a
//!    second mail would be worse than none; so does the claim of a leader that died in between.
//!
//! A claim that must be given back is remembered until the directory has taken it back, and nothing
//! is claimed before that: given back late, after the same reminder was claimed and sent again, it
//! would be sent twice.

use super::{Fitness, LeaderEpoch, Leadership, Reminder, ReminderClaim, ReminderRepository};
use crate::{
    clocks::Clocks,
    config::Config,
    mail::{Mail, Mailer, Subject},
    stop::Stop,
};
use seams::{Cause, Env, Failure, Outcome};
use std::sync::Arc;
use tokio::{sync::watch, time::sleep};

/// Reminders looked up at once.
const BATCH: usize = 8;

/// Starts to send reminders whenever this replica leads. If it stops, it does so between two of them.
pub fn send_reminders(
    env: &Env,
    config: &Config,
    reminders: Arc<dyn ReminderRepository>,
    mailer: Arc<dyn Mailer>,
    (leadership, fitness, clocks): (watch::Receiver<Option<Leadership>>, Arc<Fitness>, Arc<Clocks>),
    stop: Stop,
) {
    let mut job = Job {
        env: env.clone(),
        reminders,
        mailer,
        leadership,
        fitness,
        clocks,
        stop,
        to_give_back: None,
    };
    let every = config.leader.reminders_every;
    env.spawn_vital("reminders", async move {
        let mut stop = job.stop.clone();
        loop {
            seams::select! {
                () = stop.asked() => break,
                () = sleep(every) => {}
            }
            let began = job.env.clock.monotonic();
            if let Err(failure) = job.look().await {
                tracing::warn!(cause = %failure, "reminders have to wait");
                if *failure.cause() == Cause::Replaced {
                    job.fitness.failed(began, failure.cause());
                }
            }
        }
        // A claim that stayed would keep everybody from sending it.
        if let Err(failure) = job.give_back().await {
            tracing::warn!(cause = %failure, "reminders have to wait");
        }
    });
}

struct Job {
    env: Env,
    reminders: Arc<dyn ReminderRepository>,
    mailer: Arc<dyn Mailer>,
    leadership: watch::Receiver<Option<Leadership>>,
    fitness: Arc<Fitness>,
    clocks: Arc<Clocks>,
    stop: Stop,
    to_give_back: Option<(String, LeaderEpoch)>,
}

impl Job {
    fn leadership(&self) -> Option<Leadership> {
        let leadership = *self.leadership.borrow();
        leadership.filter(|l| l.is_valid(&self.env) && !self.stop.is_asked())
    }

    async fn look(&mut self) -> Outcome<()> {
        self.give_back().await?;
        if self.leadership().is_none() {
            return Ok(());
        }
        // It may have been found wrong since the lease was renewed.
        let now = self.clocks.agreed()?;
        for reminder in self.reminders.due_reminders(now, BATCH).await? {
            // Asked again each time: the mail before may have taken longer than the lease.
            let Some(leadership) = self.leadership() else {
                return Ok(());
            };
            self.send(leadership, reminder).await?;
        }
        Ok(())
    }

    /// Needs no leadership: a claim belongs to the epoch that took it, and no other touches it.
    async fn give_back(&mut self) -> Outcome<()> {
        if let Some((id, epoch)) = &self.to_give_back {
            self.reminders.unclaim_reminder(id, *epoch).await?;
            self.to_give_back = None;
        }
        Ok(())
    }

    async fn send(&mut self, leadership: Leadership, reminder: Reminder) -> Outcome<()> {
        let Leadership { epoch, .. } = leadership;
        let id = reminder.id;
        match self.reminders.claim_reminder(&id, epoch, self.clocks.now()).await {
            Ok(ReminderClaim::Claimed) => {}
            Ok(ReminderClaim::Taken) => return Ok(()),
            Err(failure) => {
                // Perhaps claimed, certainly not sent.
                if failure.is_unknown() {
                    self.to_give_back = Some((id, epoch));
                }
                return Err(failure);
            }
            Ok(ReminderClaim::Fenced) => {
                tracing::warn!(epoch = epoch.0, "a newer leader exists; not sending");
                return Ok(());
            }
        }
        let mail = Mail {
            to: reminder.address,
            subject: Subject::Reminder {
                id: id.clone(),
                text: reminder.text,
                due: reminder.due,
            },
            is_decoy: false,
        };
        let began = self.env.clock.monotonic();
        let outcome = self.mailer.deliver(mail).await;
        match &outcome {
            Ok(()) => self.fitness.worked(),
            Err(failure) => self.fitness.failed(began, failure.cause()),
        }
        match outcome {
            Ok(()) => {
                self.env.mark("reminder sent");
                self.reminders.finish_reminder(&id, epoch).await?;
            }
            // The claim stays: no other try would be better.
            Err(failure @ Failure::Fail(Cause::RefusedForGood(_))) => {
                tracing::error!(reminder = %id, cause = %failure, "not sent, and not tried again");
                self.env.mark("reminder given up");
            }
            Err(failure @ Failure::Fail(_)) => {
                tracing::warn!(reminder = %id, cause = %failure, "not sent; another try later");
                self.env.mark("reminder given back");
                self.to_give_back = Some((id, epoch));
                self.give_back().await?;
            }
            Err(failure @ Failure::Unknown(_)) => {
                tracing::error!(reminder = %id, cause = %failure, "may or may not have been sent; not sending it again");
                self.env.mark("reminder fate unknown");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
