use super::*;
use crate::store::{
    sqlite::testing::{HOUR, TempFile, in_memory, open, redemption},
    testing::{Fixture, START},
};

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
