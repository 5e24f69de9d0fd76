use super::*;
use crate::store::{
    sqlite::testing::{HOUR, TempFile, ann, in_memory, open, redemption},
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
    assert_eq!(
        b.redeem(redemption("code", "t2")).await,
        Ok(Redeemed::AlreadySpent { revoked_of: ann() })
    );
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

/// RFC 6749 section 4.1.2: found by the code, revoked once, for whichever replica.
#[tokio::test]
async fn the_token_of_a_spent_code_is_revoked() {
    let fixture = Fixture::new();
    let location = in_memory("reuse");
    let (a, b) = (open(&fixture, &location).await, open(&fixture, &location).await);
    assert_eq!(b.spent_code("code").await, Ok(None));
    let redemption = redemption("code", "t1");
    let spent = |is_revoked| {
        let binding = redemption.binding.clone();
        Ok(Some(SpentCode { binding, is_revoked }))
    };
    a.redeem(redemption.clone()).await.unwrap();
    assert_eq!(b.spent_code("code").await, spent(false));
    assert_eq!(b.revoke_token_of("other").await, Ok(None));
    assert!(a.token("t1", START).await.unwrap().is_some());
    assert_eq!(b.revoke_token_of("code").await, Ok(ann()));
    assert_eq!(b.revoke_token_of("code").await, Ok(None));
    assert_eq!(a.spent_code("code").await, spent(true));
    assert_eq!(a.token("t1", START).await, Ok(None));
}
