//! The outbox: mail is delivered in the background, and no request waits for it (inventory 1).

use super::{
    Mail, Mailer, Subject,
    relay::{Place, render, submit},
};
use crate::{
    config::{Config, MailAccess},
    trouble::Trouble,
};
use async_trait::async_trait;
use lettre::Message;
use seams::{Cause, Env, Failure, Outcome};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

/// Mails on their way at once. One that hangs at the relay must not delay all others for its
/// whole deadline.
const IN_FLIGHT_MAX: usize = 4;

/// Pauses before further tries of a mail that the relay definitely did not take, in milliseconds.
const PAUSES_MS: [u64; 5] = [500, 1000, 2000, 4000, 8000];

/// Sends mail through an SMTP relay, within a bound on how many wait.
pub struct Outbox {
    relay: Arc<Relay>,
    /// One permit for each mail that waits or is on its way.
    slots: Arc<Semaphore>,
    places: usize,
    in_flight: Arc<Semaphore>,
}

struct Relay {
    env: Env,
    host: String,
    port: u16,
    access: MailAccess,
    limit: Duration,
    from: String,
    trouble: Trouble,
    /// Ends the pauses of mails that wait for their next try.
    hurry: watch::Sender<()>,
}

impl Relay {
    async fn submit(&self, message: &Message) -> Outcome<()> {
        let place = Place {
            host: &self.host,
            port: self.port,
            access: &self.access,
        };
        let outcome = submit(&self.env, place, message, self.limit).await;
        match &outcome {
            Ok(()) => self.trouble.end(),
            Err(Failure::Fail(Cause::RefusedForGood(_))) => self.trouble.end(), // the relay works
            Err(failure) => self.trouble.begin(failure.cause()),
        }
        outcome
    }
}

impl Outbox {
    /// An outbox to the relay at `host` and `port`, sending as [`Config::mail_from`].
    pub fn new(env: Env, config: &Config, (host, port): (String, u16)) -> Outbox {
        Outbox {
            slots: Arc::new(Semaphore::new(config.limits.outbox)),
            places: config.limits.outbox,
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT_MAX)),
            relay: Arc::new(Relay {
                trouble: Trouble::new(env.clock.clone()),
                hurry: watch::Sender::default(),
                env,
                host,
                port,
                access: config.mail_access.clone(),
                limit: config.deadlines.mail,
                from: config.mail_from.clone(),
            }),
        }
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        let env = &self.relay.env;
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            env.mark("outbox full");
            return Err(Failure::Fail(Cause::Full("outbox")));
        };
        let message = render(env, &self.relay.from, &mail);
        if mail.is_decoy {
            return Ok(()); // also if nobody can have such an address
        }
        let message = message?;
        let useful_for = match &mail.subject {
            Subject::Code { minutes, .. } => Duration::from_secs(60 * minutes),
            Subject::Reminder { .. } => Duration::MAX,
        };
        env.spawn(carry(
            self.relay.clone(),
            self.in_flight.clone(),
            slot,
            message,
            useful_for,
        ));
        Ok(())
    }

    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        let message = render(&self.relay.env, &self.relay.from, &mail)?;
        self.relay.submit(&message).await
    }

    async fn finish(&self, within: Duration) -> usize {
        if self.slots.available_permits() < self.places {
            self.relay.env.mark("mails waited for the stop");
        }
        self.relay.hurry.send_replace(());
        let all = u32::try_from(self.places).unwrap_or(u32::MAX);
        match timeout(within, self.slots.acquire_many(all)).await {
            Ok(_) => 0,
            Err(_) => self.places - self.slots.available_permits(),
        }
    }

    fn trouble(&self) -> Option<Cause> {
        // Why it is full, if that is known.
        let is_full = self.slots.available_permits() == 0;
        let failed = self.relay.trouble.now();
        failed.or_else(|| is_full.then_some(Cause::Full("outbox")))
    }
}

/// Carries one mail to the relay. A definite failure is tried again while the mail is of use. An
/// unknown outcome is not: a second copy of a code would break the promise of one mail for one
/// press of the button (inventory 3), and whoever got none can press it again.
async fn carry(
    relay: Arc<Relay>,
    in_flight: Arc<Semaphore>,
    slot: OwnedSemaphorePermit,
    message: Message,
    useful_for: Duration,
) {
    let clock = &relay.env.clock;
    let began = clock.monotonic();
    let mut pauses = PAUSES_MS.into_iter();
    let mut hurry = relay.hurry.subscribe();
    loop {
        let outcome = {
            let _turn = in_flight.acquire().await.expect("never closed");
            if clock.monotonic().saturating_sub(began) >= useful_for {
                tracing::error!("a mail waited until it was of no use; dropped");
                relay.env.mark("mail given up");
                break;
            }
            relay.submit(&message).await
        };
        match outcome {
            Ok(()) => break,
            Err(failure @ Failure::Unknown(_)) => {
                tracing::error!(cause = %failure, "a mail may or may not have been sent");
                relay.env.mark("mail fate unknown");
                break;
            }
            Err(failure @ Failure::Fail(_)) => {
                let is_final = matches!(failure.cause(), Cause::RefusedForGood(_));
                let Some(pause) = pauses.next().filter(|_| !is_final) else {
                    tracing::error!(cause = %failure, "a mail was not sent; giving up");
                    relay.env.mark("mail given up");
                    break;
                };
                tracing::warn!(cause = %failure, pause_ms = pause, "a mail was not sent; trying again");
                seams::select! {
                    () = sleep(Duration::from_millis(pause)) => {}
                    _ = hurry.changed() => {}
                }
            }
        }
    }
    drop(slot);
}

#[cfg(test)]
mod tests;
