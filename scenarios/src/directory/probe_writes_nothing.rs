//! A replica checks its directory with a transaction that changes no row (inventory 26).
//!
//! SQLite writes nothing for it, so it succeeds on a full disk (measured on SQLite 3.40: a `DELETE` of no rows succeeds where every
//! `INSERT` fails with `SQLITE_FULL`). Of 34 logins none was whole, and both replicas said `ok`.

use crate::{
    planted::twist::{ProbeTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{directory::Directory, limits::FailureRepository, replica::Wiring, store::DirectoryProbe};
use seams::Outcome;
use std::sync::Arc;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "probe_writes_nothing",
    title: "a replica checks its directory with a transaction that changes no row",
    covers: &[26],
    scenario: "disk_is_full",
    detected_by: "HealthTells",
    bug: |_, _, wiring| {
        let looks = ClearsNobody {
            inner: wiring.directory.probe,
            failures: wiring.directory.failures.clone(),
        };
        Wiring {
            directory: Directory {
                probe: Arc::new(Twisted(looks)),
                ..wiring.directory
            },
            ..wiring
        }
    },
};

struct ClearsNobody {
    inner: Arc<dyn DirectoryProbe>,
    failures: Arc<dyn FailureRepository>,
}

#[async_trait]
impl ProbeTwist for ClearsNobody {
    fn inner(&self) -> &Arc<dyn DirectoryProbe> {
        &self.inner
    }
    async fn probe(&self) -> Outcome<()> {
        self.failures.clear_failures("").await
    }
}
