//! One replica of the login service: the very code that runs in production, over this world's seams.

use super::{hosts, scene::Rewire, watch::WatchedNetwork};
use crate::{plan::WorldOptions, recorder::Recorder};
use idp::{
    config::{Config, StateConfig},
    replica::Wiring,
    store::sqlite::SqliteDirectory,
};
use seams::Env;
use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;

/// How long the supervisor waits before it starts a process again that could not start.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// All replicas' configuration, with what the plan says.
pub(super) fn config(host: &str, directory: &str, world: &WorldOptions) -> Config {
    let state = StateConfig::Sentinel {
        sentinels: hosts::SENTINELS
            .map(|host| (host.to_owned(), hosts::SENTINEL_PORT))
            .to_vec(),
        master: hosts::MASTER_NAME.to_owned(),
    };
    let mut config = Config::new(host, hosts::ISSUER, state);
    config.port = hosts::REPLICA_PORT;
    config.ops_port = hosts::OPS_PORT;
    config.directory = directory.to_owned();
    config.mail_relay = Some((hosts::MAIL.to_owned(), hosts::SMTP_PORT));
    config.mail_from = "login@login.example".to_owned();
    config.analytics_hook = Some((
        hosts::ANALYTICS.to_owned(),
        hosts::ANALYTICS_PORT,
        hosts::ANALYTICS_PATH.to_owned(),
    ));
    config.ttl.code = Duration::from_secs(world.code_ttl_s);
    config.limits.window = Duration::from_secs(world.limit_window_s);
    config.leader.lease = Duration::from_millis(world.lease_ms);
    config.leader.renew_every = Duration::from_millis(world.lease_ms * 3 / 10);
    config
}

/// What every boot of a replica has in common.
pub(super) struct Process {
    pub(super) host: &'static str,
    pub(super) config: Config,
    pub(super) recorder: Recorder,
    pub(super) degraded: Arc<AtomicBool>,
    pub(super) rewire: Option<Rewire>,
}

impl Process {
    /// One boot.
    pub(super) async fn run(self: Arc<Self>, env: Env) {
        self.degraded.store(false, Ordering::Relaxed);
        let network = Arc::new(WatchedNetwork {
            inner: env.network.clone(),
            host: self.host,
            recorder: self.recorder.clone(),
            degraded: self.degraded.clone(),
        });
        let env = Env { network, ..env };
        loop {
            let why = self.serve(&env).await;
            tracing::error!(%why, "the replica could not start");
            env.mark("replica could not start");
            sleep(RESTART_AFTER).await;
        }
    }

    async fn serve(&self, env: &Env) -> String {
        let config = self.config.clone();
        let directory = SqliteDirectory::open(env.clone(), &config.directory, config.deadlines.directory).await;
        let directory = match directory {
            Ok(directory) => Arc::new(directory),
            Err(error) => return error.to_string(),
        };
        let wiring = Wiring::standard(env, &Arc::new(config.clone()), directory);
        let wiring = match &self.rewire {
            Some(rewire) => rewire(env, &config, wiring),
            None => wiring,
        };
        said(idp::replica::serve(env.clone(), config, wiring).await)
    }
}

fn said(error: impl Display) -> String {
    error.to_string()
}
