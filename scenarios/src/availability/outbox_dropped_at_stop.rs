//! A replica that stops answers its requests, and forgets what waits in its outbox (inventory 1, 34).
//!
//! Seen in real systems: a server that drains its connections, and a queue of mails beside it that nobody waits for.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Cause, Outcome};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "outbox_dropped_at_stop",
    title: "a replica that stops does not wait for its outbox",
    covers: &[1, 34],
    scenario: "rolling_restart",
    detected_by: "StopsInOrder",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(Dropped(wiring.mailer)),
        ..wiring
    },
};

struct Dropped(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Dropped {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.0.deliver(mail).await
    }
    async fn finish(&self, _: Duration) -> usize {
        0
    }
    fn trouble(&self) -> Option<Cause> {
        self.0.trouble()
    }
}
