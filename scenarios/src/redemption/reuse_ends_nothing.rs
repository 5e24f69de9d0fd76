//! A code that was redeemed and is presented again is refused, and the token that was issued for it goes on (inventory 7, 8).
//!
//! The service did so at first: the store had given the code up, so nobody knew whose it was. RFC 6749 section 4.1.2 says
//! "SHOULD revoke (when possible)", and whoever forgets to make it possible complies. A code that comes twice is in the wrong
//! hands, or was the first time.

use crate::{
    planted::twist::{TokenTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    redemption::{SpentCode, TokenRepository},
    replica::Wiring,
};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "reuse_ends_nothing",
    title: "a code that comes again is refused, and its token stays valid",
    covers: &[7, 8],
    scenario: "code_race",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            tokens: Arc::new(Twisted(Unasked(wiring.directory.tokens))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct Unasked(Arc<dyn TokenRepository>);

#[async_trait]
impl TokenTwist for Unasked {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.0
    }
    async fn spent_code(&self, _code_hash: &str) -> Outcome<Option<SpentCode>> {
        Ok(None)
    }
}
