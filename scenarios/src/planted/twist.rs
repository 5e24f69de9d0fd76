//! Parts of a replica in which one thing is done wrongly. A twist is that mistake: it overrides some methods of a part,
//! and all other calls go to the part that it wraps.

use async_trait::async_trait;
use idp::{
    authorize::{FLOW, FlowRecord},
    clients::{Client, ClientRepository},
    directory::Directory,
    keys::{KeyRepository, SigningKeyRecord},
    leader::{EpochRepository, ExpiryRepository, LeaderEpoch, Reminder, ReminderClaim, ReminderRepository},
    limits::{CountedAttempt, FailureRepository, KnownBrowser},
    redemption::{CodeRedemption, Redeemed, SpentCode, TokenRecord, TokenRepository},
    replica::Wiring,
    session::{Session, SessionOpening, SessionRepository},
    store::{AuthStateStore, DirectoryProbe, Key},
    users::{User, UserRepository},
};
use seams::{Env, Failure, Outcome, Timestamp};
use std::{sync::Arc, time::Duration};

/// A part whose behaviour a twist changes.
pub(crate) struct Twisted<T>(pub(crate) T);

/// A part that reports its failures in another way, whichever call they came from.
struct Relabelled<R: ?Sized> {
    inner: Arc<R>,
    relabel: fn(Failure) -> Failure,
}

/// Defines for each part its twist, a trait whose methods call the wrapped part unless a planted bug overrides them,
/// and implements the part for [`Relabelled`].
macro_rules! parts {
    ($($part:ident twisted by $twist:ident {
        $(fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+
    })+) => {$(
        #[async_trait]
        pub(crate) trait $twist: Send + Sync {
            fn inner(&self) -> &Arc<dyn $part>;
            $(async fn $method(&self, $($argument: $type),*) -> Outcome<$answer> {
                self.inner().$method($($argument),*).await
            })+
        }

        #[async_trait]
        impl<T: $twist> $part for Twisted<T> {
            $(async fn $method(&self, $($argument: $type),*) -> Outcome<$answer> {
                self.0.$method($($argument),*).await
            })+
        }

        #[async_trait]
        impl $part for Relabelled<dyn $part> {
            $(async fn $method(&self, $($argument: $type),*) -> Outcome<$answer> {
                self.inner.$method($($argument),*).await.map_err(self.relabel)
            })+
        }
    )+};
}

/// Passes all parts and their methods to the given macro.
macro_rules! each_part {
    ($then:ident) => {
        $then! {
            AuthStateStore twisted by StoreTwist {
                fn put(key: &Key, value: &[u8], ttl: Duration) -> ();
                fn put_if_absent(key: &Key, value: &[u8], ttl: Duration) -> bool;
                fn get(key: &Key) -> Option<Vec<u8>>;
                fn take(key: &Key) -> Option<Vec<u8>>;
                fn count(key: &Key, window: Duration) -> u64;
                fn renew(key: &Key, holder: &[u8], ttl: Duration) -> bool;
                fn release(key: &Key, holder: &[u8]) -> bool;
                fn health() -> ();
                fn time() -> Timestamp;
            }
            UserRepository twisted by UserTwist {
                fn user_by_address(address: &str) -> Option<User>;
                fn user(id: &str) -> Option<User>;
            }
            ClientRepository twisted by ClientTwist {
                fn client(id: &str) -> Option<Client>;
            }
            KeyRepository twisted by KeyTwist {
                fn signing_keys() -> Vec<SigningKeyRecord>;
                fn ensure_signing_key(candidate: SigningKeyRecord) -> Vec<SigningKeyRecord>;
                fn ensure_pepper(candidate: [u8; 32]) -> [u8; 32];
            }
            SessionRepository twisted by SessionTwist {
                fn open_session(session: Session, code_hash: &str, until: Timestamp) -> SessionOpening;
                fn session(id_hash: &str, now: Timestamp) -> Option<Session>;
                fn end_replaced(id_hash: &str, until: Timestamp) -> Vec<String>;
                fn end_session(id_hash: &str, until: Timestamp) -> Vec<String>;
            }
            TokenRepository twisted by TokenTwist {
                fn redeem(redemption: CodeRedemption) -> Redeemed;
                fn spent_code(code_hash: &str) -> Option<SpentCode>;
                fn revoke_token_of(code_hash: &str) -> Option<String>;
                fn token(token_hash: &str, now: Timestamp) -> Option<TokenRecord>;
            }
            FailureRepository twisted by FailureTwist {
                fn count_attempt(attempt: CountedAttempt) -> Option<u64>;
                fn failures(address: &str) -> u64;
                fn clear_failures(address: &str) -> ();
                fn is_known(cookie_hash: &str, address: &str, now: Timestamp, limit: u64) -> bool;
                fn succeed(browser: KnownBrowser) -> ();
            }
            EpochRepository twisted by EpochTwist {
                fn begin_epoch(holder: &str) -> LeaderEpoch;
                fn newest_epoch() -> LeaderEpoch;
            }
            ReminderRepository twisted by ReminderTwist {
                fn add_reminder(reminder: Reminder) -> bool;
                fn due_reminders(now: Timestamp, limit: usize) -> Vec<Reminder>;
                fn claim_reminder(id: &str, epoch: LeaderEpoch, now: Timestamp) -> ReminderClaim;
                fn finish_reminder(id: &str, epoch: LeaderEpoch) -> bool;
                fn unclaim_reminder(id: &str, epoch: LeaderEpoch) -> bool;
            }
            ExpiryRepository twisted by ExpiryTwist {
                fn sweep(epoch: LeaderEpoch, now: Timestamp) -> u64;
            }
            DirectoryProbe twisted by ProbeTwist {
                fn probe() -> ();
            }
        }
    };
}
pub(crate) use each_part;

each_part!(parts);

/// A store that says that it is the time that this host's own clock shows.
struct OwnClock {
    env: Env,
    store: Arc<dyn AuthStateStore>,
}

#[async_trait]
impl StoreTwist for OwnClock {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.store
    }
    async fn time(&self) -> Outcome<Timestamp> {
        Ok(self.env.now())
    }
}

/// A replica's store that says so, whatever Redis says.
pub(crate) fn by_its_own_clock(env: &Env, store: Arc<dyn AuthStateStore>) -> Arc<dyn AuthStateStore> {
    let env = env.clone();
    Arc::new(Twisted(OwnClock { env, store }))
}

/// The store, in which every login in progress is changed before it is put.
pub(crate) fn with_flows(wiring: Wiring, change: fn(&mut FlowRecord)) -> Wiring {
    let inner = wiring.store;
    Wiring {
        store: Arc::new(Twisted(ChangedFlows { inner, change })),
        ..wiring
    }
}

struct ChangedFlows {
    inner: Arc<dyn AuthStateStore>,
    change: fn(&mut FlowRecord),
}

#[async_trait]
impl StoreTwist for ChangedFlows {
    fn inner(&self) -> &Arc<dyn AuthStateStore> {
        &self.inner
    }
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let flow = serde_json::from_slice::<FlowRecord>(value).ok();
        let Some(mut flow) = flow.filter(|_| key.namespace == FLOW) else {
            return self.inner.put(key, value, ttl).await;
        };
        (self.change)(&mut flow);
        let value = serde_json::to_vec(&flow).expect("it was read from JSON");
        self.inner.put(key, &value, ttl).await
    }
}

/// A store that reports its failures in another way.
pub(crate) fn relabelled_store(
    inner: Arc<dyn AuthStateStore>,
    relabel: fn(Failure) -> Failure,
) -> Arc<dyn AuthStateStore> {
    Arc::new(Relabelled { inner, relabel })
}

/// A directory that reports its failures in another way, whichever repository they came from.
pub(crate) fn relabelled_directory(directory: Directory, relabel: fn(Failure) -> Failure) -> Directory {
    macro_rules! each {
        ($($repository:ident),+) => {
            Directory { $($repository: Arc::new(Relabelled { inner: directory.$repository, relabel })),+ }
        };
    }
    each!(
        users, clients, keys, sessions, tokens, failures, epochs, reminders, expiry, probe
    )
}
