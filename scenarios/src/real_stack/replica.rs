//! Replicas and their directory, all on one machine.

use super::TIMEOUT;
use crate::{
    login::renew_every,
    vocabulary::PlantedBug,
    world::{RelyingPartyOptions, hosts, rsa_keys::FixedRsaKeys},
};
use conformance::stack::{MASTER_NAME, RealStack};
use idp::{
    clients::{Client as RegisteredClient, ClientSecret, Pkce},
    config::{Config, RedisAccess, StateConfig},
    keys::Algorithm,
    leader::{Reminder, ReminderRepository},
    replica::{self, Wiring},
    store::SqliteDirectory,
    users::User,
};
use seams::{BoxFuture, Env, Listener, Network, Stream};
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    runtime::Runtime,
    time::{Instant, sleep},
};

/// The longest wait for the directory's lock, which is held for microseconds.
const DIRECTORY_TIMEOUT: Duration = Duration::from_secs(1);

/// A replica with its production wiring, on a thread of its own that can be stopped.
pub(super) struct Replica {
    /// Its host and port.
    pub(super) address: (String, u16),
    runtime: Option<Runtime>,
    stopped: Arc<(Mutex<bool>, Condvar)>,
}

impl Replica {
    /// Starts a replica. `ports` are its port for people, its port for operators, and that of the mail relay. It is
    /// listening when this function returns.
    pub(super) async fn start(
        name: &'static str,
        stack: &RealStack,
        directory: &str,
        [port, ops_port, relay]: [u16; 3],
        lease: Duration,
        bug: Option<&PlantedBug>,
    ) -> io::Result<Replica> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let sentinels = stack.sentinel_ports().map(|port| ("sentinel".to_owned(), port));
        let state = StateConfig::Sentinel {
            sentinels: sentinels.to_vec(),
            master: MASTER_NAME.to_owned(),
            sentinel_access: RedisAccess::default(),
            redis_access: RedisAccess::default(),
        };
        let mut config = Config::new(name, hosts::ISSUER, state);
        (config.port, config.ops_port) = (port, ops_port);
        config.proxies.networks = vec!["127.0.0.0/8".parse().expect("a network")];
        (config.leader.lease, config.leader.renew_every) = (lease, renew_every(lease));
        config.mail_relay = Some((hosts::MAIL.to_owned(), relay));
        let (file, bug) = (directory.to_owned(), bug.copied());
        let serving = async move {
            let env = env(name);
            let directory = SqliteDirectory::open(env.clone(), &file, DIRECTORY_TIMEOUT).await?;
            let mut wiring = Wiring::standard(&env, &config, Arc::new(directory), Arc::new(FixedRsaKeys::of(name)));
            if let Some(bug) = bug {
                wiring = (bug.bug)(&env, &mut config, wiring);
            }
            let serving = replica::serve(env.clone(), config, wiring, std::future::pending());
            env.spawn(async move {
                if let Err(why) = serving.await {
                    tracing::error!(%why, "a replica could not start");
                }
            });
            Ok::<_, idp::store::DirectoryError>(())
        };
        let begun = runtime.spawn(serving).await.map_err(io::Error::other)?;
        begun.map_err(io::Error::other)?;
        let replica = Replica {
            address: (name.to_owned(), port),
            runtime: Some(runtime),
            stopped: Arc::default(),
        };
        let (env, until) = (env("starter"), Instant::now() + TIMEOUT);
        while env.network.connect(name, port).await.is_err() {
            if Instant::now() > until {
                return Err(io::Error::other(format!("{name} does not listen on its port {port}")));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(replica)
    }

    /// Blocks its only thread until it is resumed, as SIGSTOP does with a process. The kernel still accepts connections
    /// and acknowledges data.
    pub(super) fn stop(&self) {
        *self.is_stopped() = true;
        let stopped = self.stopped.clone();
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                let (flag, changed) = &*stopped;
                let flag = flag.lock().unwrap_or_else(PoisonError::into_inner);
                drop(changed.wait_while(flag, |stopped| *stopped));
            });
        }
    }

    /// Lets the thread continue.
    pub(super) fn resume(&self) {
        *self.is_stopped() = false;
        self.stopped.1.notify_all();
    }

    fn is_stopped(&self) -> MutexGuard<'_, bool> {
        self.stopped.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.resume();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Fills the directory with one client, one user, and one user with a reminder for each element of `due`: the time from
/// now until it is due.
pub(super) async fn fill_directory(file: &str, client: &RelyingPartyOptions, due: &[Duration]) -> Result<(), String> {
    let env = env("directory");
    let directory = SqliteDirectory::open(env.clone(), file, DIRECTORY_TIMEOUT)
        .await
        .map_err(|error| error.to_string())?;
    let failed = |failure: seams::Failure| failure.to_string();
    let client = RegisteredClient {
        id: client.client_id.clone(),
        name: client.client_id.clone(),
        secret: ClientSecret::None,
        redirect_uris: vec![client.redirect_uri.clone()],
        pkce: Pkce::Required,
        post_logout_redirect_uris: vec![],
        id_token_alg: Algorithm::named(client.id_token_alg).expect("one that the service has"),
    };
    directory.add_client(&client).await.map_err(failed)?;
    let user = |id: String, address: String| User {
        name: id.clone(),
        id,
        address,
        ..User::default()
    };
    let ann = user("ann".to_owned(), "ann@example.com".to_owned());
    directory.add_user(&ann).await.map_err(failed)?;
    for (n, due) in (0..).zip(due) {
        let reminded = user(format!("sleeper-{n}"), reminded_address(n));
        directory.add_user(&reminded).await.map_err(failed)?;
        let reminder = Reminder {
            id: format!("reminder-{n}"),
            user_id: reminded.id,
            address: reminded.address,
            text: "You asked to be reminded.".to_owned(),
            due: env.now() + *due,
        };
        directory.add_reminder(reminder).await.map_err(failed)?;
    }
    Ok(())
}

/// The address of the user with reminder number `n`.
pub(super) fn reminded_address(n: u64) -> String {
    format!("sleeper-{n}@example.com")
}

/// The real seams; every host name resolves to the loopback address.
pub(super) fn env(host: &str) -> Env {
    let real = seams_os::env(host, IpAddr::V4(Ipv4Addr::LOCALHOST));
    Env {
        network: Arc::new(Loopback(real.network.clone())),
        ..real
    }
}

/// A network on which all hosts are this machine.
struct Loopback(Arc<dyn Network>);

impl Network for Loopback {
    fn connect<'a>(&'a self, _host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.connect("127.0.0.1", port)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.0.listen(port)
    }
}
