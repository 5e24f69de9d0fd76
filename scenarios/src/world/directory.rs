//! The shared directory: one SQLite database in memory, which all replicas open. It outlives every process, like the
//! file on disk that it stands for.

use super::{RelyingPartyOptions, at_rest, offline};
use crate::{
    availability, limits, mailed_code, redemption, store,
    vocabulary::{Behaviour, Plan},
};
use idp::{
    clients::{Client, ClientSecret},
    leader::{Reminder, ReminderRepository},
    store::sqlite::SqliteDirectory,
    users::User,
};
use rusqlite::{Connection, OpenFlags};
use seams::{Outcome, Timestamp};
use sha2::{Digest, Sha256};
use sim::{at_rest::Stored, world::StorageLock};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The database of one run.
pub struct SharedDirectory {
    location: String,
    lock: WriteLock,
    filled: Result<(), String>,
}

impl SharedDirectory {
    /// A new database with the people, the relying parties and the reminders of a plan.
    pub fn new(plan: &Plan, epoch: Timestamp) -> SharedDirectory {
        // Databases in memory are shared by name within the process, so each run needs a name of its own. Nothing in a
        // run depends on the name.
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let location = format!("file:/squall-{run}?vfs=memdb");
        let lock = WriteLock::of(&location);
        let filled = offline::work(fill(&location, plan, epoch));
        SharedDirectory { location, lock, filled }
    }

    /// Whether the service's own code could fill it.
    ///
    /// # Errors
    /// What did not work.
    pub fn filled(&self) -> Result<(), String> {
        self.filled.clone()
    }

    /// The location that a replica opens.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Everything that is kept in it; nothing if somebody has its lock to the end, which other properties judge.
    pub(crate) fn at_rest(&self) -> Vec<Stored> {
        let held = self.lock.held();
        at_rest::rows(&held.connection).unwrap_or_default()
    }

    /// Its write lock.
    pub fn lock(&self) -> WriteLock {
        self.lock.clone()
    }
}

/// The directory's write lock. A connection of its own takes it, and also keeps the database alive; while it is held,
/// readers and writers get `SQLITE_BUSY`. Clones take the same lock.
#[derive(Clone)]
pub struct WriteLock(Arc<Mutex<Held>>);

struct Held {
    connection: Connection,
    by_somebody: bool,
    by_a_call: bool,
}

impl WriteLock {
    fn of(location: &str) -> WriteLock {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(location, flags).expect("a database in memory can be opened");
        connection
            .busy_timeout(Duration::ZERO)
            .expect("a connection takes a busy timeout");
        WriteLock(Arc::new(Mutex::new(Held {
            connection,
            by_somebody: false,
            by_a_call: false,
        })))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().expect("nobody panics while holding the lock's keeper")
    }

    /// Takes the lock for another process. Returns false if a replica holds it now; no replica of the service holds it
    /// from one poll to the next.
    pub fn take(&self) -> bool {
        let mut held = self.held();
        held.by_somebody = held.begin();
        held.by_somebody
    }

    /// Releases the lock of that other process.
    pub fn give_back(&self) {
        self.held().by_somebody = false;
        self.held().end();
    }

    /// Takes the lock for a replica that is in a call that has not returned.
    fn keep(&self) {
        let mut held = self.held();
        held.by_a_call = held.begin();
    }

    /// Releases the lock of that call, because it has returned or its process is gone.
    fn returned(&self) {
        self.held().by_a_call = false;
        self.held().end();
    }
}

impl StorageLock for WriteLock {
    fn keep(&self) {
        WriteLock::keep(self);
    }
    fn release(&self) {
        self.returned();
    }
}

impl Held {
    fn begin(&self) -> bool {
        !self.connection.is_autocommit() || self.connection.execute_batch("BEGIN IMMEDIATE").is_ok()
    }

    fn end(&self) {
        if !self.by_somebody && !self.by_a_call && !self.connection.is_autocommit() {
            self.connection
                .execute_batch("ROLLBACK")
                .expect("a transaction that wrote nothing can be rolled back");
        }
    }
}

/// All people whom the operations and reminders of a plan name.
pub(crate) fn people(plan: &Plan) -> BTreeSet<&str> {
    let mut people: BTreeSet<&str> = plan
        .world
        .reminders
        .iter()
        .map(|reminder| reminder.who.as_str())
        .collect();
    for operation in &plan.operations {
        people.insert(match &operation.does {
            Behaviour::Limits(limits::Behaviour::Guess { victim, .. })
            | Behaviour::Limits(limits::Behaviour::Flood { victim, .. })
            | Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail { victim, .. }) => victim,
            Behaviour::Limits(limits::Behaviour::BeginLogins { .. })
            | Behaviour::Redemption(redemption::Behaviour::StealCodes { .. })
            | Behaviour::Store(store::Behaviour::CheckReplication)
            | Behaviour::Availability(availability::Behaviour::WatchHealth { .. }) => continue,
            _ => &operation.who,
        });
    }
    people
}

async fn fill(location: &str, plan: &Plan, epoch: Timestamp) -> Result<(), String> {
    let opened = SqliteDirectory::open(offline::env(epoch), location, Duration::ZERO).await;
    let directory = opened.map_err(|error| error.to_string())?;
    let added = add(&directory, plan, epoch).await;
    added.map_err(|failure| failure.to_string())
}

pub(crate) async fn add(directory: &SqliteDirectory, plan: &Plan, epoch: Timestamp) -> Outcome<()> {
    for (client, redirect_uris) in RelyingPartyOptions::registered() {
        let hash = |secret: &String| {
            let hash = Sha256::digest(secret.as_bytes());
            ClientSecret::Sha256(hash.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        let client = Client {
            id: client.client_id.clone(),
            name: client.client_id.clone(),
            secret: client.secret.as_ref().map_or(ClientSecret::None, hash),
            redirect_uris,
        };
        directory.add_client(&client).await?;
    }
    for who in people(plan) {
        let user = User {
            id: format!("user-{who}"),
            address: address(who),
            name: who.to_owned(),
        };
        directory.add_user(&user).await?;
    }
    for reminder in reminders(plan, epoch) {
        directory.add_reminder(reminder).await?;
    }
    Ok(())
}

/// What the people of a plan are to be reminded of. Some of their names are ones that no Message-ID may have as they are,
/// and some texts have two lines.
pub(crate) fn reminders(plan: &Plan, epoch: Timestamp) -> impl Iterator<Item = Reminder> {
    plan.world.reminders.iter().map(move |reminder| {
        let (who, due_ms) = (&reminder.who, reminder.due_ms);
        let (id, text) = match due_ms % 3 {
            0 => (
                format!("{who} @ {due_ms}"),
                format!("You asked to be reminded\nat {due_ms} ms."),
            ),
            _ => (
                format!("reminder-{who}-{due_ms}"),
                format!("You asked to be reminded at {due_ms} ms."),
            ),
        };
        Reminder {
            id,
            user_id: format!("user-{who}"),
            address: address(who),
            text,
            due: epoch + Duration::from_millis(due_ms),
        }
    })
}

fn address(who: &str) -> String {
    format!("{}@example.com", who.to_lowercase())
}
