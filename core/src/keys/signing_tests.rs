use super::*;
use crate::testing::rsa::{FixedRsaKeys, RSA_KEYS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

fn key(byte: u8) -> SigningKeyRecord {
    SigningKey::generate(|| [byte; 32], Timestamp(5)).unwrap()
}

fn rsa(nth: usize) -> SigningKeyRecord {
    SigningKey::record(RSA_KEYS[nth].to_vec(), Algorithm::Rs256, Timestamp(5)).unwrap()
}

#[test]
fn numbers_off_the_curve_are_drawn_again() {
    let mut draws = [[0; 32], [0xff; 32], [3; 32]].into_iter();
    let drawn = SigningKey::generate(|| draws.next().unwrap(), Timestamp(5)).unwrap();
    assert!(drawn == key(3));
    assert!(drawn.kid != key(4).kid && drawn.kid.len() == 16);
}

#[test]
fn what_these_keys_have_signed_is_known_again_and_nothing_else() {
    let records = [key(2), key(1), rsa(0), rsa(1)];
    let keys = Keys {
        keys: records.iter().map(|record| SigningKey::read(record).unwrap()).collect(),
    };
    let claims = json!({ "sub": "user-ann" }).as_object().cloned().unwrap();
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let other = encode(json!({ "sub": "user-bob" }));
    for (own, twin, stranger) in [(key(1), key(2), key(3)), (rsa(0), rsa(1), rsa(2))] {
        let [own_kid, twin_kid] = [&own, &twin].map(|record| record.kid.clone());
        let own = SigningKey::read(&own).unwrap();
        let good = own.sign(&claims);
        assert_eq!(keys.verify(&good), Some(claims.clone()));
        let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let unsigned = encode(json!({ "alg": "none", "kid": own_kid }));
        let as_twin = encode(json!({ "alg": own.algorithm().name(), "kid": twin_kid }));
        let symmetric = encode(json!({ "alg": "HS256", "kid": own_kid }));
        for bad in [
            SigningKey::read(&stranger).unwrap().sign(&claims),
            format!("{header}.{other}.{signature}"),
            format!("{unsigned}.{payload}."),
            format!("{unsigned}.{payload}.{signature}"),
            format!("{symmetric}.{payload}.{signature}"),
            format!("{as_twin}.{payload}.{signature}"),
            format!("{header}.{payload}"),
            format!("{good}A"),
            format!(" {good}"),
            good[..good.len() - 1].to_owned(),
            "nonsense".to_owned(),
            String::new(),
        ] {
            assert_eq!(keys.verify(&bad), None, "{bad}");
        }
    }
}

#[test]
fn a_torn_key_is_named_and_a_key_of_another_kind_is_none() {
    let mut torn = key(1);
    torn.pkcs8.truncate(20);
    let why = SigningKey::read(&torn).err().unwrap().to_string();
    assert_eq!(why, format!("signing key {} is not PKCS#8 of a P-256 key", torn.kid));
    let other = SigningKey::record(key(1).pkcs8, Algorithm::Rs256, Timestamp(5)).err();
    let why = other.unwrap().to_string();
    assert_eq!(why, "signing key new is not PKCS#8 of an RSA key of 2048 to 4096 bits");
    assert!(SigningKey::record(rsa(0).pkcs8, Algorithm::Es256, Timestamp(5)).is_err());
}

/// Two that start together, on a new directory and on one of a release that had no RSA key.
#[tokio::test]
async fn both_replicas_agree_on_a_key_of_each_kind() {
    use crate::store::{
        sqlite::testing::{in_memory, open},
        testing::Fixture,
    };
    for has_old_key in [false, true] {
        let fixture = Fixture::new();
        let location = in_memory(&format!("keys-{has_old_key}"));
        let directory = open(&fixture, &location).await;
        if has_old_key {
            directory.ensure_signing_key(key(7)).await.unwrap();
        }
        let (env, maker) = (fixture.env("idp-a"), FixedRsaKeys::default());
        let (a, b) = tokio::join!(
            Keys::load(&env, &directory, &maker),
            Keys::load(&env, &directory, &maker)
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        let published = |keys: &Keys| keys.all().iter().map(|key| key.jwk()).collect::<Vec<_>>();
        assert_eq!(published(&a), published(&b));
        assert_eq!(published(&a).len(), 2);
        for algorithm in Algorithm::ALL {
            assert_eq!(a.newest(algorithm).jwk(), b.newest(algorithm).jwk());
            assert_eq!(a.newest(algorithm).jwk()["alg"], algorithm.name());
        }
        assert_eq!(a.newest(Algorithm::Es256).kid == key(7).kid, has_old_key);
    }
}
