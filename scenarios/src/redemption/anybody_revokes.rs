//! Whoever presents a spent code ends the access that it gave, whatever else is presented with it (inventory 7).
//!
//! The revocation on reuse (RFC 6749 section 4.1.2) comes before the look at what binds the code. A code that leaks, through a
//! referer or a log, is then enough to end somebody's access, without the verifier and as any client.

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
    name: "anybody_revokes",
    title: "a spent code ends the access that it gave, whoever presents it",
    covers: &[7, 8],
    scenario: "code_race",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            tokens: Arc::new(Twisted(Hasty(wiring.directory.tokens))),
            ..wiring.directory
        },
        ..wiring
    },
};

struct Hasty(Arc<dyn TokenRepository>);

#[async_trait]
impl TokenTwist for Hasty {
    fn inner(&self) -> &Arc<dyn TokenRepository> {
        &self.0
    }
    async fn spent_code(&self, code_hash: &str) -> Outcome<Option<SpentCode>> {
        let spent = self.0.spent_code(code_hash).await?;
        if spent.as_ref().is_some_and(|spent| !spent.is_revoked) {
            self.0.revoke_token_of(code_hash).await?;
        }
        Ok(spent)
    }
}
