//! One replica of the login service: the production code over the simulated world's seams.

use super::{access, calls, hosts};
use crate::login::{Login, StoreOption, WorldOptions, renew_every};
use idp::{
    config::{Config, RedisAccess, StateConfig},
    replica::Wiring,
    store::{DirectoryError, sqlite::SqliteDirectory},
};
use seams::Env;
use sim::world::Process;
use std::{fmt::Display, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long the supervisor waits before it restarts a process that could not start.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// The window of the limiters as documented, seconds; that of worlds is shorter as a rule.
const DOCUMENTED_WINDOW_S: u64 = 300;

/// The configuration of a replica, with the settings of the plan.
fn config(host: &str, directory: &str, world: &WorldOptions) -> Config {
    let state = match world.store {
        StoreOption::Redis => StateConfig::Sentinel {
            sentinels: (1..=world.sentinels)
                .map(|n| (format!("{}-{n}", hosts::SENTINEL), hosts::SENTINEL_PORT))
                .collect(),
            master: hosts::MASTER_NAME.to_owned(),
            sentinel_access: RedisAccess::default(),
            redis_access: RedisAccess::default(),
        },
        StoreOption::Memory => StateConfig::Memory,
    };
    let mut config = Config::new(host, hosts::ISSUER, state);
    config.port = hosts::REPLICA_PORT;
    config.ops_port = hosts::OPS_PORT;
    config.directory = directory.to_owned();
    config.mail_relay = Some((hosts::MAIL.to_owned(), access::relay_port(world.access)));
    access::configure(&mut config, world);
    config.mail_from = hosts::MAIL_FROM.to_owned();
    config.analytics_hook = Some((
        hosts::ANALYTICS.to_owned(),
        hosts::ANALYTICS_PORT,
        hosts::ANALYTICS_PATH.to_owned(),
    ));
    lifetimes(&mut config, world);
    config
}

/// Sets the lifetimes in which the world differs from its defaults. The others keep the service's own values, so that
/// the specification can check that these are as documented.
fn lifetimes(config: &mut Config, world: &WorldOptions) {
    let usual = WorldOptions::default();
    let (ttl, limits) = (&mut config.ttl, &mut config.limits);
    for (of, s, usual_s) in [
        (&mut ttl.flow, world.flow_ttl_s, usual.flow_ttl_s),
        (&mut ttl.email_code, world.email_code_ttl_s, usual.email_code_ttl_s),
        (
            &mut ttl.access_token,
            world.access_token_ttl_s,
            usual.access_token_ttl_s,
        ),
        (&mut ttl.id_token, world.id_token_ttl_s, usual.id_token_ttl_s),
        (&mut ttl.session, world.session_ttl_s, usual.session_ttl_s),
        (&mut limits.window, world.limit_window_s, DOCUMENTED_WINDOW_S),
        (&mut limits.send_once, world.send_once_s, usual.send_once_s),
        (&mut ttl.code, world.code_ttl_s, usual.code_ttl_s),
    ] {
        if s != usual_s {
            *of = Duration::from_secs(s);
        }
    }
    if world.outbox != usual.outbox {
        limits.outbox = world.outbox;
    }
    if world.analytics_queue != usual.analytics_queue {
        limits.analytics_queue = world.analytics_queue;
    }
    if world.lease_ms != usual.lease_ms {
        config.leader.lease = Duration::from_millis(world.lease_ms);
        config.leader.renew_every = renew_every(config.leader.lease);
    }
}

/// Runs one boot of a replica.
pub(crate) async fn run(process: Process<Login>, env: Env) {
    process.shared.directory.powered(&process.host);
    loop {
        let why = serve(&process, &env).await;
        tracing::error!(%why, "the replica could not start");
        env.mark("replica could not start");
        sleep(RESTART_AFTER).await;
    }
}

async fn serve(process: &Process<Login>, env: &Env) -> String {
    let mut config = config(&process.host, process.shared.directory.location(), &process.options);
    let asked = calls::wrap::Asked::by(process);
    let env = &calls::wrap::env(env, &asked);
    let opening = SqliteDirectory::open(env.clone(), &config.directory, config.deadlines.directory);
    let opening = process.calls.around_with(calls::OPEN, opening, DirectoryError::Prepare);
    let directory = match opening.await {
        Ok(directory) => Arc::new(directory),
        // Two runs of one plan have their directories in different places.
        Err(error) => return error.to_string().replace(&config.directory, "directory.sqlite"),
    };
    let wiring = Wiring::standard(env, &Arc::new(config.clone()), directory);
    let wiring = calls::wrap::wiring(env, &config, wiring, &asked);
    let wiring = match &process.bug {
        Some(rewire) => rewire(env, &mut config, wiring),
        None => wiring,
    };
    let wiring = process.shared.store.listen_at(env, wiring);
    in_words(idp::replica::serve(env.clone(), config, wiring).await)
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}
