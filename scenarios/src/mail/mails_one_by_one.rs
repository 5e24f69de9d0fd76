//! Mails are sent one after the other (inventory 1).
//!
//! Seen in real systems: a worker with one thread. While the relay is slow, a code arrives when the person has gone.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Env, Outcome};
use std::sync::Arc;
use tokio::sync::Mutex;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "mails_one_by_one",
    title: "mails go to the relay one after the other",
    covers: &[1],
    scenario: "mails_wait",
    detected_by: "OutboxBounded",
    bug: |env, _, wiring| Wiring {
        mailer: Arc::new(OneByOne {
            env: env.clone(),
            mailer: wiring.mailer,
            turn: Arc::default(),
        }),
        ..wiring
    },
};

struct OneByOne {
    env: Env,
    mailer: Arc<dyn Mailer>,
    turn: Arc<Mutex<()>>,
}

#[async_trait]
impl Mailer for OneByOne {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        let (mailer, turn) = (self.mailer.clone(), self.turn.clone());
        self.env.spawn(async move {
            let _turn = turn.lock().await;
            let _ = mailer.deliver(mail).await; // the relay works in this story
        });
        Ok(())
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}
