use super::{
    testing::{TempFile, WAIT, ann, in_memory, open, redemption},
    *,
};
use crate::{
    limits::{CountedAttempt, FailureRepository},
    redemption::{Redeemed, TokenRepository},
    session::SessionRepository,
    store::testing::{Fixture, START},
};
use rusqlite::OpenFlags;
use std::{future::Future, pin::pin, task::Poll};

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

#[tokio::test]
async fn a_file_remembers_and_syncs_every_commit() {
    let file = TempFile::new("remember");
    let fixture = Fixture::new();
    let first = open(&fixture, &file.location()).await;
    assert_eq!(first.redeem(redemption("code", "t1")).await, Ok(Redeemed::Now));
    drop(first);
    let again = open(&fixture, &file.location()).await;
    assert_eq!(
        again.redeem(redemption("code", "t2")).await,
        Ok(Redeemed::AlreadySpent { revoked_of: ann() })
    );
    let pragma = |name: &str| -> String {
        let connection = again.connections.writer();
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
    assert_eq!(
        a.redeem(redemption("c1", "t2")).await,
        Ok(Redeemed::AlreadySpent { revoked_of: ann() })
    );

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
    let known = schema::version(crate::registry::SCHEMAS);
    other.pragma_update(None, "user_version", known + 1).unwrap();
    let refused = SqliteDirectory::open(fixture.env("idp-a"), &file.location(), WAIT).await;
    let Err(error) = refused else { panic!("it opened") };
    assert_eq!(
        error.to_string(),
        format!(
            "the directory has schema version {}, this release knows versions up to {known}: run a newer release",
            known + 1
        )
    );
}

#[tokio::test]
async fn the_database_of_another_program_is_left_as_it_is() {
    let file = TempFile::new("others");
    let other = Connection::open(&file.0).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    let fixture = Fixture::new();
    let opened = SqliteDirectory::open(fixture.env("idp-a"), &file.location(), WAIT).await;
    assert!(matches!(opened, Err(DirectoryError::NotOurs { .. })));
    let tables: u32 = (other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))).unwrap();
    assert_eq!(tables, 1, "nothing was made");
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
    let attempt = CountedAttempt {
        address: "ann@example.com".into(),
        known: None,
        at: seams::Timestamp(0),
        limit: 1,
    };
    directory.count_attempt(attempt).await.expect("a write");
    assert_eq!(began.elapsed(), slow);
}

#[tokio::test(start_paused = true)]
async fn those_who_write_at_the_same_time_commit_together_and_those_who_read_wait_for_nobody() {
    let (fixture, file) = (Fixture::new(), TempFile::new("queue"));
    fixture.clock.follow_tokio();
    let directory = open(&fixture, &file.location()).await;
    let began = Instant::now();
    let slow = Duration::from_millis(300);
    fixture.storage.slow_by(slow);
    let write = async |code: &'static str| {
        let redeemed = directory.redeem(redemption(code, code)).await;
        (redeemed, began.elapsed())
    };
    let fail = async {
        let twice = "INSERT INTO users (id, address, name, username) VALUES ('u', 'a', 'n', 'x'), ('u', 'b', 'n', 'y')";
        directory.write(|t| t.execute(twice, [])).await
    };
    let read = async {
        sleep(Duration::from_millis(10)).await;
        let found = directory.token("c1", START).await;
        (found, began.elapsed())
    };
    let (first, second, failed, again, last, read) =
        tokio::join!(write("c1"), write("c2"), fail, write("c2"), write("c3"), read);
    assert_eq!(read, (Ok(None), Duration::from_millis(10)), "it is not there yet");
    assert_eq!(first, (Ok(Redeemed::Now), slow));
    let together = slow * 2 + Duration::from_millis(22);
    assert_eq!(second, (Ok(Redeemed::Now), together));
    assert_eq!(
        again,
        (Ok(Redeemed::AlreadySpent { revoked_of: ann() }), together),
        "each sees what those before it did"
    );
    assert_eq!(last, (Ok(Redeemed::Now), together));
    assert!(
        matches!(failed, Err(Failure::Fail(Cause::Storage(_)))),
        "alone: {failed:?}"
    );
    let people = directory.read(|t| t.query_row("SELECT count(*) FROM users WHERE id = 'u'", [], |row| row.get(0)));
    assert_eq!(people.await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_for_others_has_written_nothing() {
    let (fixture, file) = (Fixture::new(), TempFile::new("patience-in-queue"));
    let directory = open(&fixture, &file.location()).await;
    let began = Instant::now();
    fixture.storage.slow_by(WAIT * 2);
    let late = async {
        let redeemed = directory.redeem(redemption("c2", "t2")).await;
        (redeemed, began.elapsed())
    };
    let (first, late) = tokio::join!(directory.redeem(redemption("c1", "t1")), late);
    assert_eq!(
        (first, late),
        (Ok(Redeemed::Now), (Err(Failure::Fail(Cause::Busy)), WAIT))
    );
    assert_eq!(directory.token("t2", START).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn what_the_disk_does_to_a_commit_it_does_to_all_who_commit_together() {
    for (at, is_unknown) in [(StorageMoment::BeforeCommit, false), (StorageMoment::AfterCommit, true)] {
        let (fixture, file) = (Fixture::new(), TempFile::new("together"));
        let directory = open(&fixture, &file.location()).await;
        fixture.storage.slow_by(Duration::from_millis(30));
        let write = async |code: &'static str| directory.redeem(redemption(code, code)).await;
        let breaks = async {
            sleep(Duration::from_millis(40)).await; // after the first commit
            fixture.storage.fail(at, StorageFault::Io, 1);
        };
        let (first, second, third, ()) = tokio::join!(write("c1"), write("c2"), write("c3"), breaks);
        assert_eq!(first, Ok(Redeemed::Now));
        for failed in [second, third] {
            assert_eq!(failed.expect_err("it failed").is_unknown(), is_unknown);
        }
        assert_eq!(
            directory.token("c3", START).await.expect("a read").is_some(),
            is_unknown
        );
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_else_gets_the_lock_between_two_long_commits() {
    let (fixture, file) = (Fixture::new(), TempFile::new("turns"));
    fixture.clock.follow_tokio();
    let (a, b) = (
        open(&fixture, &file.location()).await,
        open(&fixture, &file.location()).await,
    );
    fixture.storage.slow_by(Duration::from_millis(80));
    let began = Instant::now();
    let write = async |directory: &SqliteDirectory, code: &'static str| {
        directory
            .redeem(redemption(code, code))
            .await
            .expect("it gets the lock");
        began.elapsed()
    };
    let (.., last, other) = tokio::join!(
        write(&a, "a1"),
        write(&a, "a2"),
        write(&a, "a3"),
        write(&a, "a4"),
        write(&b, "b1")
    );
    assert!(other < Duration::from_millis(80 + 22 + 80 + 1), "{other:?}");
    assert!(last > other);
}

#[tokio::test(start_paused = true)]
async fn who_goes_in_the_midst_of_a_commit_has_written_nothing_and_leaves_the_lock() {
    let (fixture, file) = (Fixture::new(), TempFile::new("gone"));
    let directory = open(&fixture, &file.location()).await;
    fixture.storage.slow_by(Duration::from_millis(100));
    let gone = tokio::time::timeout(Duration::from_millis(50), directory.redeem(redemption("code", "t1"))).await;
    assert!(gone.is_err());
    drop(Locker::lock(&file.location()));
    assert_eq!(directory.redeem(redemption("code", "t2")).await, Ok(Redeemed::Now));
}

/// A matter that was there in the first version.
const FIRST: Schema = Schema {
    matter: "first",
    statements: &[(1, "CREATE TABLE first (id TEXT PRIMARY KEY) STRICT;")],
    expiring: &[],
};
/// The same matter in the next release, and another that came with it.
const NEXT: &[Schema] = &[
    Schema {
        matter: "second",
        statements: &[(2, "CREATE TABLE second (id TEXT REFERENCES first (id)) STRICT;")],
        expiring: &[],
    },
    Schema {
        statements: &[FIRST.statements[0], (2, "ALTER TABLE first ADD COLUMN name TEXT;")],
        ..FIRST
    },
];

#[tokio::test]
async fn a_database_gets_what_it_lacks_and_keeps_what_it_has() {
    let fixture = Fixture::new();
    let open =
        async |location: &str, schemas| SqliteDirectory::open_with(fixture.env("idp-a"), location, WAIT, schemas).await;
    let use_all = async |directory: &SqliteDirectory| {
        let insert = |t: &Connection| {
            t.execute_batch("INSERT INTO first VALUES ('new', 'n'); INSERT INTO second VALUES ('new');")?;
            t.query_row("SELECT count(*) FROM first", [], |row| row.get::<_, u64>(0))
        };
        directory.write(insert).await
    };
    let empty = open(&in_memory("empty"), NEXT).await.expect("a new one");
    assert_eq!(use_all(&empty).await, Ok(1));

    let location = in_memory("migrated");
    let old = open(&location, &[FIRST]).await.expect("a new one");
    old.write(|t| t.execute_batch("INSERT INTO first VALUES ('old')"))
        .await
        .expect("a row");
    let new = open(&location, NEXT).await.expect("an older one is brought up to date");
    assert_eq!(use_all(&new).await, Ok(2));
    assert!(open(&location, NEXT).await.is_ok(), "once");
    let refused = open(&location, &[FIRST]).await.err();
    assert!(
        matches!(refused, Some(DirectoryError::NewerSchema { found: 2, known: 1 })),
        "{refused:?}"
    );
}
