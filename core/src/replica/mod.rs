//! One replica, put together.

mod app;
mod discovery;
mod health;
mod not_now;
mod ops;
mod ports;
mod stopping;
mod wiring;

#[cfg(test)]
mod tests;

pub use app::{App, Routers, routers};
pub use health::{Health, watch_health};
pub use stopping::stop_before_start;
pub use wiring::Wiring;

use crate::{
    clocks::Clocks,
    config::Config,
    http::server::{PortState, serve_connections},
    leader::{Fitness, seek_leadership, send_reminders, sweep_directory},
    stop::Stopping,
};
use ports::Ports;
use seams::{Env, Listener};
use std::{io, pin::pin, sync::Arc};
use thiserror::Error;
use tokio::sync::watch;

/// Why a replica cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A port cannot be listened on.
    #[error("cannot listen on port {port}: {error}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says: in use, or not permitted.
        error: io::Error,
    },
    /// The configuration contradicts itself.
    #[error("the configuration cannot be followed: {0}")]
    Configuration(String),
}

/// Runs a replica: the ops port, the jobs, and the ports for people, each open whenever the replica can do what it is for. When
/// `asked` ends, the replica stops: see the module `stopping`. Dropping the future stops it at once.
///
/// # Errors
/// It cannot start.
pub async fn serve(
    env: Env,
    config: Config,
    wiring: Wiring,
    asked: impl Future<Output = ()> + Send,
) -> Result<(), StartError> {
    if config.mail_relay.is_some()
        && let Err(error) = config.mail_from.parse::<lettre::Address>()
    {
        let what = format!("mail_from {:?} is not a mail address: {error}", config.mail_from);
        return Err(StartError::Configuration(what));
    }
    // All ports are tried at once: a port that is taken must be known before anything is
    // running, not minutes later when the replica gets ready (inventory 45).
    let ops_listener = listen(&env, config.ops_port).await?;
    // Closed again: the balancer must not find them open before people can be served.
    for port in [Some(config.port), config.account_port].into_iter().flatten() {
        drop(listen(&env, port).await?);
    }

    let config = Arc::new(config);
    let stopping = Stopping::new();
    let clocks = Clocks::new(&env, config.ttl.clock_slack);
    let health = watch_health(&env, &config, &wiring, clocks.clone());
    let fitness = Fitness::new(env.clock.clone());
    let leadership = seek_leadership(
        &env,
        &config,
        wiring.store.clone(),
        wiring.directory.epochs.clone(),
        (fitness.clone(), clocks.clone()),
        stopping.stop(),
    );
    send_reminders(
        &env,
        &config,
        wiring.directory.reminders.clone(),
        wiring.mailer.clone(),
        (leadership.clone(), fitness, clocks.clone()),
        stopping.stop(),
    );
    sweep_directory(
        &env,
        clocks.clone(),
        wiring.directory.expiry.clone(),
        leadership.clone(),
        stopping.stop(),
    );

    let (tell, stops) = watch::channel(false);
    let (_never_closed, open) = watch::channel(PortState::Open);
    let (ports, serving) = Ports::of(&config);
    let ops = ops::router(&env, &config, health.clone(), serving, leadership, stops);
    env.spawn_vital(
        "operators' port",
        serve_connections(env.clone(), ops_listener, ops, open),
    );

    let serving = ports.serve_people(&env, &config, (&wiring, clocks), health, stopping.stop());
    let mut serving = pin!(serving);
    seams::select! {
        () = serving.as_mut() => {} // it ends only when it is told to
        () = asked => {}
    }
    tell.send_replace(true);
    stopping::stop(&env, &config.deadlines, &wiring, &stopping, serving).await;
    Ok(())
}

async fn listen(env: &Env, port: u16) -> Result<Box<dyn Listener>, StartError> {
    let listening = env.network.listen(port).await;
    listening.map_err(|error| StartError::Listen { port, error })
}
