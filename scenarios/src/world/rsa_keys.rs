//! RSA keys for the simulated world. Making one costs more than a whole run, and no seed decides which one it becomes.

use async_trait::async_trait;
use idp::keys::RsaKeyMaker;
use seams::Outcome;

/// PKCS#8 DER. They were made for tests, and protect nothing.
const KEYS: [&[u8]; 3] = [
    include_bytes!("../../../core/src/testing/rsa/1.der"),
    include_bytes!("../../../core/src/testing/rsa/2.der"),
    include_bytes!("../../../core/src/testing/rsa/3.der"),
];

/// "Makes" a key that is always the same for a host, and another one for the next host: replicas that start together have to
/// agree.
pub(crate) struct FixedRsaKeys(&'static [u8]);

impl FixedRsaKeys {
    /// The key that a host makes.
    pub(crate) fn of(host: &str) -> FixedRsaKeys {
        let sum: usize = host.bytes().map(usize::from).sum();
        FixedRsaKeys(KEYS[sum % KEYS.len()])
    }
}

#[async_trait]
impl RsaKeyMaker for FixedRsaKeys {
    async fn make(&self) -> Outcome<Vec<u8>> {
        Ok(self.0.to_vec())
    }
}
