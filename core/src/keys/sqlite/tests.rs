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
        algorithm: Algorithm::Es256,
        pkcs8: vec![1, 2, 3],
        created_at: START,
    };
    let kids = |keys: Vec<SigningKeyRecord>| keys.into_iter().map(|k| k.kid).collect::<Vec<_>>();
    assert_eq!(kids(a.ensure_signing_key(key("k1")).await.unwrap()), ["k1"]);
    assert_eq!(kids(b.ensure_signing_key(key("k2")).await.unwrap()), ["k1"]);
    assert_eq!(kids(b.signing_keys().await.unwrap()), ["k1"]);
    let rsa = |kid| SigningKeyRecord {
        algorithm: Algorithm::Rs256,
        created_at: START + std::time::Duration::from_secs(1),
        ..key(kid)
    };
    for kid in ["k3", "k4"] {
        let stored = a.ensure_signing_key(rsa(kid)).await.unwrap();
        let algorithms: Vec<_> = stored.iter().map(|key| key.algorithm).collect();
        assert_eq!(algorithms, [Algorithm::Rs256, Algorithm::Es256]);
        assert_eq!(kids(stored), ["k3", "k1"], "one of each algorithm, the newest first");
    }
    assert_eq!(a.ensure_pepper([1; 32]).await, Ok([1; 32]));
    assert_eq!(b.ensure_pepper([2; 32]).await, Ok([1; 32]));
}
