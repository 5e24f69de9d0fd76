//! Parts of a replica in which one thing is done wrongly and the rest as it should be: a twist says
//! what, everything else goes to the part within.

use async_trait::async_trait;
use idp::seams::{
    AuthStateStore, Client, CodeRedemption, Directory, Failure, Key, LeaderEpoch, Outcome, Redeemed, Reminder,
    ReminderClaim, Session, SessionOpening, SigningKeyRecord, Timestamp, TokenRecord, User,
};
use std::{sync::Arc, time::Duration};

/// A part with a twist.
pub(crate) struct Twisted<T>(pub(crate) T);

/// A store in which one thing is done wrongly.
#[async_trait]
pub(crate) trait StoreTwist: Send + Sync {
    fn inner(&self) -> &Arc<dyn AuthStateStore>;

    /// What is told of a failure, whichever call it came from.
    fn failed(&self, failure: Failure) -> Failure {
        failure
    }

    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.inner().put(key, value, ttl).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.inner().put_if_absent(key, value, ttl).await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.inner().get(key).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.inner().take(key).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.inner().count(key, window).await
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        self.inner().renew(key, holder, ttl).await
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        self.inner().release(key, holder).await
    }
    async fn health(&self) -> Outcome<()> {
        self.inner().health().await
    }
}

#[async_trait]
impl<T: StoreTwist> AuthStateStore for Twisted<T> {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.0
            .put(key, value, ttl)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        self.0
            .put_if_absent(key, value, ttl)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.0.get(key).await.map_err(|failure| self.0.failed(failure))
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        self.0.take(key).await.map_err(|failure| self.0.failed(failure))
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.0
            .count(key, window)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        self.0
            .renew(key, holder, ttl)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        self.0
            .release(key, holder)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn health(&self) -> Outcome<()> {
        self.0.health().await.map_err(|failure| self.0.failed(failure))
    }
}

/// A directory in which one thing is done wrongly.
#[async_trait]
pub(crate) trait DirectoryTwist: Send + Sync {
    fn inner(&self) -> &Arc<dyn Directory>;

    /// What is told of a failure, whichever call it came from.
    fn failed(&self, failure: Failure) -> Failure {
        failure
    }

    async fn open_session(&self, session: Session, code_hash: &str, until: Timestamp) -> Outcome<SessionOpening> {
        self.inner().open_session(session, code_hash, until).await
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        self.inner().session(id_hash, now).await
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        self.inner().redeem(redemption).await
    }
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>> {
        self.inner().token(token_hash, now).await
    }
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>> {
        self.inner().signing_keys().await
    }
    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>> {
        self.inner().ensure_signing_key(candidate).await
    }
    async fn count_failure(&self, address: &str) -> Outcome<u64> {
        self.inner().count_failure(address).await
    }
    async fn failures(&self, address: &str) -> Outcome<u64> {
        self.inner().failures(address).await
    }
    async fn clear_failures(&self, address: &str) -> Outcome<()> {
        self.inner().clear_failures(address).await
    }
    async fn begin_epoch(&self, holder: &str) -> Outcome<LeaderEpoch> {
        self.inner().begin_epoch(holder).await
    }
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        self.inner().newest_epoch().await
    }
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        self.inner().claim_reminder(id, epoch, now).await
    }
    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.inner().finish_reminder(id, epoch).await
    }
    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.inner().unclaim_reminder(id, epoch).await
    }
}

#[async_trait]
impl<T: DirectoryTwist> Directory for Twisted<T> {
    async fn client(&self, id: &str) -> Outcome<Option<Client>> {
        self.0
            .inner()
            .client(id)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn user_by_address(&self, address: &str) -> Outcome<Option<User>> {
        self.0
            .inner()
            .user_by_address(address)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn user(&self, id: &str) -> Outcome<Option<User>> {
        self.0.inner().user(id).await.map_err(|failure| self.0.failed(failure))
    }
    async fn signing_keys(&self) -> Outcome<Vec<SigningKeyRecord>> {
        self.0.signing_keys().await.map_err(|failure| self.0.failed(failure))
    }
    async fn ensure_signing_key(&self, candidate: SigningKeyRecord) -> Outcome<Vec<SigningKeyRecord>> {
        self.0
            .ensure_signing_key(candidate)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn ensure_pepper(&self, candidate: [u8; 32]) -> Outcome<[u8; 32]> {
        self.0
            .inner()
            .ensure_pepper(candidate)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn open_session(
        &self,
        session: Session,
        code_hash: &str,
        remember_until: Timestamp,
    ) -> Outcome<SessionOpening> {
        self.0
            .open_session(session, code_hash, remember_until)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn session(&self, id_hash: &str, now: Timestamp) -> Outcome<Option<Session>> {
        self.0
            .session(id_hash, now)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn end_session(&self, id_hash: &str) -> Outcome<bool> {
        self.0
            .inner()
            .end_session(id_hash)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn redeem(&self, redemption: CodeRedemption) -> Outcome<Redeemed> {
        self.0
            .redeem(redemption)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn token(&self, token_hash: &str, now: Timestamp) -> Outcome<Option<TokenRecord>> {
        self.0
            .token(token_hash, now)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn count_failure(&self, address: &str) -> Outcome<u64> {
        self.0
            .count_failure(address)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn failures(&self, address: &str) -> Outcome<u64> {
        self.0.failures(address).await.map_err(|failure| self.0.failed(failure))
    }
    async fn clear_failures(&self, address: &str) -> Outcome<()> {
        self.0
            .clear_failures(address)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn begin_epoch(&self, holder: &str) -> Outcome<LeaderEpoch> {
        self.0
            .begin_epoch(holder)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn newest_epoch(&self) -> Outcome<LeaderEpoch> {
        self.0.newest_epoch().await.map_err(|failure| self.0.failed(failure))
    }
    async fn add_reminder(&self, reminder: Reminder) -> Outcome<bool> {
        self.0
            .inner()
            .add_reminder(reminder)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn due_reminders(&self, now: Timestamp, limit: usize) -> Outcome<Vec<Reminder>> {
        self.0
            .inner()
            .due_reminders(now, limit)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn claim_reminder(&self, id: &str, epoch: LeaderEpoch, now: Timestamp) -> Outcome<ReminderClaim> {
        self.0
            .claim_reminder(id, epoch, now)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn finish_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.0
            .finish_reminder(id, epoch)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn unclaim_reminder(&self, id: &str, epoch: LeaderEpoch) -> Outcome<bool> {
        self.0
            .unclaim_reminder(id, epoch)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
    async fn sweep(&self, epoch: LeaderEpoch, now: Timestamp) -> Outcome<u64> {
        self.0
            .inner()
            .sweep(epoch, now)
            .await
            .map_err(|failure| self.0.failed(failure))
    }
}
