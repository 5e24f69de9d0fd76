//! From the operator's command line to a running replica.

use crate::{
    access,
    demo::Demo,
    descriptors, dev,
    directory::{IfMissing, open},
    issuer,
    operate::{Done, operate},
    options::Options,
    rsa_key::NewRsaKey,
};
use idp::{
    config::{Config, StateConfig},
    http::TrustedProxies,
    replica::{self, Wiring},
};
use seams_os::Connected;
use std::{
    future::pending,
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use thiserror::Error;
use tokio::sync::watch;

/// Why the service did not start, or stopped.
#[derive(Debug, Error)]
pub enum StartFailure {
    /// The directory cannot be used.
    #[error("the directory {file}: {why}")]
    Directory {
        /// The SQLite file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The replica could not start.
    #[error("{0}")]
    Replica(String),
    /// An argument that cannot be used.
    #[error("{0}")]
    Argument(String),
    /// What the operator asked for was not done.
    #[error("{0}")]
    Refused(String),
    /// A replica was asked twice to stop.
    #[error("interrupted while it was stopping: what was under way is cut off, and mails may be lost")]
    Interrupted,
    /// Nobody knows whether it was done.
    #[error("{0}; it may have been done: look before you try again")]
    Unknown(String),
}

const DEV_DIRECTORY: &str = "target/idp-dev.sqlite";

/// Does what the operator asked for. Serving ends by failure, or in order once `asked` is true.
///
/// # Errors
/// Why it could not be done.
pub async fn run(options: Options, asked: watch::Receiver<bool>) -> Result<(), StartFailure> {
    match &options.command {
        Some(command) => {
            let done = operate(command).await?;
            answer(&done)
        }
        None => serve(options, asked).await,
    }
}

/// Prints the answer of a command that is done. Whoever reads it may have gone, as `head` does, unless it has the only copy of a
/// secret; what else goes wrong is told.
fn answer(done: &Done) -> Result<(), StartFailure> {
    let mut out = io::stdout();
    let printed = out.write_all(done.print().as_bytes()).and_then(|()| out.flush());
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe || done.has_secret() => Err(StartFailure::Refused(
            format!("it is done, but its answer could not be written: {error}"),
        )),
        _ => Ok(()),
    }
}

async fn serve(options: Options, mut asked: watch::Receiver<bool>) -> Result<(), StartFailure> {
    let bind = options.bind.unwrap_or(if options.dev {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv4Addr::UNSPECIFIED.into()
    });
    let config = config(&options, bind)?;
    let mut ports = vec![(options.ops_port, options.ops_bind)];
    if options.dev {
        ports.push((options.demo_port, Ipv4Addr::LOCALHOST.into()));
    }
    let connected = Connected {
        bind,
        ports,
        trust: access::trust(&options.access).map_err(StartFailure::Argument)?,
    };
    let env = seams_os::env_connected(&options.replica, connected);
    let if_missing = if options.dev || options.create_directory {
        IfMissing::Create
    } else {
        IfMissing::Refuse
    };
    let directory = seams::select! {
        opened = open(&env, Path::new(&config.directory), if_missing) => opened?,
        () = to_stop(&mut asked) => {
            replica::stop_before_start();
            return Ok(());
        }
    };
    if options.dev {
        dev::prepare(&directory, &config.directory).await?;
        dev::greet(&config, &config.directory);
        dev::start_demo(Demo {
            env: env.clone(),
            issuer: config.issuer.clone(),
            service: (reached_at(bind).to_string(), options.port),
            port: options.demo_port,
        })
        .await;
    } else {
        dev::refuse(&directory, &config.directory).await?;
    }
    let wiring = Wiring::standard(
        &env,
        &Arc::new(config.clone()),
        Arc::new(directory),
        Arc::new(NewRsaKey),
    );
    let served = replica::serve(env, config, wiring, to_stop(&mut asked)).await;
    served.map_err(|error| StartFailure::Replica(error.to_string()))
}

/// Waits until the replica is to stop.
async fn to_stop(asked: &mut watch::Receiver<bool>) {
    if asked.wait_for(|asked| *asked).await.is_err() {
        pending().await // nobody is left who could ask
    }
}

fn config(options: &Options, bind: IpAddr) -> Result<Config, StartFailure> {
    let issuer = options.issuer.clone().unwrap_or_else(|| dev_issuer(bind, options.port));
    issuer::check(&issuer, options.dev).map_err(StartFailure::Argument)?;
    let mut ports = vec![("--port", options.port), ("--ops-port", options.ops_port)];
    ports.extend(options.account_port.map(|port| ("--account-port", port)));
    if options.dev {
        ports.push(("--demo-port", options.demo_port));
    }
    apart(&ports)?;
    let state = if options.dev {
        StateConfig::Memory
    } else {
        let [sentinel_access, redis_access] = access::redis(&options.access).map_err(StartFailure::Argument)?;
        StateConfig::Sentinel {
            sentinels: options.redis_sentinel.clone(),
            master: options.redis_master.clone(),
            sentinel_access,
            redis_access,
        }
    };
    let mut config = Config::new(&options.replica, issuer, state);
    config.port = options.port;
    config.account_port = options.account_port;
    config.ops_port = options.ops_port;
    config.limits.connections = descriptors::for_people(config.limits.connections);
    config.proxies = TrustedProxies {
        networks: options.trusted_proxy.clone(),
        header: options.proxy_header.into(),
    };
    let directory = options.directory.clone().unwrap_or_else(|| DEV_DIRECTORY.into());
    config.directory = directory.display().to_string();
    config.mail_relay = options.mail_relay.clone();
    config.mail_access = access::mail(&options.access).map_err(StartFailure::Argument)?;
    config.mail_from = options.mail_from.clone();
    config.analytics_hook = options.analytics_hook.clone();
    if options.dev && !options.dev_limits {
        dev::lift_limits(&mut config);
    }
    Ok(config)
}

/// Refuses two uses of one port. 0 is any free one.
fn apart(ports: &[(&str, u16)]) -> Result<(), StartFailure> {
    for (at, (option, port)) in ports.iter().enumerate() {
        let earlier = ports[..at].iter().find(|(_, earlier)| earlier == port && *port != 0);
        if let Some((other, _)) = earlier {
            return Err(StartFailure::Argument(format!(
                "{other} {port} and {option} {port}: each needs a port of its own"
            )));
        }
    }
    Ok(())
}

/// Where a developer's browser finds the service.
fn dev_issuer(bind: IpAddr, port: u16) -> String {
    let address = SocketAddr::new(reached_at(bind), port).to_string();
    // The usual port is not written (RFC 3986 section 6.2.3).
    let host = if port == 80 {
        address.trim_end_matches(":80")
    } else {
        &address
    };
    format!("http://{host}")
}

/// An address of this machine at which a server is reached that listens on `bind`.
fn reached_at(bind: IpAddr) -> IpAddr {
    if bind.is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        bind
    }
}
