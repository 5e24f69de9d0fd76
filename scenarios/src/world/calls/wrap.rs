//! Makes each call of a replica go through [`Calls`]. The world does this when it builds a replica; production code
//! does not.
//!
//! The wrapper is below a planted bug: calls that a planted bug makes to a dependency are calls as well.

use super::CALLS;
use crate::{login::Login, planted::twist::each_part, world::at_rest::PutIntoStore};
use async_trait::async_trait;
use idp::{
    analytics::{Analytics, LoginEvent},
    clients::{Client, ClientRepository},
    config::Config,
    directory::Directory,
    keys::{KeyRepository, SigningKeyRecord},
    leader::{EpochRepository, ExpiryRepository, LeaderEpoch, Reminder, ReminderClaim, ReminderRepository},
    limits::{CountedAttempt, FailureRepository, KnownBrowser},
    mail::{Mail, Mailer},
    redemption::{CodeRedemption, Redeemed, SpentCode, TokenRecord, TokenRepository},
    replica::Wiring,
    session::{Session, SessionOpening, SessionRepository},
    store::{AuthStateStore, DirectoryProbe, Key, MasterFinder, RedisStore, SentinelFinder},
    users::{User, UserRepository},
};
use seams::{BoxFuture, Cause, Env, Listener, Network, Outcome, Stream, Timestamp};
use sim::{calls::Calls, world::Process};
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tokio::time::Instant;

/// A part of a replica whose calls go through [`Calls`].
struct Called<T> {
    inner: T,
    asked: Asked,
}

/// The calls of one process.
#[derive(Clone)]
pub(crate) struct Asked {
    calls: Calls,
    put: PutIntoStore,
    /// Whether a bug is planted. A planted bug may make calls that the service never makes; those are not counted.
    is_planted: bool,
}

impl Asked {
    /// The calls of this process.
    pub(crate) fn by(process: &Process<Login>) -> Asked {
        Asked {
            calls: process.calls.clone(),
            put: process.shared.put.clone(),
            is_planted: process.bug.is_some(),
        }
    }

    async fn around<T>(&self, call: &str, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        if self.is_planted && CALLS.iter().all(|site| site.name != call) {
            return work.await;
        }
        self.calls.around(call, work).await
    }

    /// Remembers for how long a call puts something into the store, and under which key.
    fn lives<const N: usize>(&self, call: &str, keys: [Option<&str>; N], lives: [Option<Duration>; N]) {
        let key = keys.into_iter().flatten().next().unwrap_or_default();
        if let Some(lives) = lives.into_iter().flatten().next() {
            self.put.lives(call, key, Instant::now(), lives);
        }
    }

    /// Remembers what a call puts into the store.
    fn keep(&self, call: &str, argument: &impl Argument) {
        if let Some(value) = argument.kept() {
            let namespace = call.rsplit(' ').next().unwrap_or_default();
            self.put.add(&format!("the store's {namespace}"), value);
        }
    }
}

/// Defines a method for each call of each part. Calls of the store are named after command and namespace, those of the
/// directory after the method.
macro_rules! called {
    (
        AuthStateStore twisted by $store_twist:ident {
            $(fn $command:ident($($given:ident: $what:ty),*) -> $reply:ty;)+
        }
        $($part:ident twisted by $twist:ident {
            $(fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+
        })+
    ) => {
        #[async_trait]
        impl AuthStateStore for Called<Arc<dyn AuthStateStore>> {
            $(async fn $command(&self, $($given: $what),*) -> Outcome<$reply> {
                let name = named(stringify!($command), [$(prefix(&$given)),*]);
                if stringify!($command).starts_with("put") {
                    $(self.asked.keep(&name, &$given);)*
                }
                self.asked.lives(&name, [$($given.key()),*], [$($given.lives()),*]);
                self.asked.around(&name, self.inner.$command($($given),*)).await
            })+
        }

        $(#[async_trait]
        impl $part for Called<Arc<dyn $part>> {
            $(async fn $method(&self, $($argument: $type),*) -> Outcome<$answer> {
                let name = concat!("directory ", stringify!($method));
                self.asked.around(name, self.inner.$method($($argument),*)).await
            })+
        })+
    };
}

each_part!(called);

/// The namespace that an argument of a command has: only the key has one.
trait Argument {
    fn namespace(&self) -> Option<&'static str> {
        None
    }
    /// Under what the store keeps something, after its namespace.
    fn key(&self) -> Option<&str> {
        None
    }
    /// Its bytes, if the store keeps them.
    fn kept(&self) -> Option<Vec<u8>> {
        None
    }
    /// How long something lives by it.
    fn lives(&self) -> Option<Duration> {
        None
    }
}

impl Argument for &Key {
    fn namespace(&self) -> Option<&'static str> {
        Some(self.namespace.prefix())
    }
    fn key(&self) -> Option<&str> {
        Some(&self.id)
    }
    fn kept(&self) -> Option<Vec<u8>> {
        Some(self.id.clone().into_bytes())
    }
}
impl Argument for &[u8] {
    fn kept(&self) -> Option<Vec<u8>> {
        Some(self.to_vec())
    }
}
impl Argument for Duration {
    fn lives(&self) -> Option<Duration> {
        Some(*self)
    }
}

fn prefix(argument: &impl Argument) -> Option<&'static str> {
    argument.namespace()
}

fn named<const N: usize>(command: &str, arguments: [Option<&'static str>; N]) -> String {
    match arguments.into_iter().flatten().next() {
        Some(namespace) => format!("store {command} {namespace}"),
        None => format!("store {command}"),
    }
}

#[async_trait]
impl Mailer for Called<Arc<dyn Mailer>> {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.asked.around("mail enqueue", self.inner.enqueue(mail)).await
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        self.asked.around("mail deliver", self.inner.deliver(mail)).await
    }
    async fn finish(&self, within: Duration) -> usize {
        self.inner.finish(within).await
    }
    fn trouble(&self) -> Option<Cause> {
        self.inner.trouble()
    }
}

#[async_trait]
impl Analytics for Called<Arc<dyn Analytics>> {
    async fn record(&self, event: LoginEvent) {
        let recorded = async {
            self.inner.record(event).await;
            Ok(())
        };
        let _ = self.asked.around("hook record", recorded).await; // it never fails
    }
    async fn finish(&self, within: Duration) -> u64 {
        self.inner.finish(within).await
    }
    fn trouble(&self) -> Option<Cause> {
        self.inner.trouble()
    }
}

#[async_trait]
impl MasterFinder for Called<SentinelFinder> {
    async fn find(&self) -> Outcome<(String, u16)> {
        self.asked.around("sentinel find", self.inner.find()).await
    }
    async fn elected(&self) -> Option<(String, u16)> {
        let looked = async { Ok(self.inner.elected().await) };
        self.asked.around("sentinel elected", looked).await.unwrap_or_default()
    }
}

impl Network for Called<Arc<dyn Network>> {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            // The Sentinels report the master by its IP address.
            let call = match host.split('-').next() {
                _ if host.parse::<IpAddr>().is_ok() => "connect redis",
                Some("sentinel") => "connect sentinel",
                Some("mail") => "connect mail",
                Some("analytics") => "connect hook",
                _ => "connect redis",
            };
            let as_error = |failure: seams::Failure| io::Error::other(failure.cause().to_string());
            self.asked
                .calls
                .around_with(call, self.inner.connect(host, port), as_error)
                .await
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        self.inner.secure(stream, name)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.inner.listen(port)
    }
}

/// The seams of a replica; connecting is a call.
pub(crate) fn env(env: &Env, asked: &Asked) -> Env {
    let network = Called {
        inner: env.network.clone(),
        asked: asked.clone(),
    };
    Env {
        network: Arc::new(network),
        ..env.clone()
    }
}

/// The parts of a replica; everything that they ask of a dependency is a call.
pub(crate) fn wiring(env: &Env, config: &Config, wiring: Wiring, asked: &Asked) -> Wiring {
    macro_rules! called {
        ($inner:expr) => {
            Arc::new(Called {
                inner: $inner,
                asked: asked.clone(),
            })
        };
    }
    let Directory {
        users,
        clients,
        keys,
        sessions,
        tokens,
        failures,
        epochs,
        reminders,
        expiry,
        probe,
    } = wiring.directory;
    let store: Arc<dyn AuthStateStore> = match SentinelFinder::of(env, config) {
        Some(finder) => Arc::new(RedisStore::of(env, config, called!(finder))),
        None => wiring.store,
    };
    Wiring {
        store: called!(store),
        directory: Directory {
            users: called!(users),
            clients: called!(clients),
            keys: called!(keys),
            sessions: called!(sessions),
            tokens: called!(tokens),
            failures: called!(failures),
            epochs: called!(epochs),
            reminders: called!(reminders),
            expiry: called!(expiry),
            probe: called!(probe),
        },
        mailer: called!(wiring.mailer),
        analytics: called!(wiring.analytics),
        rsa_keys: wiring.rsa_keys, // the processor makes them: nobody is asked
    }
}
