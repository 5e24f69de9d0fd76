//! The command line.

mod access;
mod commands;
mod places;

pub use access::{Access, MailTls};
pub use commands::{
    AddClient, AddUser, AlgorithmChoice, At, ChangeClient, ChangeUser, Command, ImportSigningKey, OneClient, OneUser,
    PkceChoice,
};

use clap::{Parser, ValueEnum};
use idp::http::{ForwardedBy, Network};
use places::{hook, host_port};
use std::{net::IpAddr, path::PathBuf};

/// Where trusted proxies name their clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ProxyHeader {
    /// X-Forwarded-For.
    #[default]
    XForwardedFor,
    /// Forwarded (RFC 7239).
    Forwarded,
}

impl From<ProxyHeader> for ForwardedBy {
    fn from(header: ProxyHeader) -> ForwardedBy {
        match header {
            ProxyHeader::XForwardedFor => ForwardedBy::XForwardedFor,
            ProxyHeader::Forwarded => ForwardedBy::Forwarded,
        }
    }
}

/// A highly available OpenID Connect login service: one replica.
///
/// All replicas share one directory: an SQLite file with a write-ahead log, which works on one machine only. Put the file on
/// a local disk, and run all replicas on that machine; a network file system damages it.
///
/// A replica that gets SIGTERM or SIGINT closes its ports, answers what has begun, gives its lease back, sends the mails that
/// wait, and ends after 15 s at the latest, with 0; a second signal ends it at once.
///
/// Secrets come from files or from the environment, never from arguments, which every process of the machine can read.
#[derive(Debug, Clone, Parser)]
#[command(name = "idp", version, args_conflicts_with_subcommands = true)]
pub struct Options {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Serves on loopback with state in memory and a demo client and user; prints codes instead of
    /// mailing them.
    #[arg(long, conflicts_with_all = ["redis_sentinel", "mail_relay"])]
    pub dev: bool,

    /// With --dev: the limits of production. Without it nobody is stopped who logs in again and again.
    #[arg(long, requires = "dev")]
    pub dev_limits: bool,

    /// With --dev: the port of the demo client, which shows the tokens that it gets; 0: no demo client.
    #[arg(long, default_value_t = 8000)]
    pub demo_port: u16,

    /// Name of this replica.
    #[arg(long, default_value = "idp")]
    pub replica: String,

    /// Issuer, exactly as clients are told it, without a path and without a trailing slash [default with --dev:
    /// http://127.0.0.1:PORT].
    #[arg(long, required_unless_present = "dev")]
    pub issuer: Option<String>,

    /// Address to listen on [default: 127.0.0.1 with --dev, 0.0.0.0 otherwise].
    #[arg(long)]
    pub bind: Option<IpAddr>,

    /// Port for people and relying parties, for everything; closed while Redis or the directory cannot be used.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,

    /// Port for what needs no Redis: keys, metadata, /userinfo, the account page, signing out. To all else it answers that nobody
    /// can log in now. Closed while the directory cannot be used. Without it, all of that ends when Redis cannot be used.
    #[arg(long, value_name = "PORT")]
    pub account_port: Option<u16>,

    /// A proxy that is believed when it names a client: an address or a network (10.0.0.0/8). May be given several times.
    /// Without it each client is who connects.
    #[arg(long, value_name = "ADDRESS|CIDR")]
    pub trusted_proxy: Vec<Network>,

    /// The header to which trusted proxies append the address of their client. The other one is not read.
    #[arg(long, value_enum, default_value_t)]
    pub proxy_header: ProxyHeader,

    /// Port for operators: /health.
    #[arg(long, default_value_t = 9090)]
    pub ops_port: u16,

    /// Address to listen on for operators. Whoever reaches it learns which part fails.
    #[arg(long, default_value = "127.0.0.1")]
    pub ops_bind: IpAddr,

    /// The SQLite file that all replicas share, on a local disk of the one machine that they run on [default with --dev:
    /// target/idp-dev.sqlite].
    #[arg(long, value_name = "FILE", required_unless_present = "dev")]
    pub directory: Option<PathBuf>,

    /// Makes the directory if there is none; replicas that start at the same time may all say so.
    #[arg(long)]
    pub create_directory: bool,

    /// The Sentinels.
    #[arg(long, value_name = "HOST:PORT,…", value_delimiter = ',', value_parser = host_port, required_unless_present = "dev")]
    pub redis_sentinel: Vec<(String, u16)>,

    /// The name by which the Sentinels know the master.
    #[arg(long, default_value = "auth")]
    pub redis_master: String,

    /// The mail relay (SMTP).
    #[arg(long, value_name = "HOST:PORT", value_parser = host_port, required_unless_present = "dev")]
    pub mail_relay: Option<(String, u16)>,

    /// Sender address of mails.
    #[arg(long, default_value = "login@localhost")]
    pub mail_from: String,

    /// The analytics hook (HTTP): login events are posted to it, and nothing waits for it.
    #[arg(long, value_name = "HOST:PORT/PATH", value_parser = hook)]
    pub analytics_hook: Option<(String, u16, String)>,

    /// How to get in there.
    #[command(flatten)]
    pub access: Access,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let parse = |proxy: &str| Options::try_parse_from(["idp", "--dev", "--trusted-proxy", proxy]);
        for good in ["10.0.0.0/8", "192.0.2.1", "2001:db8::/48"] {
            assert_eq!(parse(good).unwrap().trusted_proxy, [good.parse().unwrap()]);
        }
        let refused = parse("proxy.internal").unwrap_err().to_string();
        assert!(refused.contains("is neither an address nor a network"), "{refused}");
        let several = ["idp", "--dev", "--trusted-proxy=10.0.0.1", "--trusted-proxy=10.0.0.2"];
        assert_eq!(Options::try_parse_from(several).unwrap().trusted_proxy.len(), 2);
    }

    #[test]
    fn production_needs_everything_and_dev_needs_nothing() {
        assert!(Options::try_parse_from(["idp", "--dev"]).is_ok());
        let refused = Options::try_parse_from(["idp"]).unwrap_err().to_string();
        assert!(
            refused.contains("--issuer") && refused.contains("--redis-sentinel"),
            "{refused}"
        );
        assert!(Options::try_parse_from(["idp", "--dev", "--redis-sentinel", "a:1"]).is_err());
    }
}
