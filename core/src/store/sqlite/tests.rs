use super::*;
use crate::{
    seams::{
        Client, ClientSecret, CodeRedemption, Directory, Redeemed, Reminder, ReminderClaim, Session, SessionOpening,
        SigningKeyRecord, Timestamp, TokenRecord, User,
    },
    store::testing::{Fixture, START},
};
use std::{future::Future, path::PathBuf, pin::pin, task::Poll};

const WAIT: Duration = Duration::from_millis(1000);
const HOUR: Duration = Duration::from_secs(3600);

/// A database of its own for each test: in memory and shared by name, or a file.
fn in_memory(test: &str) -> String {
    format!("file:/{test}?vfs=memdb")
}

struct TempFile(PathBuf);

impl TempFile {
    fn new(test: &str) -> TempFile {
        let path = std::env::temp_dir().join(format!("squall-{}-{test}.sqlite", std::process::id()));
        let file = TempFile(path);
        file.remove();
        file
    }

    fn location(&self) -> String {
        self.0.display().to_string()
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        self.remove();
    }
}

async fn open(fixture: &Fixture, location: &str) -> SqliteDirectory {
    let directory = SqliteDirectory::open(fixture.env("idp-a"), location, WAIT)
        .await
        .expect("it opens");
    let user = User {
        id: "user-ann".into(),
        address: "ann@example.com".into(),
        name: "Ann".into(),
    };
    directory.add_user(&user).await.expect("a user");
    directory.add_client(&web()).await.expect("a client");
    directory
}

fn web() -> Client {
    Client {
        id: "web".into(),
        name: "Web".into(),
        secret: ClientSecret::None,
        redirect_uris: vec!["https://app.example/z".into(), "https://app.example/a".into()],
    }
}

fn redemption(code: &str, token: &str) -> CodeRedemption {
    CodeRedemption {
        code_hash: code.into(),
        remember_until: START + HOUR,
        token: TokenRecord {
            token_hash: token.into(),
            user_id: "user-ann".into(),
            client_id: "web".into(),
            scope: "openid".into(),
            expires_at: START + HOUR,
        },
    }
}

fn session(id: &str, code: &str) -> Session {
    Session {
        id_hash: id.into(),
        user_id: "user-ann".into(),
        authenticated_at: START,
        expires_at: START + HOUR,
        opened_by: code.into(),
    }
}

fn reminder(id: &str, due: Timestamp) -> Reminder {
    Reminder {
        id: id.into(),
        user_id: "user-ann".into(),
        address: "ann@example.com".into(),
        text: "Water the plants".into(),
        due,
    }
}

/// Somebody else with the write lock.
struct Locker(Connection);

impl Locker {
    fn lock(location: &str) -> Locker {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(location, flags).expect("it opens");
        connection.busy_timeout(Duration::ZERO).expect("no waiting");
        connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        Locker(connection)
    }

    fn unlock(&self) {
        self.0.execute_batch("ROLLBACK").expect("unlocked");
    }
}

async fn code_is_redeemed_once_by_either_replica(location: &str) {
    let fixture = Fixture::new();
    let (a, b) = (open(&fixture, location).await, open(&fixture, location).await);
    assert_eq!(a.redeem(redemption("code", "t1")).await, Ok(Redeemed::Now));
    assert!(
        b.token("t1", START).await.unwrap().is_some(),
        "seen by the other replica"
    );
    assert_eq!(b.redeem(redemption("code", "t2")).await, Ok(Redeemed::AlreadySpent));
    assert_eq!(a.token("t1", START).await, Ok(None), "revoked by the reuse");
    assert_eq!(a.token("t2", START).await, Ok(None), "never recorded");
    assert_eq!(a.redeem(redemption("other", "t3")).await, Ok(Redeemed::Now));
    assert_eq!(a.token("t3", START + HOUR).await, Ok(None), "expired");
    assert_eq!(fixture.marks.seen("redemption met a spent code"), 1);
}

#[tokio::test]
async fn a_code_is_redeemed_once_in_memory() {
    code_is_redeemed_once_by_either_replica(&in_memory("redeem")).await;
}

#[tokio::test]
async fn a_code_is_redeemed_once_in_a_file() {
    let file = TempFile::new("redeem");
    code_is_redeemed_once_by_either_replica(&file.location()).await;
}

#[tokio::test]
async fn a_file_remembers_and_syncs_every_commit() {
    let file = TempFile::new("remember");
    let fixture = Fixture::new();
    let first = open(&fixture, &file.location()).await;
    assert_eq!(first.redeem(redemption("code", "t1")).await, Ok(Redeemed::Now));
    drop(first);
    let again = open(&fixture, &file.location()).await;
    assert_eq!(again.redeem(redemption("code", "t2")).await, Ok(Redeemed::AlreadySpent));
    let pragma = |name: &str| -> String {
        let connection = again.connection();
        connection
            .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |r| {
                r.get(0)
            })
            .expect("a pragma")
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2", "FULL");
    assert_eq!(pragma("foreign_keys"), "1");
}

#[tokio::test]
async fn a_one_time_code_opens_one_session() {
    let fixture = Fixture::new();
    let location = in_memory("sessions");
    let (a, b) = (open(&fixture, &location).await, open(&fixture, &location).await);
    let until = START + HOUR;
    let opened = a.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(opened, Ok(SessionOpening::Opened));
    let double_click = b.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(double_click, Ok(SessionOpening::AlreadyOpen));
    let thief = b.open_session(session("s2", "otp"), "otp", until).await;
    assert_eq!(thief, Ok(SessionOpening::CodeSpent));
    assert_eq!(b.session("s1", START).await, Ok(Some(session("s1", "otp"))));
    assert_eq!(b.session("s2", START).await, Ok(None));
    assert_eq!(b.session("s1", until).await, Ok(None), "expired");
    assert_eq!(b.end_session("s1").await, Ok(true));
    assert_eq!(a.end_session("s1").await, Ok(false));
    let after_logout = a.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(after_logout, Ok(SessionOpening::CodeSpent));
}

#[tokio::test]
async fn only_the_newest_epoch_claims() {
    let fixture = Fixture::new();
    let location = in_memory("epochs");
    let (a, b) = (open(&fixture, &location).await, open(&fixture, &location).await);
    assert_eq!(a.add_reminder(reminder("r1", START)).await, Ok(true));
    assert_eq!(
        a.add_reminder(reminder("again", START)).await,
        Ok(false),
        "same user and time"
    );
    a.add_reminder(reminder("r2", START + HOUR)).await.unwrap();
    assert_eq!(a.due_reminders(START, 10).await.unwrap(), [reminder("r1", START)]);

    let old = a.begin_epoch("idp-a").await.unwrap();
    let new = b.begin_epoch("idp-b").await.unwrap();
    assert!(new > old);
    assert_eq!(a.claim_reminder("r1", old, START).await, Ok(ReminderClaim::Fenced));
    assert_eq!(b.claim_reminder("r1", new, START).await, Ok(ReminderClaim::Claimed));
    assert_eq!(b.claim_reminder("r1", new, START).await, Ok(ReminderClaim::Taken));
    assert_eq!(a.due_reminders(START, 10).await.unwrap(), []);

    assert_eq!(a.unclaim_reminder("r1", old).await, Ok(false), "not its claim");
    assert_eq!(b.unclaim_reminder("r1", new).await, Ok(true));
    assert_eq!(b.claim_reminder("r1", new, START).await, Ok(ReminderClaim::Claimed));
    assert_eq!(b.finish_reminder("r1", new).await, Ok(true));
    assert_eq!(b.unclaim_reminder("r1", new).await, Ok(false), "it was sent");
    assert_eq!(fixture.marks.seen("epoch fenced"), 1);
}

#[tokio::test]
async fn the_ledger_outlives_a_clock_that_runs_ahead() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("sweep")).await;
    let epoch = a.begin_epoch("idp-a").await.unwrap();
    a.redeem(redemption("code", "t1")).await.unwrap();
    a.open_session(session("s1", "otp"), "otp", START + HOUR).await.unwrap();
    assert_eq!(a.sweep(epoch, START).await, Ok(0));
    assert_eq!(
        a.sweep(epoch, START + 2 * HOUR).await,
        Ok(2),
        "the session and the token"
    );
    assert_eq!(a.redeem(redemption("code", "t2")).await, Ok(Redeemed::AlreadySpent));
    assert_eq!(a.sweep(epoch, START + 48 * HOUR).await, Ok(2), "both codes");
    let newer = a.begin_epoch("idp-b").await.unwrap();
    assert!(newer > epoch);
    assert!(matches!(
        a.sweep(epoch, START + 48 * HOUR).await,
        Err(Failure::Fail(Cause::Refused(_)))
    ));
}

#[tokio::test]
async fn failures_count_for_anybody_and_are_forgotten_on_success() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("failures")).await;
    assert_eq!(a.failures("nobody@example.com").await, Ok(0));
    assert_eq!(a.count_failure("nobody@example.com").await, Ok(1));
    assert_eq!(a.count_failure("nobody@example.com").await, Ok(2));
    assert_eq!(a.failures("nobody@example.com").await, Ok(2));
    a.clear_failures("nobody@example.com").await.unwrap();
    assert_eq!(a.count_failure("nobody@example.com").await, Ok(1));
}

#[tokio::test]
async fn the_first_key_and_the_first_pepper_win() {
    let fixture = Fixture::new();
    let location = in_memory("keys");
    let (a, b) = (open(&fixture, &location).await, open(&fixture, &location).await);
    let key = |kid: &str| SigningKeyRecord {
        kid: kid.into(),
        pkcs8: vec![1, 2, 3],
        created_at: START,
    };
    let kids = |keys: Vec<SigningKeyRecord>| keys.into_iter().map(|k| k.kid).collect::<Vec<_>>();
    assert_eq!(kids(a.ensure_signing_key(key("k1")).await.unwrap()), ["k1"]);
    assert_eq!(kids(b.ensure_signing_key(key("k2")).await.unwrap()), ["k1"]);
    assert_eq!(kids(b.signing_keys().await.unwrap()), ["k1"]);
    assert_eq!(a.ensure_pepper([1; 32]).await, Ok([1; 32]));
    assert_eq!(b.ensure_pepper([2; 32]).await, Ok([1; 32]));
}

#[tokio::test]
async fn people_and_clients_are_found_as_they_were_added() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("people")).await;
    assert_eq!(a.client("web").await, Ok(Some(web())), "redirect URIs in their order");
    assert_eq!(a.client("nobody").await, Ok(None));
    let ann = a.user_by_address("ann@example.com").await.unwrap();
    assert_eq!(ann, a.user("user-ann").await.unwrap());
    let mut changed = web();
    changed.secret = ClientSecret::Sha256("ab".into());
    changed.redirect_uris = vec!["https://app.example/callback".into()];
    a.add_client(&changed).await.unwrap();
    assert_eq!(a.client("web").await, Ok(Some(changed)));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_stays_is_a_definite_failure() {
    let fixture = Fixture::new();
    let location = in_memory("busy");
    let a = open(&fixture, &location).await;
    let locker = Locker::lock(&location);
    let began = Instant::now();
    assert_eq!(
        a.redeem(redemption("code", "t1")).await,
        Err(Failure::Fail(Cause::Busy))
    );
    assert_eq!(began.elapsed(), WAIT);
    locker.unlock();
    assert_eq!(a.redeem(redemption("code", "t1")).await, Ok(Redeemed::Now));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_goes_is_waited_for() {
    let file = TempFile::new("patience");
    for location in [in_memory("patience"), file.location()] {
        let fixture = Fixture::new();
        let a = open(&fixture, &location).await;
        let locker = Locker::lock(&location);
        let mut redeeming = pin!(a.redeem(redemption("code", "t1")));
        let first = std::future::poll_fn(|cx| Poll::Ready(redeeming.as_mut().poll(cx))).await;
        assert!(first.is_pending());
        locker.unlock();
        assert_eq!(redeeming.await, Ok(Redeemed::Now));
        assert_eq!(fixture.marks.seen("directory busy"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_disk_decides_between_fail_and_unknown() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("disk")).await;
    let storage = &fixture.storage;

    storage.fail(StorageMoment::Begin, StorageFault::Io, 1);
    let result = a.redeem(redemption("c1", "t1")).await;
    assert!(matches!(result, Err(Failure::Fail(Cause::Storage(_)))), "{result:?}");

    storage.fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    let result = a.redeem(redemption("c1", "t1")).await;
    assert!(matches!(result, Err(Failure::Fail(Cause::Storage(_)))), "{result:?}");
    assert_eq!(a.token("t1", START).await, Ok(None), "rolled back");

    storage.fail(StorageMoment::AfterCommit, StorageFault::Io, 1);
    let result = a.redeem(redemption("c1", "t1")).await;
    assert!(matches!(result, Err(Failure::Unknown(Cause::Storage(_)))), "{result:?}");
    assert!(a.token("t1", START).await.unwrap().is_some(), "it did happen");
    assert_eq!(a.redeem(redemption("c1", "t2")).await, Ok(Redeemed::AlreadySpent));

    storage.fail(StorageMoment::BeforeCommit, StorageFault::Busy, 3);
    assert_eq!(a.redeem(redemption("c2", "t2")).await, Ok(Redeemed::Now), "tried again");
    assert_eq!(fixture.marks.seen("directory busy"), 3);

    storage.fail(StorageMoment::Begin, StorageFault::Io, 1);
    assert!(a.session("s", START).await.is_err(), "an error is not an absence");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let file = TempFile::new("newer");
    let fixture = Fixture::new();
    drop(open(&fixture, &file.location()).await);
    let other = Connection::open(&file.0).unwrap();
    other.pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    let refused = SqliteDirectory::open(fixture.env("idp-a"), &file.location(), WAIT).await;
    let Err(error) = refused else { panic!("it opened") };
    assert_eq!(
        error.to_string(),
        "the directory has schema version 2, this release knows versions up to 1: run a newer release"
    );
}

#[tokio::test]
async fn a_place_without_a_database_is_an_error() {
    let fixture = Fixture::new();
    let opened = SqliteDirectory::open(fixture.env("idp-a"), "/nowhere/at/all.sqlite", WAIT).await;
    assert!(matches!(opened, Err(DirectoryError::Open { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_commit_waits_for_the_disk_if_it_has_written_something() {
    let fixture = Fixture::new();
    let directory = open(&fixture, &in_memory("slow")).await;
    let slow = Duration::from_millis(50);
    fixture.storage.slow_by(slow);
    let began = Instant::now();
    directory
        .clear_failures("ann@example.com")
        .await
        .expect("nothing to clear");
    directory.failures("ann@example.com").await.expect("a read");
    assert_eq!(began.elapsed(), Duration::ZERO);
    directory.count_failure("ann@example.com").await.expect("a write");
    assert_eq!(began.elapsed(), slow);
}
