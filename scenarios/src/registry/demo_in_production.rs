//! A replica registers its demo client in whatever directory it is given (inventory 27).
//!
//! Seen: `--dev --directory FILE` on a production directory made a confidential client named `demo` public, with a callback on
//! loopback.

use crate::{
    planted::twist::{ClientTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    clients::{Client, ClientRepository, ClientSecret, Pkce},
    directory::Directory,
    keys::Algorithm,
    replica::Wiring,
    store::SqliteDirectory,
};
use seams::{Env, Outcome};
use std::{sync::Arc, time::Duration};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "demo_in_production",
    title: "a replica registers its demo client in a production directory",
    covers: &[27],
    scenario: "operators_at_work",
    detected_by: "RegistryAsTold",
    bug: |env, config, wiring| Wiring {
        directory: Directory {
            clients: Arc::new(Twisted(AddsDemo {
                inner: wiring.directory.clients,
                env: env.clone(),
                location: config.directory.clone(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct AddsDemo {
    inner: Arc<dyn ClientRepository>,
    env: Env,
    location: String,
}

#[async_trait]
impl ClientTwist for AddsDemo {
    fn inner(&self) -> &Arc<dyn ClientRepository> {
        &self.inner
    }
    async fn client(&self, id: &str) -> Outcome<Option<Client>> {
        let demo = Client {
            id: "demo".into(),
            name: "Demo".into(),
            secret: ClientSecret::None,
            redirect_uris: vec!["http://127.0.0.1/callback".into()],
            post_logout_redirect_uris: vec![],
            pkce: Pkce::Required,
            id_token_alg: Algorithm::Es256,
        };
        if let Ok(directory) = SqliteDirectory::open_existing(self.env.clone(), &self.location, Duration::ZERO).await {
            directory.add_client(&demo).await?;
        }
        self.inner.client(id).await
    }
}
