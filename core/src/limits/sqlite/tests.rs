use super::*;
use crate::{
    leader::{EpochRepository, ExpiryRepository},
    store::{
        sqlite::testing::{in_memory, open},
        testing::Fixture,
    },
    users::User,
};

const LIMIT: u64 = 3;
const DAY: Duration = Duration::from_secs(24 * 3600);
const ANN: &str = "ann@example.com";

fn attempt(address: &str, known: Option<&str>) -> CountedAttempt {
    CountedAttempt {
        address: address.into(),
        known: known.map(str::to_owned),
        at: Timestamp(1000),
        limit: LIMIT,
    }
}

fn browser(name: &str, at: u64) -> KnownBrowser {
    KnownBrowser {
        cookie_hash: name.into(),
        user_id: "user-ann".into(),
        address: ANN.into(),
        at: Timestamp(at),
        until: Timestamp(at) + DAY,
        at_most: 2,
    }
}

async fn directory(fixture: &Fixture, name: &str) -> SqliteDirectory {
    let directory = open(fixture, &in_memory(name)).await;
    for name in ["ann", "bob"] {
        let user = User {
            id: format!("user-{name}"),
            address: format!("{name}@example.com"),
            name: name.into(),
            ..User::default()
        };
        directory.add_user(&user).await.expect("a user");
    }
    directory
}

#[tokio::test]
async fn attempts_count_for_anybody_up_to_the_limit_and_are_forgotten_on_success() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("failures")).await;
    let nobody = "nobody@example.com";
    assert_eq!(a.failures(nobody).await, Ok(0));
    for counted in [Some(1), Some(2), Some(3), None, None] {
        assert_eq!(a.count_attempt(attempt(nobody, None)).await, Ok(counted));
    }
    assert_eq!(a.failures(nobody).await, Ok(LIMIT));
    a.clear_failures(nobody).await.unwrap();
    assert_eq!(a.count_attempt(attempt(nobody, None)).await, Ok(Some(1)));
}

#[tokio::test]
async fn a_known_browser_counts_by_itself() {
    let fixture = Fixture::new();
    let a = directory(&fixture, "known").await;
    let is_known = |cookie: &'static str, address: &'static str, at: u64| {
        let a = &a;
        async move { a.is_known(cookie, address, Timestamp(at), LIMIT).await.unwrap() }
    };
    assert!(!is_known("laptop", ANN, 0).await);
    for _ in 0..LIMIT {
        a.count_attempt(attempt(ANN, None)).await.unwrap();
    }
    a.succeed(browser("laptop", 0)).await.unwrap();
    assert_eq!(a.failures(ANN).await, Ok(0), "a success ends the row");
    assert!(is_known("laptop", ANN, 1000).await);
    assert!(
        !is_known("laptop", "bob@example.com", 1000).await,
        "it knows one person"
    );
    assert!(!is_known("phone", ANN, 1000).await);
    assert!(!is_known("laptop", ANN, DAY.as_millis() as u64).await, "for so long");

    // Locked for everybody else.
    for counted in [Some(1), Some(2), Some(3), None] {
        assert_eq!(a.count_attempt(attempt(ANN, None)).await, Ok(counted));
    }
    assert_eq!(a.count_attempt(attempt(ANN, Some("laptop"))).await, Ok(Some(1)));
    a.count_attempt(attempt(ANN, Some("laptop"))).await.unwrap();
    assert!(is_known("laptop", ANN, 1000).await);
    a.count_attempt(attempt(ANN, Some("laptop"))).await.unwrap();
    assert!(!is_known("laptop", ANN, 1000).await, "too many in a row there");
    assert_eq!(
        a.count_attempt(attempt(ANN, Some("laptop"))).await,
        Ok(None),
        "and then as anybody"
    );
    a.succeed(browser("laptop", 2000)).await.unwrap();
    assert!(is_known("laptop", ANN, 3000).await);
}

#[tokio::test]
async fn the_browser_that_was_not_used_for_longest_is_forgotten() {
    let fixture = Fixture::new();
    let a = directory(&fixture, "browsers").await;
    for (name, at) in [("laptop", 1), ("phone", 2), ("laptop", 3), ("tablet", 4)] {
        a.succeed(browser(name, at)).await.unwrap();
    }
    for (name, known) in [("laptop", true), ("phone", false), ("tablet", true)] {
        assert_eq!(a.is_known(name, ANN, Timestamp(5), LIMIT).await, Ok(known), "{name}");
    }
}

#[tokio::test]
async fn addresses_that_nobody_has_are_kept_up_to_a_number() {
    const KEPT: u64 = 10_000;
    let fixture = Fixture::new();
    let a = directory(&fixture, "made-up").await;
    let epoch = a.begin_epoch("idp-a").await.unwrap();
    // Hers is the oldest, and is kept.
    a.count_attempt(attempt(ANN, None)).await.unwrap();
    a.write(|t| {
        let mut insert = t.prepare_cached("INSERT INTO failures (address, count, failed_at) VALUES (?1, 3, ?2)")?;
        for n in 0..KEPT + 600 {
            insert.execute(params![format!("made-up-{n}@example.com"), 2000 + n])?;
        }
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(a.sweep(epoch, Timestamp(1 << 40)).await, Ok(600));
    assert_eq!(a.sweep(epoch, Timestamp(1 << 40)).await, Ok(0));
    assert_eq!(a.failures(ANN).await, Ok(1));
    for (n, left) in [(0, 0), (599, 0), (600, 3), (KEPT + 599, 3)] {
        assert_eq!(a.failures(&format!("made-up-{n}@example.com")).await, Ok(left), "{n}");
    }
}
