//! A mail that the relay refuses for the moment is not tried again (inventory 1, 3).
//!
//! Seen in real systems: mail that is sent in the background, and whose failure nobody looks at. A relay that restarts for
//! a second loses every mail of that second (RFC 5321 section 4.5.4: whoever sends mail tries again).

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Env, Outcome};
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "refused_mail_dropped",
    title: "a mail that the relay refuses is not tried again",
    covers: &[1, 3],
    scenario: "relay_refuses",
    detected_by: "MailsTriedAgain",
    bug: |env, _, wiring| Wiring {
        mailer: Arc::new(Once {
            env: env.clone(),
            mailer: wiring.mailer,
        }),
        ..wiring
    },
};

struct Once {
    env: Env,
    mailer: Arc<dyn Mailer>,
}

#[async_trait]
impl Mailer for Once {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        let mailer = self.mailer.clone();
        self.env.spawn(async move {
            let _ = mailer.deliver(mail).await; // the mistake
        });
        Ok(())
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}
