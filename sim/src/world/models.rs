//! The models of Redis and Sentinel as hosts of a world, with the options of a plan.

use super::{
    Host, HostKind, Installed,
    console::{Console, Operator},
};
use crate::{
    history::Event,
    service::Service,
    tls::{self, Certificate},
};
pub use model_redis::REPLICATION_LATE_PPM;
use model_redis::{Disk, PersistenceMode, RedisConfig, RedisEvent};
use model_sentinel::{Passwords, SentinelConfig, SentinelDisk};
use seams::{Env, Probe as _};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Port of a Redis node.
pub const REDIS_PORT: u16 = 6379;
/// Port of a Sentinel.
pub const SENTINEL_PORT: u16 = 26379;
/// Port of a mail relay (RFC 5321 section 4.5.4.2).
pub const SMTP_PORT: u16 = 25;

/// The mark of a Redis node that has refused a password.
pub const PASSWORD_REFUSED: &str = "Redis refused a password";

/// The largest latency of the link between two Redis nodes while replicas attach, milliseconds.
pub(super) const ATTACH_MS_MAX: u64 = 1;

/// The options of the Redis nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedisOptions {
    /// Number of replicas of the master.
    pub replicas: usize,
    /// One-way latency of the links between Redis nodes, milliseconds. A failover takes back the writes that are on
    /// these links.
    pub replication_ms: u64,
    /// How often, per million replies, a node sends a write to its replica one millisecond after it has acknowledged
    /// the write, for each client that it answers at once. A kill takes these writes back.
    pub replication_late_ppm: u32,
    /// The persistence of a node.
    pub persistence: Persistence,
    /// Whether it listens for TLS only, and speaks it to its master (`port 0`, `tls-port`, `tls-replication`).
    #[serde(skip_serializing_if = "is_false")]
    pub tls: bool,
    /// Its passwords, if it asks for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passwords: Option<RedisPasswords>,
}

/// The passwords of Redis nodes. All nodes have the same, as one of them may take the place of another.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisPasswords {
    /// `requirepass` and `masterauth`: that of the default user, who may do everything.
    pub admin: String,
    /// The user of the service's processes.
    pub user: String,
    /// The password of that user.
    pub password: String,
    /// What that user may do, as ACL rules: `~app:* &* +@all`.
    pub rules: String,
}

impl fmt::Debug for RedisPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisPasswords({})", self.user) // the rest is not for logs
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a Redis node keeps through a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persistence {
    /// Nothing.
    None,
    /// An append-only file with `appendfsync everysec`: a kill loses nothing, a power loss up to a second of writes.
    Aof,
}

impl Default for RedisOptions {
    fn default() -> RedisOptions {
        RedisOptions {
            replicas: 1,
            replication_ms: 1,
            replication_late_ppm: REPLICATION_LATE_PPM,
            persistence: Persistence::None,
            tls: false,
            passwords: None,
        }
    }
}

/// The options of the Sentinels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SentinelOptions {
    /// `quorum`.
    pub quorum: usize,
    /// `down-after-milliseconds`.
    pub down_after_ms: u64,
    /// `failover-timeout`, milliseconds.
    pub failover_timeout_ms: u64,
    /// Whether it listens for TLS only, and speaks it to Redis nodes and other Sentinels.
    #[serde(skip_serializing_if = "is_false")]
    pub tls: bool,
    /// `requirepass`: what it asks its clients and the other Sentinels for. Empty: nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub password: String,
    /// `auth-pass`: what it gives to the Redis nodes. Empty: nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub redis_password: String,
}

impl Default for SentinelOptions {
    fn default() -> SentinelOptions {
        SentinelOptions {
            quorum: 2,
            down_after_ms: 1000,
            failover_timeout_ms: 10_000,
            tls: false,
            password: String::new(),
            redis_password: String::new(),
        }
    }
}

/// The links between Redis nodes.
#[derive(Debug, Clone)]
pub(super) struct Replication {
    pub(super) nodes: Vec<String>,
    pub(super) ms: u64,
}

pub(super) fn redis<S: Service>(name: &str, master: Option<String>, options: &RedisOptions) -> Host<S> {
    let persistence = match options.persistence {
        Persistence::None => PersistenceMode::None,
        Persistence::Aof => PersistenceMode::Aof,
    };
    let (replication_late_ppm, passwords, tls) = (options.replication_late_ppm, options.passwords.clone(), options.tls);
    let host = Host::new(name, HostKind::Redis, move |start| {
        let operator = match &passwords {
            Some(passwords) => Operator::of_redis(passwords),
            None => Operator::default(),
        };
        let (disk, console) = (Disk::new(), Console::at(REDIS_PORT, operator));
        let (typed, certificate) = (console.clone(), tls.then(|| start.certificate()));
        let (passwords, marks) = (passwords.clone(), start.marks.clone());
        let (addresses, recorder, triggers) = (start.addresses.clone(), start.recorder.clone(), start.triggers.clone());
        let (host, master, boot_disk) = (start.host.to_owned(), master.clone(), disk.clone());
        let main = Installed::new(Box::new(move |env| {
            let config = RedisConfig {
                port: REDIS_PORT,
                replica_of: master.as_ref().map(|master| (addresses.of(master), REDIS_PORT)),
                announce_ip: addresses.of(&host),
                persistence,
                replication_late_ppm,
                ..with_passwords(passwords.as_ref())
            };
            let env = encrypted(env, certificate.as_ref());
            let of_service = passwords.as_ref().map(|passwords| passwords.user.clone());
            let (recorder, triggers, host, marks) = (recorder.clone(), triggers.clone(), host.clone(), marks.clone());
            let observer = move |event| match event {
                RedisEvent::Role { role } => {
                    let (host, role) = (host.clone(), role.to_owned());
                    recorder.note(&host.clone(), Event::Role { host, role });
                }
                RedisEvent::PasswordRefused { user } if Some(&user) == of_service.as_ref() => {
                    marks.mark(PASSWORD_REFUSED)
                }
                RedisEvent::Wrote { command, key } => triggers.write::<S>(&command, &key),
                _ => {}
            };
            let (console, boot_disk) = (console.clone(), boot_disk.clone());
            Box::pin(async move {
                seams::select! {
                    ended = model_redis::serve(env.clone(), config, boot_disk, Arc::new(observer)) => ended,
                    () = console.serve(&env) => {}
                }
            })
        }));
        main.on_power_loss(move || disk.power_loss()).with_console(typed)
    });
    certified(host, tls)
}

/// A Redis node's configuration with these passwords.
fn with_passwords(passwords: Option<&RedisPasswords>) -> RedisConfig {
    let Some(passwords) = passwords else {
        return RedisConfig::default();
    };
    let RedisPasswords {
        admin,
        user,
        password,
        rules,
    } = passwords;
    RedisConfig {
        requirepass: admin.clone(),
        masterauth: admin.clone(),
        users: vec![format!("{user} on >{password} {rules}")],
        ..RedisConfig::default()
    }
}

/// The seams of a host that speaks TLS if it has a certificate.
fn encrypted(env: Env, certificate: Option<&Certificate>) -> Env {
    match certificate {
        Some(certificate) => tls::network(env, certificate),
        None => env,
    }
}

fn certified<S: Service>(host: Host<S>, has_certificate: bool) -> Host<S> {
    match has_certificate {
        true => host.with_certificate(),
        false => host,
    }
}

pub(super) fn sentinel<S: Service>(name: &str, master: &str, master_name: &str, options: &SentinelOptions) -> Host<S> {
    let (master, master_name, options) = (master.to_owned(), master_name.to_owned(), options.clone());
    let tls = options.tls;
    let host = Host::new(name, HostKind::Sentinel, move |start| {
        let operator = Operator::of_sentinel(&options.password);
        let (disk, console) = (SentinelDisk::new(), Console::at(SENTINEL_PORT, operator));
        let (typed, certificate) = (console.clone(), tls.then(|| start.certificate()));
        let (addresses, recorder, host) = (start.addresses.clone(), start.recorder.clone(), start.host.to_owned());
        let (master, master_name, options) = (master.clone(), master_name.clone(), options.clone());
        Installed::new(Box::new(move |env| {
            let config = SentinelConfig {
                port: SENTINEL_PORT,
                announce_ip: addresses.of(&host),
                master_name: master_name.clone(),
                master: (addresses.of(&master), REDIS_PORT),
                quorum: options.quorum,
                down_after_ms: options.down_after_ms,
                failover_timeout_ms: options.failover_timeout_ms,
                passwords: Passwords {
                    require: options.password.clone(),
                    of_redis: options.redis_password.clone(),
                },
            };
            let env = encrypted(env, certificate.as_ref());
            let (recorder, host) = (recorder.clone(), host.clone());
            let observer = move |says| {
                let host = host.clone();
                recorder.note(&host.clone(), Event::Sentinel { host, says });
            };
            let (console, disk) = (console.clone(), disk.clone());
            Box::pin(async move {
                seams::select! {
                    ended = model_sentinel::serve(env.clone(), config, disk, Arc::new(observer)) => ended,
                    () = console.serve(&env) => {}
                }
            })
        }))
        .with_console(typed)
    });
    certified(host, tls)
}
