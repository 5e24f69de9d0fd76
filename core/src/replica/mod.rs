//! One replica, put together.

mod app;
mod discovery;
mod health;
mod ops;
mod wiring;

#[cfg(test)]
mod tests;

pub use app::{App, router};
pub use health::{Health, watch_health};
pub use wiring::Wiring;

use crate::{
    config::Config,
    http::server::serve_connections,
    leader::{seek_leadership, send_reminders, sweep_directory},
};
use seams::{Env, Listener};
use std::{io, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{sync::watch, time::sleep};

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

/// Runs a replica: the ops port, the jobs, and the port for people, open whenever the replica can
/// do its work. Returns only if it cannot start; stopping is dropping the future.
pub async fn serve(env: Env, config: Config, wiring: Wiring) -> StartError {
    if config.mail_relay.is_some()
        && let Err(error) = config.mail_from.parse::<lettre::Address>()
    {
        let what = format!("mail_from {:?} is not a mail address: {error}", config.mail_from);
        return StartError::Configuration(what);
    }
    // Both ports are tried at once: a port that is taken must be known before anything is
    // running, not minutes later when the replica gets ready (inventory 45).
    let ops_listener = match listen(&env, config.ops_port).await {
        Ok(listener) => listener,
        Err(error) => return error,
    };
    match listen(&env, config.port).await {
        // Closed again: the balancer must not find it open before people can be served.
        Ok(listener) => drop(listener),
        Err(error) => return error,
    }

    let config = Arc::new(config);
    let health = watch_health(&env, config.deadlines, &wiring);
    let leadership = seek_leadership(&env, &config, wiring.store.clone(), wiring.directory.epochs.clone());
    send_reminders(
        &env,
        &config,
        wiring.directory.reminders.clone(),
        wiring.mailer.clone(),
        leadership.clone(),
    );
    sweep_directory(&env, wiring.directory.expiry.clone(), leadership.clone());

    let (_never_stopped, stop) = watch::channel(false);
    let ops = ops::router(&env, &config, health.clone(), leadership);
    env.spawn(serve_connections(env.clone(), ops_listener, ops, stop));

    let app = load(&env, &config, &wiring).await;
    open_while_ready(env, &config, app, health).await
}

async fn listen(env: &Env, port: u16) -> Result<Box<dyn Listener>, StartError> {
    let listening = env.network.listen(port).await;
    listening.map_err(|error| StartError::Listen { port, error })
}

async fn load(env: &Env, config: &Arc<Config>, wiring: &Wiring) -> Arc<App> {
    loop {
        match App::load(env.clone(), config.clone(), wiring.clone()).await {
            Ok(app) => return app,
            Err(failure) => {
                tracing::error!(cause = %failure, "keys cannot be loaded yet; trying again");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Opens the port when ready and closes it when degraded, forever.
async fn open_while_ready(env: Env, config: &Config, app: Arc<App>, mut health: watch::Receiver<Health>) -> ! {
    let router = app::router(app);
    loop {
        until(&mut health, true).await;
        let listener = match listen(&env, config.port).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "ready, but the port cannot be opened; trying again");
                env.mark("the port could not be opened");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (stop, stopped) = watch::channel(false);
        let serving = serve_connections(env.clone(), listener, router.clone(), stopped);
        let closing = async {
            until(&mut health, false).await;
            stop.send_replace(true);
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
