//! A mailed code belongs to an address, not to a login, and stays valid until it expires (inventory 4, 10; SP 800-63B-4
//! section 3.1.3.2).
//!
//! Seen in real systems: zitadel/zitadel#6452 and WordPress/two-factor#155, where a used code was accepted again.
//! Whoever reads a mail after its owner has used the code can log in with it.

use crate::{
    planted::twist::{StoreTwist, Twisted},
    vocabulary::PlantedBug,
};
use async_trait::async_trait;
use idp::{
    hash::Pepper,
    keys::KeyRepository,
    mail::{Mail, Mailer, Subject},
    mailed_code::{EMAIL_CODE, code},
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Env, Outcome, Timestamp};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "code_of_address",
    title: "a mailed code is accepted in any login of its address, however often",
    covers: &[4, 10],
    scenario: "code_race",
    detected_by: "EmailCodeOnce",
    bug: |env, _, wiring| {
        let mailed = Arc::<Mutex<Vec<Mailed>>>::default();
        Wiring {
            store: Arc::new(Twisted(AnyLogin {
                store: wiring.store,
                keys: wiring.directory.keys.clone(),
                mailed: mailed.clone(),
            })),
            mailer: Arc::new(Noted {
                env: env.clone(),
                mailer: wiring.mailer,
                mailed,
            }),
            ..wiring
        }
    },
};

/// A mailed code, as the replicas remember it.
#[derive(Clone)]
struct Mailed {
    address: String,
    code: String,
    until: Timestamp,
}

struct Noted {
    env: Env,
    mailer: Arc<dyn Mailer>,
    mailed: Arc<Mutex<Vec<Mailed>>>,
}

#[async_trait]
impl Mailer for Noted {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        if let Subject::Code { code, minutes, .. } = &mail.subject {
            let mut mailed = self.mailed.lock().expect("nobody panics while holding it");
            mailed.push(Mailed {
                address: mail.to.clone(),
                code: code.clone(),
                until: self.env.now() + Duration::from_secs(60 * minutes),
            });
        }
        self.mailer.enqueue(mail).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.mailer.deliver(mail).await
    }
}

struct AnyLogin {
    store: Arc<dyn AuthStateStore>,
    keys: Arc<dyn KeyRepository>,
    mailed: Arc<Mutex<Vec<Mailed>>>,
}

impl AnyLogin {
    /// The record of a code that was mailed to the address, for any login.
    async fn of_any_login(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let Some((flow, mac)) = key.id.split_once(':').filter(|_| key.namespace == EMAIL_CODE) else {
            return Ok(None);
        };
        let pepper = Pepper::new(self.keys.ensure_pepper([0; 32]).await?); // it exists since the replicas started
        let mailed = self.mailed.lock().expect("nobody panics while holding it").clone();
        let found = mailed
            .into_iter()
            .find(|mailed| code::mac(&pepper, flow, &mailed.address, &mailed.code) == mac);
        Ok(found.map(|mailed| {
            let record = serde_json::json!({ "address": mailed.address, "expires_at": mailed.until });
            serde_json::to_vec(&record).expect("plain data")
        }))
    }
}

#[async_trait]
impl StoreTwist for AnyLogin {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        match self.of_any_login(key).await? {
            Some(record) => Ok(Some(record)),
            None => self.store.get(key).await,
        }
    }
}
