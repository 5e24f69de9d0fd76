//! The shared directory: one SQLite database in memory, which both replicas open. It outlives every
//! process, like the file on the disk that it stands for.

use super::{desk, scene::RelyingPartyOptions};
use crate::plan::{Behaviour, Plan};
use idp::{
    seams::{
        Client, ClientSecret, Directory, Outcome, Reminder, Storage, StorageFault, StorageMoment, Timestamp, User,
    },
    store::sqlite::SqliteDirectory,
};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The database, and the lock that the nemesis takes on it.
pub struct SharedDirectory {
    location: String,
    /// Keeps the database alive, and holds the write lock while the directory is to be busy.
    keeper: Connection,
}

impl SharedDirectory {
    /// A new database with the people, the relying parties and the reminders of a plan.
    pub fn new(plan: &Plan, clients: &[RelyingPartyOptions], epoch: Timestamp) -> SharedDirectory {
        // Databases in memory are shared by name within the process: each run needs a name of its
        // own. Nothing in a run depends on the name.
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let location = format!("file:/squall-{run}?vfs=memdb");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI;
        let keeper = Connection::open_with_flags(&location, flags).expect("a database in memory can be opened");
        keeper
            .busy_timeout(Duration::ZERO)
            .expect("a connection takes a busy timeout");
        desk::work(fill(&location, plan, clients, epoch)).expect("an empty directory can be filled");
        SharedDirectory { location, keeper }
    }

    /// What a replica opens.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Takes the write lock, as some other process would: readers and writers get `SQLITE_BUSY`.
    /// Nothing happens if it is taken.
    pub fn lock(&self) {
        if self.keeper.is_autocommit() {
            // no transaction of a replica spans an await, so none is open between two polls
            self.keeper
                .execute_batch("BEGIN IMMEDIATE")
                .expect("nobody holds the lock between two polls");
        }
    }

    /// Gives the lock back.
    pub fn unlock(&self) {
        if !self.keeper.is_autocommit() {
            self.keeper
                .execute_batch("ROLLBACK")
                .expect("a transaction that wrote nothing can be rolled back");
        }
    }
}

/// Everybody whom the operations and reminders of a plan name.
fn people(plan: &Plan) -> BTreeSet<&str> {
    let mut people: BTreeSet<&str> = plan
        .world
        .reminders
        .iter()
        .map(|reminder| reminder.who.as_str())
        .collect();
    for operation in &plan.operations {
        people.insert(match &operation.does {
            Behaviour::Guess { victim, .. }
            | Behaviour::Flood { victim, .. }
            | Behaviour::PeekAtMail { victim, .. } => victim,
            Behaviour::StealCodes { .. } | Behaviour::CheckReplication => continue,
            _ => &operation.who,
        });
    }
    people
}

async fn fill(location: &str, plan: &Plan, clients: &[RelyingPartyOptions], epoch: Timestamp) -> Outcome<()> {
    let directory = SqliteDirectory::open(desk::env(epoch), location, Duration::ZERO)
        .await
        .expect("nobody else has opened it yet");
    for client in clients {
        let hash = |secret: &String| {
            let hash = Sha256::digest(secret.as_bytes());
            ClientSecret::Sha256(hash.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        let client = Client {
            id: client.client_id.clone(),
            name: client.client_id.clone(),
            secret: client.secret.as_ref().map_or(ClientSecret::None, hash),
            redirect_uris: vec![client.redirect_uri.clone()],
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
    for reminder in &plan.world.reminders {
        let reminder = Reminder {
            id: format!("reminder-{}-{}", reminder.who, reminder.due_ms),
            user_id: format!("user-{}", reminder.who),
            address: address(&reminder.who),
            text: format!("You asked to be reminded at {} ms.", reminder.due_ms),
            due: epoch + Duration::from_millis(reminder.due_ms),
        };
        directory.add_reminder(reminder).await?;
    }
    Ok(())
}

fn address(who: &str) -> String {
    format!("{}@example.com", who.to_lowercase())
}

/// The disk under one replica's view of the directory. Clones share it.
#[derive(Clone)]
pub struct Disk {
    now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    failing: Arc<Mutex<Failing>>,
}

#[derive(Default)]
struct Failing {
    before_commit_until_ms: u64,
    after_commit_until_ms: u64,
    transactions: u64,
}

impl Disk {
    /// A sound disk; `now_ms` tells simulated time.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Disk {
        Disk {
            now_ms: Arc::new(now_ms),
            failing: Arc::default(),
        }
    }

    /// Fails until a moment of simulated time.
    pub fn fail_until(&self, after_commit: bool, until_ms: u64) {
        let mut failing = self.failing.lock().expect("nobody panics while holding the disk");
        let until = match after_commit {
            true => &mut failing.after_commit_until_ms,
            false => &mut failing.before_commit_until_ms,
        };
        *until = (*until).max(until_ms);
    }

    /// Is sound again.
    pub fn heal(&self) {
        *self.failing.lock().expect("nobody panics while holding the disk") = Failing::default();
    }
}

impl Storage for Disk {
    fn check(&self, moment: StorageMoment) -> Result<(), StorageFault> {
        let now = (self.now_ms)();
        let mut failing = self.failing.lock().expect("nobody panics while holding the disk");
        let fails = match moment {
            StorageMoment::Begin => {
                // every other transaction fails with its first page, the others with their last:
                // reads have no commit, and would otherwise never fail
                failing.transactions += 1;
                now < failing.before_commit_until_ms && failing.transactions.is_multiple_of(2)
            }
            StorageMoment::BeforeCommit => now < failing.before_commit_until_ms,
            StorageMoment::AfterCommit => now < failing.after_commit_until_ms,
        };
        if fails { Err(StorageFault::Io) } else { Ok(()) }
    }
}
