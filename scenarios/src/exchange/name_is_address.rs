//! Somebody's name is their mail address: with the scope `openid profile` a client learns what it did not ask for (OpenID
//! Connect Core section 5.4).
//!
//! Seen in the world: a column added late, filled from the one that was there.

use crate::vocabulary::PlantedBug;
use async_trait::async_trait;
use idp::{
    directory::Directory,
    replica::Wiring,
    users::{User, UserRepository},
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "name_is_address",
    title: "the name of a person is their mail address",
    covers: &[],
    scenario: "calm_day",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            users: Arc::new(NameIsAddress(wiring.directory.users)),
            ..wiring.directory
        },
        ..wiring
    },
};

struct NameIsAddress(Arc<dyn UserRepository>);

impl NameIsAddress {
    fn spoil(user: User) -> User {
        User {
            name: user.address.clone(),
            ..user
        }
    }
}

#[async_trait]
impl UserRepository for NameIsAddress {
    async fn user_by_address(&self, address: &str) -> Outcome<Option<User>> {
        Ok(self.0.user_by_address(address).await?.map(NameIsAddress::spoil))
    }
    async fn user(&self, id: &str) -> Outcome<Option<User>> {
        Ok(self.0.user(id).await?.map(NameIsAddress::spoil))
    }
}
