//! A public client may leave PKCE out (inventory 7; RFC 9700 section 2.1.1: it must use it).
//!
//! Seen in real systems: PKCE was made optional for the sake of confidential clients that cannot do it, and the choice is
//! not tied to the kind of the client. Whoever takes the challenge out of an authorization request (RFC 9700 section 4.8.2,
//! "PKCE downgrade") has a code that anybody can redeem who sees it.

use crate::{
    planted::twist::{ClientTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    clients::{Client, ClientRepository, Pkce},
    directory::Directory,
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "pkce_optional_for_all",
    title: "a public client may leave PKCE out",
    covers: &[7],
    scenario: "rule_breakers",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            clients: Arc::new(Twisted(OptionalForAll(wiring.directory.clients))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OptionalForAll(Arc<dyn ClientRepository>);

#[async_trait]
impl ClientTwist for OptionalForAll {
    fn inner(&self) -> &Arc<dyn ClientRepository> {
        &self.0
    }
    async fn client(&self, id: &str) -> Outcome<Option<Client>> {
        let found = self.0.client(id).await?;
        Ok(found.map(|client| Client {
            pkce: Pkce::Optional,
            ..client
        }))
    }
}
