//! The command line.

use clap::{Args, Parser, Subcommand};
use std::{net::IpAddr, path::PathBuf};

/// A highly available OpenID Connect login service: one replica.
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

    /// Name of this replica.
    #[arg(long, default_value = "idp")]
    pub replica: String,

    /// Issuer, exactly as clients are told it, without a trailing slash [default with --dev:
    /// http://127.0.0.1:PORT].
    #[arg(long, required_unless_present = "dev")]
    pub issuer: Option<String>,

    /// Address to listen on [default: 127.0.0.1 with --dev, 0.0.0.0 otherwise].
    #[arg(long)]
    pub bind: Option<IpAddr>,

    /// Port for people and relying parties; closed while the replica is degraded.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,

    /// Port for operators: /health.
    #[arg(long, default_value_t = 9090)]
    pub ops_port: u16,

    /// The SQLite file that all replicas share [default with --dev: target/idp-dev.sqlite].
    #[arg(long, value_name = "FILE", required_unless_present = "dev")]
    pub directory: Option<PathBuf>,

    /// The Sentinels.
    #[arg(long, value_name = "HOST:PORT,…", value_delimiter = ',', value_parser = host_port, required_unless_present = "dev")]
    pub redis_sentinel: Vec<(String, u16)>,

    /// The name by which the Sentinels know the master.
    #[arg(long, default_value = "auth")]
    pub redis_master: String,

    /// The mail relay (SMTP, plain text: a relay on a trusted network).
    #[arg(long, value_name = "HOST:PORT", value_parser = host_port, required_unless_present = "dev")]
    pub mail_relay: Option<(String, u16)>,

    /// Sender address of mails.
    #[arg(long, default_value = "login@localhost")]
    pub mail_from: String,

    /// The analytics hook (HTTP): login events are posted to it, and nothing waits for it.
    #[arg(long, value_name = "HOST:PORT/PATH", value_parser = hook)]
    pub analytics_hook: Option<(String, u16, String)>,
}

/// What to do instead of serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Adds a person who may log in.
    AddUser(AddUser),
    /// Adds a relying party.
    AddClient(AddClient),
}

/// A person who may log in.
#[derive(Debug, Clone, Args)]
pub struct AddUser {
    /// The SQLite file that all replicas share.
    #[arg(long, value_name = "FILE")]
    pub directory: PathBuf,
    /// Mail address.
    #[arg(long)]
    pub address: String,
    /// Display name.
    #[arg(long)]
    pub name: String,
}

/// A relying party.
#[derive(Debug, Clone, Args)]
pub struct AddClient {
    /// The SQLite file that all replicas share.
    #[arg(long, value_name = "FILE")]
    pub directory: PathBuf,
    /// `client_id`.
    #[arg(long)]
    pub id: String,
    /// Name shown to people.
    #[arg(long)]
    pub name: String,
    /// Redirect URI, compared exactly; may be given several times.
    #[arg(long, required = true)]
    pub redirect_uri: Vec<String>,
    /// Makes it a confidential client and prints its new secret, once.
    #[arg(long)]
    pub confidential: bool,
}

fn host_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| format!("`{text}` has no port: write HOST:PORT"))?;
    let port = port
        .parse()
        .map_err(|_| format!("`{port}` is not a port: write a number from 1 to 65535"))?;
    match (host, port) {
        ("", _) => Err(format!("`{text}` has no host: write HOST:PORT")),
        (_, 0) => Err("port 0 cannot be connected to".into()),
        _ => Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port)),
    }
}

fn hook(text: &str) -> Result<(String, u16, String), String> {
    let text = text.strip_prefix("http://").unwrap_or(text);
    let (authority, path) = text.split_once('/').unwrap_or((text, ""));
    let (host, port) = if authority.contains(':') {
        host_port(authority)?
    } else {
        (authority.to_owned(), 80)
    };
    Ok((host, port, format!("/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_explained() {
        assert_eq!(host_port("redis:26379"), Ok(("redis".into(), 26379)));
        assert_eq!(host_port("[::1]:26379"), Ok(("::1".into(), 26379)));
        assert!(host_port("redis").unwrap_err().contains("no port"));
        assert!(host_port("redis:x").unwrap_err().contains("not a port"));
        assert!(host_port(":1").unwrap_err().contains("no host"));
        assert_eq!(hook("http://h:81/a/b"), Ok(("h".into(), 81, "/a/b".into())));
        assert_eq!(hook("h"), Ok(("h".into(), 80, "/".into())));
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
