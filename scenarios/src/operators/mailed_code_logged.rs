//! Each mail is logged when it is queued, together with its code (inventory 56).
//!
//! Seen in real systems: codes at info level, for development (octos-org/octos#140), always, in production
//! (gopaljilab/Clinical-Insight-Engine#525), and for years (openware/barong#647). Whoever reads the log can log in.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer, Subject},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "mailed_code_logged",
    title: "a mail is logged with the code in it",
    covers: &[56],
    scenario: "calm_day",
    detected_by: "NoSecretLogged",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(Logs(wiring.mailer)),
        ..wiring
    },
};

struct Logs(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Logs {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        if let Subject::Code { code, .. } = &mail.subject {
            tracing::info!(to = mail.to, "sending the login code {code}");
        }
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.0.deliver(mail).await
    }
}
