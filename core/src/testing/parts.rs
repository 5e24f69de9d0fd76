//! Parts of the test bed that record, or fail on demand.

use crate::{
    analytics::{Analytics, LoginEvent},
    mail::{Mail, Mailer, Subject},
    store::{AuthStateStore, Key, MemoryStore, Namespace},
};
use async_trait::async_trait;
use seams::{Entropy, Failure, Outcome, Timestamp};
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What leaves the service.
#[derive(Default)]
pub(crate) struct Outgoing {
    mails: Mutex<Vec<(String, String)>>,
    pub(crate) events: Mutex<Vec<LoginEvent>>,
    pub(crate) full: Mutex<Option<Failure>>,
}

impl Outgoing {
    /// Codes mailed to an address, in order.
    pub(crate) fn codes(&self, address: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        mails
            .iter()
            .filter(|(to, _)| to == address)
            .map(|(_, code)| code.clone())
            .collect()
    }
}

#[async_trait]
impl Mailer for Outgoing {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        if let Some(failure) = self.full.lock().unwrap().take() {
            return Err(failure);
        }
        if let (Subject::Code { code, .. }, false) = (mail.subject, mail.is_decoy) {
            self.mails.lock().unwrap().push((mail.to, code));
        }
        Ok(())
    }

    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.enqueue(mail).await
    }
}

#[async_trait]
impl Analytics for Outgoing {
    async fn record(&self, event: LoginEvent) {
        self.events.lock().unwrap().push(event);
    }
}

/// Bytes that look random and are the same in every run.
#[derive(Default)]
pub(super) struct Hashed(AtomicU64);

impl Entropy for Hashed {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            chunk.copy_from_slice(&Sha256::digest(number.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// A failure that a call to the store will have, and whether it is done nevertheless.
struct PlannedFailure {
    call: &'static str,
    namespace: Namespace,
    failure: Failure,
    done: bool,
}

/// A store that fails on demand, and lets others run before each call, as a network would.
pub(crate) struct FailingStore {
    inner: MemoryStore,
    planned: Mutex<Vec<PlannedFailure>>,
}

impl FailingStore {
    pub(super) fn new(inner: MemoryStore) -> FailingStore {
        FailingStore {
            inner,
            planned: Mutex::default(),
        }
    }

    /// The next such call fails; `done` says whether it happens all the same.
    pub(crate) fn fail(&self, call: &'static str, namespace: Namespace, failure: Failure, done: bool) {
        self.planned.lock().unwrap().push(PlannedFailure {
            call,
            namespace,
            failure,
            done,
        });
    }

    async fn call<T>(&self, call: &str, key: &Key, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        tokio::task::yield_now().await;
        let failure = {
            let mut planned = self.planned.lock().unwrap();
            let at = planned
                .iter()
                .position(|m| m.call == call && m.namespace == key.namespace);
            at.map(|at| planned.remove(at))
        };
        match failure {
            None => work.await,
            Some(failure) => {
                if failure.done {
                    work.await?;
                }
                Err(failure.failure)
            }
        }
    }
}

#[async_trait]
impl AuthStateStore for FailingStore {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.call("put", key, self.inner.put(key, value, ttl)).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.call("put_if_absent", key, self.inner.put_if_absent(key, value, ttl))
            .await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.call("get", key, self.inner.get(key)).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.call("take", key, self.inner.take(key)).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.call("count", key, self.inner.count(key, window)).await
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        self.call("renew", key, self.inner.renew(key, holder, ttl)).await
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        self.call("release", key, self.inner.release(key, holder)).await
    }
    async fn health(&self) -> Outcome<()> {
        self.inner.health().await
    }
    async fn time(&self) -> Outcome<Timestamp> {
        self.inner.time().await
    }
}
