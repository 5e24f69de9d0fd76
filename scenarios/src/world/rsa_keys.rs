//! RSA keys for the simulated world. Making one costs more than a whole run, and no seed decides which one it becomes.

use super::directory::SharedDirectory;
use async_trait::async_trait;
use idp::keys::RsaKeyMaker;
use seams::{Cause, Failure, Outcome};
use std::sync::Arc;

/// PKCS#8 DER. They were made for tests, and protect nothing.
const KEYS: [&[u8]; 3] = [
    include_bytes!("../../../core/src/testing/rsa/1.der"),
    include_bytes!("../../../core/src/testing/rsa/2.der"),
    include_bytes!("../../../core/src/testing/rsa/3.der"),
];

/// "Makes" a key that is always the same for a host, and another one for the next host: replicas that start together have to
/// agree. Once there is one, none can be made any more, as on a machine whose processor lacks what that needs: operators bring
/// theirs (`idp import-signing-key`), and whoever starts has no reason to make another.
pub(crate) struct FixedRsaKeys {
    key: &'static [u8],
    /// Where the keys are kept; `None`: it is not known, and any number can be made.
    kept_in: Option<Arc<SharedDirectory>>,
}

impl FixedRsaKeys {
    /// The key that a host makes.
    pub(crate) fn of(host: &str) -> FixedRsaKeys {
        let sum: usize = host.bytes().map(usize::from).sum();
        FixedRsaKeys {
            key: KEYS[sum % KEYS.len()],
            kept_in: None,
        }
    }

    /// The same, which makes none if there is one in this directory.
    pub(crate) fn unless_in(self, directory: &Arc<SharedDirectory>) -> FixedRsaKeys {
        FixedRsaKeys {
            kept_in: Some(directory.clone()),
            ..self
        }
    }
}

#[async_trait]
impl RsaKeyMaker for FixedRsaKeys {
    async fn make(&self) -> Outcome<Vec<u8>> {
        match self.kept_in.as_ref().is_some_and(|directory| directory.has_rsa_key()) {
            false => Ok(self.key.to_vec()),
            true => Err(Failure::Fail(Cause::Storage(
                "this machine cannot make an RSA key".into(),
            ))),
        }
    }
}
