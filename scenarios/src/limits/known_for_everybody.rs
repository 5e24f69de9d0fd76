//! A browser that is known for one person is free of the limits of everybody (inventory 18).
//!
//! Whoever has an account of their own would guess at the addresses of others as their owners do.

use crate::{
    planted::twist::{FailureTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    directory::Directory,
    limits::{FailureRepository, KnownBrowser},
    replica::Wiring,
};
use seams::{Outcome, Timestamp};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "known_for_everybody",
    title: "a browser in which somebody has logged in is taken for a known browser of every person",
    covers: &[18],
    scenario: "known_browsers",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| Wiring {
        directory: Directory {
            failures: Arc::new(Twisted(AsksForNobody {
                inner: wiring.directory.failures,
                known: Mutex::default(),
            })),
            ..wiring.directory
        },
        ..wiring
    },
};

struct AsksForNobody {
    inner: Arc<dyn FailureRepository>,
    /// The cookies that were known for somebody.
    known: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl FailureTwist for AsksForNobody {
    fn inner(&self) -> &Arc<dyn FailureRepository> {
        &self.inner
    }
    async fn succeed(&self, browser: KnownBrowser) -> Outcome<()> {
        let cookie = browser.cookie_hash.clone();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(cookie);
        self.inner.succeed(browser).await
    }
    async fn is_known(&self, cookie: &str, _: &str, _: Timestamp, _: u64) -> Outcome<bool> {
        Ok(self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(cookie))
    }
}
