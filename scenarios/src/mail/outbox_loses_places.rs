//! A mail of unknown outcome keeps its slot in the outbox forever (inventory 1, 3).
//!
//! Seen in real systems: postalserver/postal#3569, mikel/mail#1427 (a relay that stalls holds a worker forever). The
//! relay works again, and no mail is sent until somebody restarts the service.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Env, Failure, Outcome};
use std::sync::Arc;
use tokio::sync::Semaphore;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "outbox_loses_places",
    title: "a mail that the relay let hang keeps its place in the outbox for good",
    covers: &[1, 3],
    scenario: "mail_stalls",
    detected_by: "MailArrives",
    bug: |env, _, wiring| Wiring {
        mailer: Arc::new(Placed {
            env: env.clone(),
            mailer: wiring.mailer,
            places: Arc::new(Semaphore::new(PLACES)),
        }),
        ..wiring
    },
};

/// The number of mails that can be in flight at once.
const PLACES: usize = 4;

struct Placed {
    env: Env,
    mailer: Arc<dyn Mailer>,
    places: Arc<Semaphore>,
}

#[async_trait]
impl Mailer for Placed {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        let (mailer, places) = (self.mailer.clone(), self.places.clone());
        self.env.spawn(async move {
            let place = places.acquire().await.expect("never closed");
            // A hanging relay also leads to a deadline before the mail itself is sent: such a mail keeps its slot, too.
            let late = |failure: &Failure| matches!(failure.cause(), seams::Cause::Deadline { .. });
            if mailer.deliver(mail).await.as_ref().is_err_and(late) {
                place.forget();
            }
        });
        Ok(())
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}
