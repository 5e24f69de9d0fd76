//! RSA keys for the simulated world. Making one costs more than a whole run, and no seed decides which one it becomes.

use super::directory::SharedDirectory;
use async_trait::async_trait;
use idp::keys::RsaKeyMaker;
use seams::{Cause, Failure, Outcome};

/// PKCS#8 DER. They were made for tests, and protect nothing.
const KEYS: [&[u8]; 3] = [
    include_bytes!("../../../core/src/testing/rsa/1.der"),
    include_bytes!("../../../core/src/testing/rsa/2.der"),
    include_bytes!("../../../core/src/testing/rsa/3.der"),
];

/// "Makes" a key that is always the same for a host, and another one for the next host: replicas that start together have to
/// agree. A process that starts when there is one can make none, as on a machine whose processor lacks what that needs: operators
/// bring theirs (`idp import-signing-key`), and whoever starts then has no reason to make another.
pub(crate) struct FixedRsaKeys {
    key: &'static [u8],
    /// Whether there was one when the process started.
    is_there: bool,
}

impl FixedRsaKeys {
    /// The key that a host makes.
    pub(crate) fn of(host: &str) -> FixedRsaKeys {
        let sum: usize = host.bytes().map(usize::from).sum();
        FixedRsaKeys {
            key: KEYS[sum % KEYS.len()],
            is_there: false,
        }
    }

    /// The same, which makes none if there is one in this directory now.
    pub(crate) fn unless_in(self, directory: &SharedDirectory) -> FixedRsaKeys {
        FixedRsaKeys {
            is_there: directory.has_rsa_key(),
            ..self
        }
    }
}

#[async_trait]
impl RsaKeyMaker for FixedRsaKeys {
    async fn make(&self) -> Outcome<Vec<u8>> {
        match self.is_there {
            false => Ok(self.key.to_vec()),
            true => Err(Failure::Fail(Cause::Storage(
                "this machine cannot make an RSA key".into(),
            ))),
        }
    }
}
