//! What stands in the house: the directory, the replicas, and the one machine that all of them are on.

use super::{super::stack::real::Stack, PATIENCE, REMINDERS};
use crate::planted::Planted;
use idp::{
    config::{Config, StateConfig},
    replica::{self, Wiring},
    seams::{
        BoxFuture, Client as RegisteredClient, ClientSecret, Directory, Env, Listener, Network, Reminder, Stream, User,
    },
    store::SqliteDirectory,
};
use sim::world::{RelyingPartyOptions, hosts};
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// The directory's lock is held for microseconds.
const DIRECTORY_PATIENCE: Duration = Duration::from_secs(1);

/// A replica as it is wired for real, on the ports for people and for operators, and with the mail relay's; its host
/// and port, once it listens.
pub(super) async fn start_replica(
    name: &'static str,
    stack: &Stack,
    directory: &str,
    [port, ops_port, relay]: [u16; 3],
    bug: Option<&Planted>,
) -> io::Result<(String, u16)> {
    let env = env(name);
    let sentinels = stack.sentinel_ports.iter().map(|port| ("sentinel".to_owned(), *port));
    let state = StateConfig::Sentinel {
        sentinels: sentinels.collect(),
        master: hosts::MASTER_NAME.to_owned(),
    };
    let mut config = Config::new(name, hosts::ISSUER, state);
    (config.port, config.ops_port) = (port, ops_port);
    config.mail_relay = Some((hosts::MAIL.to_owned(), relay));
    let directory = SqliteDirectory::open(env.clone(), directory, DIRECTORY_PATIENCE)
        .await
        .map_err(io::Error::other)?;
    let mut wiring = Wiring::standard(&env, &config, Arc::new(directory));
    if let Some(bug) = bug {
        wiring = (bug.rewire)(&env, &config, wiring);
    }
    let serving = replica::serve(env.clone(), config, wiring);
    env.spawn(async move {
        let why = serving.await;
        tracing::error!(%why, "a replica stopped");
    });
    let until = Instant::now() + PATIENCE;
    while env.network.connect(name, port).await.is_err() {
        if Instant::now() > until {
            return Err(io::Error::other(format!("{name} does not open its port {port}")));
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok((name.to_owned(), port))
}

/// Whom and what the directory knows.
pub(super) async fn furnish(file: &str, client: &RelyingPartyOptions) -> Result<(), String> {
    let env = env("directory");
    let directory = SqliteDirectory::open(env.clone(), file, DIRECTORY_PATIENCE)
        .await
        .map_err(|error| error.to_string())?;
    let failed = |failure: idp::seams::Failure| failure.to_string();
    let client = RegisteredClient {
        id: client.client_id.clone(),
        name: client.client_id.clone(),
        secret: ClientSecret::None,
        redirect_uris: vec![client.redirect_uri.clone()],
    };
    directory.add_client(&client).await.map_err(failed)?;
    let user = |id: String, address: String| User {
        name: id.clone(),
        id,
        address,
    };
    let ann = user("ann".to_owned(), "ann@example.com".to_owned());
    directory.add_user(&ann).await.map_err(failed)?;
    for n in 0..REMINDERS {
        let sleeper = user(format!("sleeper-{n}"), sleeper(n));
        directory.add_user(&sleeper).await.map_err(failed)?;
        let reminder = Reminder {
            id: format!("reminder-{n}"),
            user_id: sleeper.id,
            address: sleeper.address,
            text: "You asked to be reminded.".to_owned(),
            due: env.now() + Duration::from_secs(2 * n + 2),
        };
        directory.add_reminder(reminder).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) fn sleeper(n: u64) -> String {
    format!("sleeper-{n}@example.com")
}

/// The real seams; every name is the loopback's.
pub(super) fn env(host: &str) -> Env {
    let real = server::env(host, IpAddr::V4(Ipv4Addr::LOCALHOST));
    Env {
        network: Arc::new(Loopback(real.network.clone())),
        ..real
    }
}

/// All hosts of the house are one machine.
struct Loopback(Arc<dyn Network>);

impl Network for Loopback {
    fn connect<'a>(&'a self, _host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.connect("127.0.0.1", port)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.0.listen(port)
    }
}
