//! One replica of the login service: the production code over the simulated world's seams.

use super::{access, calls, dual_stack, hosts, rsa_keys::FixedRsaKeys};
use crate::login::{ClientsTold, Login, StoreOption, WorldOptions, renew_every};
use idp::{
    config::{Config, RedisAccess, StateConfig},
    http::ForwardedBy,
    replica::Wiring,
    store::{DirectoryError, sqlite::SqliteDirectory},
};
use seams::Env;
use sim::world::Process;
use std::{fmt::Display, sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

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
    // Its ports are the documented ones, by which the balancer and the operators know it.
    let mut config = Config::new(host, world.issuer(), state);
    config.account_port = Some(hosts::ACCOUNT_PORT);
    config.directory = directory.to_owned();
    // All hosts of this world: the balancer, and the network in front of it.
    config.proxies.networks = ["10.0.0.0/8", "192.168.0.0/16"]
        .map(|network| network.parse().expect("a network"))
        .to_vec();
    if world.clients_told == ClientsTold::Forwarded {
        config.proxies.header = ForwardedBy::Forwarded;
    }
    config.mail_relay = Some((hosts::MAIL.to_owned(), access::relay_port(world.access)));
    access::configure(&mut config, world);
    config.mail_from = hosts::MAIL_FROM.to_owned();
    let hook = |port| (hosts::ANALYTICS.to_owned(), port, hosts::ANALYTICS_PATH.to_owned());
    config.analytics_hook = world.hook.port().map(hook);
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
        (
            &mut ttl.known_browser,
            world.known_browser_ttl_s,
            usual.known_browser_ttl_s,
        ),
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

/// Runs one boot of a replica, as the program does: it stops in order at the first signal, and ends at once at the second.
pub(crate) async fn run(process: Process<Login>, env: Env) {
    process.shared.directory.powered(&process.host);
    let mut signal = process.signals.on_stop();
    let (ask, asked) = watch::channel(false);
    let twice = async {
        signal.next().await;
        ask.send_replace(true);
        signal.next().await;
    };
    seams::select! {
        () = twice => process.signals.interrupt(),
        () = keep_running(&process, &env, asked) => {}
    }
}

/// Runs until the process is asked to stop and has done so; what could not start is started again.
async fn keep_running(process: &Process<Login>, env: &Env, asked: watch::Receiver<bool>) {
    loop {
        let Err(why) = serve(process, env, asked.clone()).await else {
            return;
        };
        tracing::error!(%why, "the replica could not start");
        env.mark("replica could not start");
        if asks(asked.clone(), sleep(RESTART_AFTER)).await {
            return;
        }
    }
}

/// Whether the process is asked to stop before this has happened.
async fn asks(mut asked: watch::Receiver<bool>, happens: impl Future) -> bool {
    seams::select! {
        _ = happens => false,
        _ = asked.wait_for(|asked| *asked) => true,
    }
}

async fn serve(process: &Process<Login>, env: &Env, mut to_stop: watch::Receiver<bool>) -> Result<(), String> {
    let mut config = config(&process.host, process.shared.directory.location(), &process.options);
    let asked = calls::wrap::Asked::by(process);
    let env = &calls::wrap::env(env, &asked);
    let env = &match process.options.clients_told {
        ClientsTold::DualStack => dual_stack::env(env),
        ClientsTold::XForwardedFor | ClientsTold::Forwarded => env.clone(),
    };
    let opening = SqliteDirectory::open(env.clone(), &config.directory, config.deadlines.directory);
    let opening = process.calls.around_with(calls::OPEN, opening, DirectoryError::Prepare);
    let opened = seams::select! {
        opened = opening => opened,
        _ = to_stop.wait_for(|asked| *asked) => {
            idp::replica::stop_before_start(); // as the program does
            return Ok(());
        }
    };
    let directory = match opened {
        Ok(directory) => Arc::new(directory),
        // Two runs of one plan have their directories in different places.
        Err(error) => return Err(error.to_string().replace(&config.directory, "directory.sqlite")),
    };
    let wiring = Wiring::standard(
        env,
        &Arc::new(config.clone()),
        directory,
        Arc::new(FixedRsaKeys::of(&process.host).unless_in(&process.shared.directory)),
    );
    let wiring = calls::wrap::wiring(env, &config, wiring, &asked);
    let wiring = match &process.bug {
        Some(rewire) => rewire(env, &mut config, wiring),
        None => wiring,
    };
    let wiring = process.shared.store.listen_at(env, wiring);
    let to_stop = async move { drop(to_stop.wait_for(|asked| *asked).await) };
    let served = idp::replica::serve(env.clone(), config, wiring, to_stop).await;
    served.map_err(in_words)
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}
