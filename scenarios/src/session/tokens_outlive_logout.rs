//! A token belongs to a client and a person, and to no session: it goes on for an hour after its person has signed out
//! (inventory 8).
//!
//! Seen in this service, and in many others whose tokens nobody keeps.

use crate::{
    planted::twist::{TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    redemption::{CodeRedemption, Redeemed, TokenRecord, TokenRepository},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "tokens_outlive_logout",
    title: "an access token is good for userinfo although its person has signed out",
    covers: &[8],
    scenario: "logs_in_again",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            tokens: Arc::new(Twisted(OfNoSession(wiring.directory.tokens))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct OfNoSession(Arc<dyn TokenRepository>);

#[async_trait]
impl TokenTwist for OfNoSession {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.0
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        let token = TokenRecord {
            sid: None,
            ..redemption.token
        };
        self.0.redeem(CodeRedemption { token, ..redemption }).await
    }
}
