//! How to get in at Redis, at the Sentinels and at the mail relay.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How to get in at what the service depends on.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access to Redis, Sentinels and the mail relay")]
pub struct Access {
    /// User at Redis [default: Redis's default user].
    #[arg(long, value_name = "NAME")]
    pub redis_user: Option<String>,

    /// File with the password for Redis; or set IDP_REDIS_PASSWORD.
    #[arg(long, value_name = "FILE")]
    pub redis_password_file: Option<PathBuf>,

    /// Speaks TLS with Redis. The certificate must name the address that the Sentinels give out.
    #[arg(long)]
    pub redis_tls: bool,

    /// User at the Sentinels.
    #[arg(long, value_name = "NAME")]
    pub sentinel_user: Option<String>,

    /// File with the password for the Sentinels; or set IDP_SENTINEL_PASSWORD.
    #[arg(long, value_name = "FILE")]
    pub sentinel_password_file: Option<PathBuf>,

    /// Speaks TLS with the Sentinels.
    #[arg(long)]
    pub sentinel_tls: bool,

    /// Whether the connection to the mail relay is encrypted. A relay that cannot do it gets no mail.
    #[arg(long, value_enum, default_value_t = MailTls::None)]
    pub mail_tls: MailTls,

    /// User at the mail relay; needs --mail-tls.
    #[arg(long, value_name = "NAME")]
    pub mail_user: Option<String>,

    /// File with the password for the mail relay; or set IDP_MAIL_PASSWORD.
    #[arg(long, value_name = "FILE")]
    pub mail_password_file: Option<PathBuf>,

    /// File with the certificate authorities that are trusted (PEM) [default: those of this machine].
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// Whether the connection to the mail relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MailTls {
    /// Not at all: a relay on a trusted network.
    None,
    /// From STARTTLS on, which must be offered (usually port 587).
    Starttls,
    /// From the beginning (usually port 465).
    Implicit,
}
