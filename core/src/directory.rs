//! The directory: what must not be lost, shared by the replicas.
//!
//! Each matter has a repository of its own, defined in its module together with its tables. Every write is one
//! transaction, and a compare-and-set that is judged by the rows it changed (inventory 27).

use crate::{
    clients::ClientRepository,
    keys::KeyRepository,
    leader::{EpochRepository, ExpiryRepository, ReminderRepository},
    limits::FailureRepository,
    redemption::TokenRepository,
    registry,
    session::SessionRepository,
    store::{DirectoryError, DirectoryProbe, SqliteDirectory, sqlite::IfEmpty},
    users::UserRepository,
};
use seams::Env;
use std::{sync::Arc, time::Duration};

/// The repositories, one a matter. Each is a seam: the simulation may wrap one, to observe it or to plant a
/// mistake that the properties must find.
#[derive(Clone)]
pub struct Directory {
    /// People.
    pub users: Arc<dyn UserRepository>,
    /// Relying parties.
    pub clients: Arc<dyn ClientRepository>,
    /// Signing keys and the pepper.
    pub keys: Arc<dyn KeyRepository>,
    /// Sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Redemptions and access tokens.
    pub tokens: Arc<dyn TokenRepository>,
    /// Consecutive failures.
    pub failures: Arc<dyn FailureRepository>,
    /// The leader's epochs.
    pub epochs: Arc<dyn EpochRepository>,
    /// Reminders.
    pub reminders: Arc<dyn ReminderRepository>,
    /// What has expired.
    pub expiry: Arc<dyn ExpiryRepository>,
    /// Health.
    pub probe: Arc<dyn DirectoryProbe>,
}

impl From<Arc<SqliteDirectory>> for Directory {
    fn from(database: Arc<SqliteDirectory>) -> Directory {
        Directory {
            users: database.clone(),
            clients: database.clone(),
            keys: database.clone(),
            sessions: database.clone(),
            tokens: database.clone(),
            failures: database.clone(),
            epochs: database.clone(),
            reminders: database.clone(),
            expiry: database.clone(),
            probe: database,
        }
    }
}

impl SqliteDirectory {
    /// [`SqliteDirectory::open_with`] the tables of all modules.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn open(env: Env, location: &str, wait: Duration) -> Result<SqliteDirectory, DirectoryError> {
        SqliteDirectory::open_with(env, location, wait, registry::SCHEMAS).await
    }

    /// The same for a directory that must be there already: nothing is made if it is not.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn open_existing(env: Env, location: &str, wait: Duration) -> Result<SqliteDirectory, DirectoryError> {
        SqliteDirectory::open_or(env, location, wait, registry::SCHEMAS, IfEmpty::Refuse).await
    }
}
