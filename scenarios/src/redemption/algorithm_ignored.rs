//! Every ID token is signed with ES256, whatever its client has registered (inventory 40).
//!
//! Seen in real systems: one key for the whole service, to which the metadata of clients was added later. The client's library
//! has RS256 where nothing is said (OpenID Connect Dynamic Registration section 2), and refuses each token.

use crate::{
    planted::twist::{ClientTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    clients::{Client, ClientRepository},
    directory::Directory,
    keys::Algorithm,
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "algorithm_ignored",
    title: "every ID token is signed with ES256, whatever its client has registered",
    covers: &[40],
    scenario: "calm_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            clients: Arc::new(Twisted(OneForAll(wiring.directory.clients))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OneForAll(Arc<dyn ClientRepository>);

#[async_trait]
impl ClientTwist for OneForAll {
    fn inner(&self) -> &Arc<dyn ClientRepository> {
        &self.0
    }
    async fn client(&self, id: &str) -> Outcome<Option<Client>> {
        let found = self.0.client(id).await?;
        Ok(found.map(|client| Client {
            id_token_alg: Algorithm::Es256,
            ..client
        }))
    }
}
