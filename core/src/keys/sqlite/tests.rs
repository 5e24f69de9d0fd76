use super::*;
use crate::store::{
    sqlite::testing::{in_memory, open},
    testing::{Fixture, START},
};

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
