//! `squall redis` and `squall sentinel`: the models as real servers, over real TCP with the real clock, so that any client
//! can talk to them.

use clap::Args as ClapArgs;
use model_redis::{PersistenceMode, RedisConfig};
use model_sentinel::{Passwords, SentinelConfig};
use server::{Options, program};
use sim::command::{Conclusion, Trouble, say};
use std::{
    io::{self, IsTerminal},
    net::{IpAddr, Ipv4Addr, TcpListener},
    str::FromStr,
};
use tracing_subscriber::EnvFilter;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An address and a port, as in `127.0.0.1:6379`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address(String, u16);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let parts = text
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        match parts {
            Some((host, port)) if !host.is_empty() && port > 0 => Ok(Address(host.to_owned(), port)),
            _ => Err(format!("{text:?} is not HOST:PORT, as in 127.0.0.1:6379")),
        }
    }
}

/// Options of `redis`. The names are those of redis.conf.
#[derive(Debug, ClapArgs)]
pub(crate) struct RedisArgs {
    /// Port to listen on
    #[arg(long, value_name = "N", default_value_t = 6379, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Address to listen on
    #[arg(long, value_name = "IP", default_value_t = LOOPBACK)]
    bind: IpAddr,
    /// Start as a replica of this node
    #[arg(long, value_name = "HOST:PORT")]
    replicaof: Option<Address>,
    /// Address that it gives to its master and to the Sentinels, if not that of its connection
    #[arg(long, value_name = "IP")]
    replica_announce_ip: Option<IpAddr>,
    /// Refuse writes with fewer replicas than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_replicas_to_write: usize,
    /// A replica counts if it was heard of within so many seconds
    #[arg(long, value_name = "S", default_value_t = 10)]
    min_replicas_max_lag: u64,
    /// How much of the replication stream it keeps for replicas that come back
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    repl_backlog_size: usize,
    /// A replica that has lost its master answers MASTERDOWN
    #[arg(long)]
    refuse_stale_data: bool,
    /// Answer LOADING for so long after the start
    #[arg(long, value_name = "MS", default_value_t = 0)]
    loading_ms: u64,
}

/// Options of `sentinel`. The names are those of sentinel.conf.
#[derive(Debug, ClapArgs)]
pub(crate) struct SentinelArgs {
    /// Port to listen on
    #[arg(long, value_name = "N", default_value_t = 26379, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Address to listen on, and to give to the other Sentinels
    #[arg(long, value_name = "IP", default_value_t = LOOPBACK)]
    bind: IpAddr,
    /// Name of the master, as clients ask for it
    #[arg(long, value_name = "NAME", default_value = "mymaster")]
    master_name: String,
    /// The master at the start
    #[arg(long, value_name = "IP:PORT")]
    monitor: Address,
    /// How many Sentinels must find the master down
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = quorum)]
    quorum: usize,
    /// How long it must be silent to be down
    #[arg(long, value_name = "MS", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1..))]
    down_after_milliseconds: u64,
    /// How long a failover may take
    #[arg(long, value_name = "MS", default_value_t = 180_000, value_parser = clap::value_parser!(u64).range(1..))]
    failover_timeout: u64,
}

fn quorum(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..) => Ok(n),
        _ => Err("a quorum is a number, and at least 1".to_owned()),
    }
}

/// Serves until it is asked to end, which it does with status 0, as Redis does.
pub(crate) fn redis(args: &RedisArgs) -> Result<Conclusion, Trouble> {
    let config = RedisConfig {
        port: args.port,
        replica_of: args.replicaof.clone().map(|Address(host, port)| (host, port)),
        announce_ip: args.replica_announce_ip.map(|ip| ip.to_string()).unwrap_or_default(),
        persistence: PersistenceMode::None,
        min_replicas_to_write: args.min_replicas_to_write,
        min_replicas_max_lag_s: args.min_replicas_max_lag,
        repl_backlog_size: args.repl_backlog_size,
        replica_serve_stale_data: !args.refuse_stale_data,
        loading_ms: args.loading_ms,
        replication_late_ppm: 0, // the real network has delays of its own
        ..RedisConfig::default()
    };
    serve("redis", args.bind, args.port, || {
        conformance::serve::redis(config, args.bind)
    })
}

/// The same for a Sentinel.
pub(crate) fn sentinel(args: &SentinelArgs) -> Result<Conclusion, Trouble> {
    let Address(host, port) = &args.monitor;
    let Ok(ip) = host.parse::<IpAddr>() else {
        return Err(Trouble(format!(
            "--monitor: {host:?} is not an IP address; Sentinel compares addresses and needs one"
        )));
    };
    let config = SentinelConfig {
        port: args.port,
        announce_ip: args.bind.to_string(),
        master_name: args.master_name.clone(),
        master: (ip.to_string(), *port),
        quorum: args.quorum,
        down_after_ms: args.down_after_milliseconds,
        failover_timeout_ms: args.failover_timeout,
        passwords: Passwords::default(),
    };
    serve("sentinel", args.bind, args.port, || {
        conformance::serve::sentinel(config, args.bind)
    })
}

fn serve(what: &str, bind: IpAddr, port: u16, server: impl FnOnce() -> io::Result<()>) -> Result<Conclusion, Trouble> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    TcpListener::bind((bind, port)).map_err(|error| {
        Trouble(format!(
            "--port {port}: cannot listen on {bind}: {error}; choose another port, or end the program that uses it"
        ))
    })?;
    say(format!(
        "{what} (a model of 7.0.15) listens on {bind}:{port}; its data is lost when it ends. Ctrl-C or SIGTERM ends it."
    ));
    server().map_err(|error| Trouble(format!("{what} could not listen on {bind}:{port}: {error}")))?;
    Ok(Conclusion::Held)
}

/// The login service, until it fails or is stopped.
pub(crate) fn service(options: &Options) -> Result<Conclusion, Trouble> {
    program(options.clone())?;
    Ok(Conclusion::Held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        assert_eq!("10.0.0.1:6379".parse(), Ok(Address("10.0.0.1".into(), 6379)));
        assert_eq!("::1:6379".parse(), Ok(Address("::1".into(), 6379)));
        for wrong in ["", "6379", ":6379", "redis:", "redis:0", "redis:70000"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
