//! Sessions, as people see them.

use crate::testing::{AUTHORIZE, Browser, TestBed};
use seams::{StorageFault, StorageMoment};

const DOWN: (u16, &str, &str) = (503, "error", "temporarily-unavailable");

#[tokio::test(start_paused = true)]
async fn a_session_ends_for_every_replica_and_a_stolen_cookie_with_it() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let mut thief = Browser {
        replica: 1,
        ..ann.clone()
    };
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "true");
    ann.post(&bed, "/logout", &[]).await;
    assert_eq!(thief.get(&bed, "/").await.signed_in(), "false");

    let mut late = Browser::default();
    late.log_in(&bed).await;
    bed.fixture.clock.pass(bed.config.ttl.session.as_millis() as u64 + 1);
    assert_eq!(late.get(&bed, "/").await.signed_in(), "false");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_logged_out_by_a_failure() {
    let bed = TestBed::new().await;
    let mut ann = Browser::default();
    ann.log_in(&bed).await;
    let cookie = ann.cookie("__Host-session").map(str::to_owned);
    for path in ["/", AUTHORIZE] {
        bed.fixture.storage.fail(StorageMoment::Begin, StorageFault::Io, 1);
        let seen = ann.get(&bed, path).await;
        assert_eq!(seen.page(), DOWN, "{path}");
        assert!(seen.body.contains(seen.header("x-correlation-id")));
    }
    bed.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    assert_eq!(ann.post(&bed, "/logout", &[]).await.page(), DOWN);
    assert_eq!(
        ann.cookie("__Host-session").map(str::to_owned),
        cookie,
        "kept, for the session is not ended"
    );
    assert_eq!(ann.get(&bed, "/").await.signed_in(), "true");
}
