//! One replica, put together.

mod app;
mod discovery;
mod health;
mod ops;
mod stopping;
mod wiring;

#[cfg(test)]
mod tests;

pub use app::{App, router};
pub use health::{Health, watch_health};
pub use wiring::Wiring;

use crate::{
    clocks::Clocks,
    config::Config,
    http::server::{PortState, serve_connections, serve_some},
    leader::{Fitness, seek_leadership, send_reminders, sweep_directory},
    stop::{Stop, Stopping},
};
use seams::{Env, Listener};
use std::{io, pin::pin, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};

/// Between two tries of what must succeed before the port can be opened.
const PAUSE: Duration = Duration::from_secs(1);

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

/// Runs a replica: the ops port, the jobs, and the port for people, open whenever the replica can do its work. When `asked`
/// ends, the replica stops: see the module `stopping`. Dropping the future stops it at once.
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
    // Both ports are tried at once: a port that is taken must be known before anything is
    // running, not minutes later when the replica gets ready (inventory 45).
    let ops_listener = listen(&env, config.ops_port).await?;
    // Closed again: the balancer must not find it open before people can be served.
    drop(listen(&env, config.port).await?);

    let config = Arc::new(config);
    let stopping = Stopping::new();
    let clocks = Clocks::new(&env, config.ttl.clock_slack);
    let health = watch_health(&env, config.deadlines, &wiring, clocks.clone());
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
    let (announce, serving) = watch::channel(Serving::NotYet);
    let ops = ops::router(&env, &config, health.clone(), serving, leadership, stops);
    env.spawn_vital(
        "operators' port",
        serve_connections(env.clone(), ops_listener, ops, open),
    );

    let serving = serve_people(&env, &config, (&wiring, clocks), health, &announce, stopping.stop());
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

/// Whether people can be served: a replica may be healthy, and its port closed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Serving {
    /// It starts, or waits until it is healthy.
    NotYet,
    /// The port is open.
    Open,
    /// Something keeps the port closed: what, and why.
    Kept(String),
}

/// Loads what is needed and serves people, until the replica stops.
async fn serve_people(
    env: &Env,
    config: &Arc<Config>,
    parts: (&Wiring, Arc<Clocks>),
    health: watch::Receiver<Health>,
    announce: &watch::Sender<Serving>,
    mut stop: Stop,
) {
    let loaded = seams::select! {
        app = load(env, config, parts, announce) => Some(app),
        () = stop.asked() => None,
    };
    if let Some(app) = loaded {
        open_while_ready(env, config, app, health, announce, stop).await;
    }
}

async fn load(
    env: &Env,
    config: &Arc<Config>,
    (wiring, clocks): (&Wiring, Arc<Clocks>),
    announce: &watch::Sender<Serving>,
) -> Arc<App> {
    loop {
        match App::load(env.clone(), config.clone(), wiring.clone(), clocks.clone()).await {
            Ok(app) => return app,
            Err(failure) => {
                tracing::error!(cause = %failure, "keys cannot be loaded yet; trying again");
                announce.send_replace(Serving::Kept(format!("keys: {}", failure.cause())));
                sleep(PAUSE).await;
            }
        }
    }
}

/// Opens the port when ready and closes it when degraded, until the replica stops.
async fn open_while_ready(
    env: &Env,
    config: &Config,
    app: Arc<App>,
    mut health: watch::Receiver<Health>,
    announce: &watch::Sender<Serving>,
    mut stop: Stop,
) {
    let router = app::router(app, stop.clone());
    announce.send_replace(Serving::NotYet);
    // One bound for all the times that the port is open: what is closed may have connections that end.
    let places = Arc::new(Semaphore::new(config.limits.connections));
    loop {
        seams::select! {
            () = stop.asked() => return,
            () = until(&mut health, true) => {}
        }
        let listener = match listen(env, config.port).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "ready, but the port cannot be opened; trying again");
                env.mark("the port could not be opened");
                announce.send_replace(Serving::Kept(format!("port: {error}")));
                sleep(PAUSE).await;
                continue;
            }
        };
        let (tell, state) = watch::channel(PortState::Open);
        announce.send_replace(Serving::Open);
        let serving = serve_some(env.clone(), listener, router.clone(), state, places.clone());
        let closing = async {
            let state = seams::select! {
                () = stop.asked() => PortState::Leaves,
                () = until(&mut health, false) => PortState::Closed,
            };
            announce.send_replace(Serving::NotYet);
            tell.send_replace(state);
        };
        tokio::join!(serving, closing);
    }
}

async fn until(health: &mut watch::Receiver<Health>, ready: bool) {
    if health.wait_for(|h| h.ready == ready).await.is_err() {
        // The task that watches lives as long as this host does.
        std::future::pending::<()>().await;
    }
}
