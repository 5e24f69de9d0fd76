//! How to get in at Redis, at the Sentinels and at the mail relay: from the operator's options and secrets.

use crate::{
    options::{Access, MailTls},
    secret,
};
use idp::config::{self, MailAccess, RedisAccess, Secret};
use seams_os::Trust;
use std::path::Path;

/// Access to the Sentinels and to Redis.
///
/// # Errors
/// What is missing, or contradicts something else.
pub(crate) fn redis(access: &Access) -> Result<[RedisAccess; 2], String> {
    let of = |name: &str, user: &Option<String>, file: Option<&Path>, tls| {
        let variable = format!("IDP_{}_PASSWORD", name.to_uppercase());
        let password = secret::read(&format!("--{name}-password-file"), file, &variable)?;
        if let (Some(user), None) = (user, &password) {
            return Err(format!(
                "--{name}-user {user} needs a password: --{name}-password-file or {variable}"
            ));
        }
        let user = user.clone();
        Ok(RedisAccess { user, password, tls })
    };
    let file = access.sentinel_password_file.as_deref();
    let sentinel = of("sentinel", &access.sentinel_user, file, access.sentinel_tls)?;
    let file = access.redis_password_file.as_deref();
    Ok([sentinel, of("redis", &access.redis_user, file, access.redis_tls)?])
}

/// Access to the mail relay.
///
/// # Errors
/// As [`redis`]; and a password that would be sent in clear.
pub(crate) fn mail(access: &Access) -> Result<MailAccess, String> {
    let file = access.mail_password_file.as_deref();
    let password = secret::read("--mail-password-file", file, "IDP_MAIL_PASSWORD")?;
    let login = login(access.mail_user.clone(), password)?;
    let tls = match access.mail_tls {
        MailTls::None if login.is_some() => {
            return Err("--mail-user: its password would be sent in clear; add --mail-tls starttls or implicit".into());
        }
        MailTls::None => config::MailTls::None,
        MailTls::Starttls => config::MailTls::StartTls,
        MailTls::Implicit => config::MailTls::Implicit,
    };
    Ok(MailAccess { tls, login })
}

fn login(user: Option<String>, password: Option<Secret>) -> Result<Option<(String, Secret)>, String> {
    match (user, password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => Ok(Some((user, password))),
        (Some(user), None) => Err(format!(
            "--mail-user {user} needs a password: --mail-password-file or IDP_MAIL_PASSWORD"
        )),
        (None, Some(_)) => Err("a password for the mail relay needs --mail-user".into()),
    }
}

/// The authorities that are trusted, if anything is to speak TLS.
///
/// # Errors
/// They cannot be read, or nothing needs them.
pub(crate) fn trust(access: &Access) -> Result<Option<Trust>, String> {
    let needed = access.redis_tls || access.sentinel_tls || access.mail_tls != MailTls::None;
    match (&access.ca_file, needed) {
        (None, false) => Ok(None),
        (Some(file), false) => Err(format!(
            "--ca-file {}: nothing speaks TLS; add --redis-tls, --sentinel-tls or --mail-tls",
            file.display()
        )),
        (Some(file), true) => Trust::of_file(file)
            .map(Some)
            .map_err(|error| format!("--ca-file {}: {error}", file.display())),
        (None, true) => Trust::of_system()
            .map(Some)
            .map_err(|error| format!("{error}; give --ca-file")),
    }
}
