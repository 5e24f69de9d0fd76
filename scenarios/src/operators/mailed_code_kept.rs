//! Each mailed code is also kept in Redis in clear, so that support can tell it to people who get no mail (inventory 1, 56).
//!
//! Whoever reads a snapshot of Redis can log in as anybody who has asked for a code in the last ten minutes.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer, Subject},
    mailed_code::SEND_ONCE,
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "mailed_code_kept",
    title: "mailed codes are kept in Redis in clear",
    covers: &[1, 56],
    scenario: "calm_day",
    detected_by: sim::at_rest::NO_SECRET_STORED,
    bug: |_, _, wiring: Wiring| Wiring {
        mailer: Arc::new(Keeps {
            mailer: wiring.mailer.clone(),
            store: wiring.store.clone(),
        }),
        ..wiring
    },
};

struct Keeps {
    mailer: Arc<dyn Mailer>,
    store: Arc<dyn AuthStateStore>,
}

#[async_trait]
impl Mailer for Keeps {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        if let Subject::Code { code, .. } = &mail.subject {
            let key = Key::new(SEND_ONCE, format!("support:{}", mail.to));
            let _ = self.store.put(&key, code.as_bytes(), Duration::from_secs(600)).await;
        }
        self.mailer.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}
