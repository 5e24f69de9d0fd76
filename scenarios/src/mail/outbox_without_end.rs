//! The outbox has no bound (inventory 1).
//!
//! Seen in real systems: a queue that grows while the relay is slow, until the process is out of memory; everybody is
//! promised a mail that comes much later, or never.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Env, Outcome};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "outbox_without_end",
    title: "a mail waits for a place in the outbox, in a queue without a bound",
    covers: &[1],
    scenario: "mails_wait",
    detected_by: "OutboxBounded",
    bug: |env, _, wiring| Wiring {
        mailer: Arc::new(Queued {
            env: env.clone(),
            mailer: wiring.mailer,
        }),
        ..wiring
    },
};

/// Between two looks whether there is room.
const PAUSE: Duration = Duration::from_millis(50);

struct Queued {
    env: Env,
    mailer: Arc<dyn Mailer>,
}

#[async_trait]
impl Mailer for Queued {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        let mailer = self.mailer.clone();
        self.env.spawn(async move {
            while mailer.enqueue(mail.clone()).await.is_err() {
                sleep(PAUSE).await;
            }
        });
        Ok(())
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}
