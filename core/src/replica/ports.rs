//! The ports for people: which of them is open when.
//!
//! - The port for logins, at which everything can be asked, needs the store and the directory.
//! - The port for accounts needs the directory alone: who is logged in goes on without the store.
//!
//! Each is opened and closed by itself; a replica that stops closes both.

use super::{App, Health, Wiring, app, listen};
use crate::{
    clocks::Clocks,
    config::Config,
    http::server::{PortState, serve_some},
    stop::Stop,
};
use axum::Router;
use seams::Env;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};

/// Between two tries of what must succeed before a port can be opened.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether people can be served at a port: a replica may be healthy, and its port closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Serving {
    /// It starts, or waits until it is healthy.
    NotYet,
    /// The port is open.
    Open,
    /// Something keeps the port closed: what, and why.
    Kept(String),
}

/// The ports for people, of which operators are told.
pub(super) struct Ports {
    logins: Port,
    accounts: Option<Port>,
}

/// A port.
struct Port {
    number: u16,
    /// Whether it should be open.
    needs: fn(&Health) -> bool,
    announce: watch::Sender<Serving>,
}

impl Ports {
    /// The ports of a replica, and whether each is open, that for logins first.
    pub(super) fn of(config: &Config) -> (Ports, Vec<watch::Receiver<Serving>>) {
        let port = |number, needs| Port {
            number,
            needs,
            announce: watch::Sender::new(Serving::NotYet),
        };
        let ports = Ports {
            logins: port(config.port, |health| health.ready),
            accounts: config.account_port.map(|number| port(number, |health| health.accounts)),
        };
        let all = [Some(&ports.logins), ports.accounts.as_ref()].into_iter().flatten();
        let serving = all.map(|port| port.announce.subscribe()).collect();
        (ports, serving)
    }

    /// Loads what is needed and serves people, until the replica stops.
    pub(super) async fn serve_people(
        self,
        env: &Env,
        config: &Arc<Config>,
        parts: (&Wiring, Arc<Clocks>),
        health: watch::Receiver<Health>,
        mut stop: Stop,
    ) {
        let loaded = seams::select! {
            app = load(env, config, parts, &self.logins.announce) => Some(app),
            () = stop.asked() => None,
        };
        let Some(app) = loaded else { return };
        let routers = app::routers(&app, health.clone(), stop.clone());
        drop(app);
        self.logins.announce.send_replace(Serving::NotYet);
        // One bound for all ports, and for all the times that they are open: what is closed may have connections that end.
        let places = Arc::new(Semaphore::new(config.limits.connections));
        let logins = self
            .logins
            .open_while_needed(env, routers.people, health.clone(), places.clone(), stop.clone());
        let accounts = async {
            if let Some(port) = &self.accounts {
                port.open_while_needed(env, routers.accounts, health, places, stop)
                    .await;
            }
        };
        tokio::join!(logins, accounts);
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

impl Port {
    /// Opens the port when what it needs works, and closes it when that does not, until the replica stops.
    async fn open_while_needed(
        &self,
        env: &Env,
        router: Router,
        mut health: watch::Receiver<Health>,
        places: Arc<Semaphore>,
        mut stop: Stop,
    ) {
        loop {
            seams::select! {
                () = stop.asked() => return,
                () = self.until(&mut health, true) => {}
            }
            let listener = match listen(env, self.number).await {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::error!(port = self.number, %error, "ready, but the port cannot be opened; trying again");
                    env.mark("the port could not be opened");
                    self.announce
                        .send_replace(Serving::Kept(format!("port: {}: {error}", self.number)));
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let (tell, state) = watch::channel(PortState::Open);
            self.announce.send_replace(Serving::Open);
            let serving = serve_some(env.clone(), listener, router.clone(), state, places.clone());
            let closing = async {
                let state = seams::select! {
                    () = stop.asked() => PortState::Leaves,
                    () = self.until(&mut health, false) => PortState::Closed,
                };
                self.announce.send_replace(Serving::NotYet);
                tell.send_replace(state);
            };
            tokio::join!(serving, closing);
        }
    }

    async fn until(&self, health: &mut watch::Receiver<Health>, works: bool) {
        if health.wait_for(|health| (self.needs)(health) == works).await.is_err() {
            // The task that watches lives as long as this host does.
            std::future::pending::<()>().await;
        }
    }
}
