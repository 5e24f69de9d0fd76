//! A leader whose mails do not reach the relay goes on leading (inventory 30, 31).
//!
//! What this service did itself. The lease says who may do the jobs, and nobody asks who can: as long as it is renewed, all
//! other replicas, whose mails would arrive, do nothing.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    mail::{Mail, Mailer},
    replica::Wiring,
};
use seams::{Cause, Failure, Outcome};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "unfit_leader_stays",
    title: "a leader that cannot reach the relay takes that for a refusal of the relay, and stays",
    covers: &[30, 31],
    scenario: "unfit_leader",
    detected_by: "RemindersArrive",
    bug: |_, _, wiring| Wiring {
        mailer: Arc::new(Blaming(wiring.mailer)),
        ..wiring
    },
};

struct Blaming(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Blaming {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.0.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        let refused = |failure| match failure {
            Failure::Fail(cause) => Failure::Fail(Cause::Refused(cause.to_string())),
            unknown @ Failure::Unknown(_) => unknown,
        };
        self.0.deliver(mail).await.map_err(refused)
    }
    async fn finish(&self, within: Duration) -> usize {
        self.0.finish(within).await
    }
    fn trouble(&self) -> Option<Cause> {
        self.0.trouble()
    }
}
