//! The shared directory: one SQLite database, which all replicas open, and the disk that it is on.
//!
//! All replicas run on the machine that has the file, as they must: SQLite's write-ahead log does not work over a network.
//! Each replica's host is a part of that machine which can lose power by itself. Once none of them has power, the machine
//! has none either, and the disk loses what was not synced.

use super::{
    RelyingPartyOptions, at_rest, offline,
    signing_keys::Sound,
    write_lock::{WriteLock, connect},
};
use crate::{
    availability, limits, mailed_code, redemption, store,
    vocabulary::{Behaviour, Plan},
};
use idp::{
    clients::{Client, ClientSecret},
    keys::Algorithm,
    leader::{Reminder, ReminderRepository},
    store::sqlite::SqliteDirectory,
    users::User,
};
use model_disk::{Disk, transaction_begins, wait_for_syncs};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use seams::{Cause, Failure, Outcome, Timestamp};
use sha2::{Digest, Sha256};
use sim::{
    at_rest::{Kept, Stored},
    service::{Behaviour as _, UntoldWrites},
};
use spec::Settings;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

/// The name of its file.
pub(super) const FILE: &str = "directory.sqlite";

/// The machine of all replicas lost power.
pub(crate) const POWER_LOST: &str = "the directory's machine lost power";
/// Its disk lost a write that was not synced, or a part of it.
pub(crate) const WRITE_LOST: &str = "the directory's disk lost a write";

/// The database of one run.
pub struct SharedDirectory {
    location: String,
    machine: Mutex<Machine>,
    lock: WriteLock,
    filled: Result<(), String>,
    /// What a signing key was before it was damaged.
    sound_key: Mutex<Option<Sound>>,
}

/// The machine that has the file.
struct Machine {
    disk: Disk,
    /// The replicas that have power.
    powered: BTreeSet<String>,
    dice: ChaCha8Rng,
    marks: BTreeMap<&'static str, u64>,
}

impl SharedDirectory {
    /// A new database with the people, the relying parties and the reminders of a plan.
    pub fn new(plan: &Plan, epoch: Timestamp) -> SharedDirectory {
        let disk = Disk::new();
        let location = disk.uri(FILE);
        let filled = wait_for_syncs(|| offline::work(fill(&location, plan, epoch)));
        let mut hash = Sha256::new();
        hash.update(plan.seed.to_le_bytes());
        hash.update(b"the directory's disk");
        SharedDirectory {
            lock: WriteLock::of(&location),
            machine: Mutex::new(Machine {
                disk,
                powered: plan.world.replica_hosts().into_iter().collect(),
                dice: ChaCha8Rng::from_seed(hash.finalize().into()),
                marks: BTreeMap::new(),
            }),
            location,
            filled,
            sound_key: Mutex::default(),
        }
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().expect("nobody panics while holding the machine")
    }

    /// Whether its disk has no room for more from now on.
    pub(crate) fn fill(&self, is_full: bool) {
        self.machine().disk.fill(is_full);
    }

    /// Somebody writes the log back into the file, as for a copy of it, and deletes the log and its index. Where the disk has no room
    /// for that, they have made some before.
    pub(crate) fn lose_log(&self, is_full: bool) {
        self.fill(false);
        transaction_begins();
        let other = connect(&self.location); // whoever has the lock is in a transaction
        // It needs no lock that somebody may have. What it says: whether it was hindered, and the pages of the log and those of
        // them that are in the file now.
        let write_back = || {
            let said = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
            other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], said)
        };
        let written_back = wait_for_syncs(write_back);
        debug_assert!(
            matches!(written_back, Ok((pages, written)) if pages == written),
            "{written_back:?}"
        );
        self.machine().disk.lose_log(FILE);
        drop(other);
        self.lock.reopen(&self.location);
        self.fill(is_full);
    }

    /// A replica boots, so that its host has power.
    pub(crate) fn powered(&self, host: &str) {
        self.machine().powered.insert(host.to_owned());
    }

    /// The host of a replica loses power; its process is gone. With the last one the machine loses power, and everybody
    /// else there loses the write lock.
    pub(crate) fn power_lost(&self, host: &str) {
        let mut machine = self.machine();
        if !machine.powered.remove(host) || !machine.powered.is_empty() {
            return;
        }
        let seed = machine.dice.next_u64();
        let loss = machine.disk.lose_power(seed);
        *machine.marks.entry(POWER_LOST).or_default() += 1;
        if loss.lost + loss.torn > 0 {
            *machine.marks.entry(WRITE_LOST).or_default() += (loss.lost + loss.torn) as u64;
        }
        self.lock.reopen(&self.location);
    }

    /// What has happened to the machine, as marks with counts.
    pub(crate) fn marks(&self) -> BTreeMap<&'static str, u64> {
        self.machine().marks.clone()
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

    /// For how long its rows go on to be kept; nothing if somebody has its lock to the end.
    pub(crate) fn kept(&self, now_ms: u64, clocks_ms: u64, settings: &Settings) -> Vec<Kept> {
        let held = self.lock.held();
        at_rest::kept_rows(&held.connection, now_ms, clocks_ms, settings).unwrap_or_default()
    }

    /// How often a process committed where it does not wait for the disk, and how many transactions it had not told of.
    pub(crate) fn untold(&self) -> UntoldWrites {
        let machine = self.machine();
        UntoldWrites {
            syncs: machine.disk.syncs_unawaited(),
            transactions: machine.disk.transactions_untold(),
        }
    }

    pub(super) fn sound_key(&self) -> MutexGuard<'_, Option<Sound>> {
        self.sound_key.lock().expect("nobody panics while holding the key")
    }

    /// Its write lock.
    pub fn lock(&self) -> WriteLock {
        self.lock.clone()
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
        if let Behaviour::Limits(limits::Behaviour::Guess { known_as, .. }) = &operation.does {
            people.extend(known_as.as_deref());
        }
        if let Behaviour::Session(does) = &operation.does {
            people.extend(does.others());
        }
        people.insert(match &operation.does {
            Behaviour::Limits(limits::Behaviour::Guess { victim, .. })
            | Behaviour::Limits(limits::Behaviour::Flood { victim, .. })
            | Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail { victim, .. }) => victim,
            Behaviour::Limits(limits::Behaviour::WatchFailures { whose, .. } | limits::Behaviour::Unlock { whose }) => {
                whose
            }
            Behaviour::Limits(limits::Behaviour::BeginLogins { .. } | limits::Behaviour::Spray { .. })
            | Behaviour::Redemption(redemption::Behaviour::StealCodes { .. })
            | Behaviour::Store(store::Behaviour::CheckReplication)
            | Behaviour::Availability(availability::Behaviour::WatchHealth { .. })
            | Behaviour::Directory(_)
            | Behaviour::Registry(_) => continue,
            _ => &operation.who,
        });
    }
    people
}

async fn fill(location: &str, plan: &Plan, epoch: Timestamp) -> Result<(), String> {
    let opened = SqliteDirectory::open(offline::env(epoch), location, Duration::ZERO).await;
    let directory = opened.map_err(|error| error.to_string())?;
    let added = add(&directory, plan, epoch).await;
    added.map_err(|failure| failure.to_string())?;
    match plan.world.expired_tokens {
        0 => Ok(()),
        count => add_expired(location, count, epoch).map_err(|error| error.to_string()),
    }
}

/// Access tokens of the first person, which had expired at the beginning.
fn add_expired(location: &str, count: u64, epoch: Timestamp) -> rusqlite::Result<()> {
    transaction_begins();
    connect(location).execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
         INSERT INTO tokens (token_hash, code_hash, user_id, client_id, scope, expires_at)
         SELECT 'expired token ' || n, 'expired code ' || n, (SELECT min(id) FROM users), 'web', 'openid', ?2 FROM numbers",
        [count, epoch.millis() - 1],
    )?;
    Ok(())
}

pub(crate) async fn add(directory: &SqliteDirectory, plan: &Plan, epoch: Timestamp) -> Outcome<()> {
    for (client, redirect_uris) in RelyingPartyOptions::registered() {
        let hash = |secret: &String| {
            let hash = Sha256::digest(secret.as_bytes());
            ClientSecret::Sha256(hash.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        let secret = client.secret.as_ref().map_or(ClientSecret::None, hash);
        let client = Client {
            id: client.client_id.clone(),
            name: client.client_id.clone(),
            pkce: secret.usual_pkce(),
            secret,
            post_logout_redirect_uris: RelyingPartyOptions::farewells(&client.client_id),
            id_token_alg: Algorithm::named(client.id_token_alg).expect("one that the service has"),
            redirect_uris,
        };
        directory.add_client(&client).await?;
    }
    for who in people(plan) {
        let user = User {
            id: format!("user-{who}"),
            address: address(who),
            name: who.to_owned(),
            username: username(who),
            groups: groups(who),
        };
        directory.add_user(&user).await?;
    }
    // A person is reminded of one thing at one time, however often they ask for it.
    let mut known = BTreeSet::new();
    for reminder in reminders(plan, epoch) {
        let is_new = known.insert((reminder.user_id.clone(), reminder.due.millis()));
        for is_new in [is_new, false] {
            if directory.add_reminder(reminder.clone()).await? != is_new {
                let what = format!(
                    "adding {:?} says that it is {}",
                    reminder.id,
                    if is_new { "known" } else { "new" }
                );
                return Err(Failure::Fail(Cause::Protocol(what)));
            }
        }
    }
    Ok(())
}

/// What the people of a plan are to be reminded of. Some of their names are ones that no Message-ID may have as they are,
/// and some texts have two lines.
pub(crate) fn reminders(plan: &Plan, epoch: Timestamp) -> impl Iterator<Item = Reminder> {
    plan.world.reminders.iter().map(move |reminder| {
        let (who, due_ms) = (&reminder.who, reminder.due_ms);
        let (id, text) = match due_ms % 3 {
            1 => (
                format!("reminder_{who}_{due_ms}"),
                format!("You asked to be reminded at {due_ms} ms."),
            ),
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

/// The name by which clients know somebody: some have none.
pub(crate) fn username(who: &str) -> Option<String> {
    (!who.len().is_multiple_of(3)).then(|| format!("{who}.{}", who.len()))
}

/// The groups that somebody is in: none, one or two.
pub(crate) fn groups(who: &str) -> Vec<String> {
    let all = ["staff".to_owned(), format!("friends of {who}")];
    all.into_iter().take(who.len() % 3).collect()
}

/// The address of somebody.
pub(crate) fn address(who: &str) -> String {
    format!("{}@example.com", who.to_lowercase())
}
