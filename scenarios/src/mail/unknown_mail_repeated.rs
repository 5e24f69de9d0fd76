//! A mail of unknown outcome is sent again (inventory 3).
//!
//! Seen in real systems: RFC 1047 describes it. The relay takes the mail, its answer is lost, and the client repeats the
//! mail until it gets one: everybody has several.

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
    name: "unknown_mail_repeated",
    title: "a mail is repeated until the relay's answer to it arrives",
    covers: &[3],
    scenario: "relay_refuses",
    detected_by: "AnswersAllowed",
    bug: |env, _, wiring| Wiring {
        mailer: Arc::new(Repeated {
            env: env.clone(),
            mailer: wiring.mailer,
        }),
        ..wiring
    },
};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

struct Repeated {
    env: Env,
    mailer: Arc<dyn Mailer>,
}

#[async_trait]
impl Mailer for Repeated {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        let mailer = self.mailer.clone();
        self.env.spawn(async move {
            while mailer.deliver(mail.clone()).await.is_err() {
                sleep(PAUSE).await;
            }
        });
        Ok(())
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}
