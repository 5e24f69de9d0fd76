//! When somebody got the last mail is noted in the store, for people only: their answers come later by a call.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    hash::sha256_hex,
    limits::SENDS,
    mail::{Mail, Mailer},
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "last_mail_noted",
    title: "the last mail of a person is noted, and nothing is for an address that nobody has",
    covers: &[20],
    scenario: "does_anybody_have_it",
    detected_by: "ExistenceTakesNoTime",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(Noting {
            inner: wiring.mailer,
            store: wiring.store.clone(),
        }),
        ..wiring
    },
};

struct Noting {
    inner: Arc<dyn Mailer>,
    store: Arc<dyn AuthStateStore>,
}

#[async_trait]
impl Mailer for Noting {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        if !mail.is_decoy {
            let note = Key::new(SENDS, sha256_hex(&format!("last mail of {}", mail.to)));
            self.store.put(&note, b"sent", Duration::from_secs(60)).await?;
        }
        self.inner.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.inner.deliver(mail).await
    }
}
