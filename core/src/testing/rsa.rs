//! RSA keys that were made for tests; they protect nothing. Making one takes longer than most tests.

use crate::keys::RsaKeyMaker;
use async_trait::async_trait;
use seams::Outcome;
use std::sync::atomic::{AtomicUsize, Ordering};

/// PKCS#8 DER.
pub(crate) const RSA_KEYS: [&[u8]; 3] = [
    include_bytes!("rsa/1.der"),
    include_bytes!("rsa/2.der"),
    include_bytes!("rsa/3.der"),
];

/// "Makes" these keys, one after the other.
#[derive(Default)]
pub(crate) struct FixedRsaKeys(AtomicUsize);

#[async_trait]
impl RsaKeyMaker for FixedRsaKeys {
    async fn make(&self) -> Outcome<Vec<u8>> {
        let nth = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(RSA_KEYS[nth % RSA_KEYS.len()].to_vec())
    }
}
