//! Passwords and TLS between the replicas and what they depend on, in a guarded world.

use super::hosts;
use crate::{
    login::{AccessOption, WorldOptions},
    vocabulary::Recorder,
};
use idp::config::{Config, MailAccess, MailTls, RedisAccess, Secret, StateConfig};
use sim::world::RedisPasswords;

/// The user of the replicas at the relay and at Redis.
pub(crate) const USER: &str = "idp";
/// Their password at the relay.
pub(crate) const RELAY: &str = "relay-password-6Vq2";
/// Their password at Redis.
const REDIS: &str = "redis-password-9Tr4";
/// The password of the operators of Redis, of its replicas and of the Sentinels.
const REDIS_ADMIN: &str = "admin-password-3Kw8";
/// The user of the replicas at Redis, as operators are told to make it: nothing but what the service needs.
const ACL: &str = include_str!("../../../core/redis.acl");
/// The password at the Sentinels.
const SENTINEL: &str = "sentinel-password-1Zx7";

/// All of them, by kind: they must be in no log, and nowhere in clear.
const SECRETS: [(&str, &str); 4] = [
    ("relay password", RELAY),
    ("Redis password", REDIS),
    ("Redis admin password", REDIS_ADMIN),
    ("Sentinel password", SENTINEL),
];

/// Tells the recorder the passwords of this world.
pub(crate) fn tell(world: &WorldOptions, recorder: &Recorder) {
    if world.access.is_guarded() {
        for (kind, secret) in SECRETS {
            recorder.secret(kind, secret);
        }
    }
}

/// What the user of the replicas may do at Redis.
fn rules() -> &'static str {
    let (_, rules) = ACL
        .split_once(">PASSWORD ")
        .expect("the file says where the password goes");
    rules.trim_end()
}

/// The passwords of the Redis nodes.
pub(crate) fn of_redis(world: &WorldOptions) -> Option<RedisPasswords> {
    world.access.is_guarded().then(|| RedisPasswords {
        admin: REDIS_ADMIN.to_owned(),
        user: USER.to_owned(),
        password: REDIS.to_owned(),
        rules: rules().to_owned(),
    })
}

/// The password of the Sentinels, and what they give to Redis; both empty in an open world.
pub(crate) fn of_sentinels(world: &WorldOptions) -> (String, String) {
    match world.access.is_guarded() {
        true => (SENTINEL.to_owned(), REDIS_ADMIN.to_owned()),
        false => (String::new(), String::new()),
    }
}

/// How an operator gets in at a Redis node.
pub(crate) fn of_operators(world: &WorldOptions) -> RedisAccess {
    match world.access.is_guarded() {
        true => encrypted(None, REDIS_ADMIN),
        false => RedisAccess::default(),
    }
}

/// The port of the relay: that of submission where there is something to prove (RFC 6409, RFC 8314 section 3.3).
pub(crate) fn relay_port(access: AccessOption) -> u16 {
    match access {
        AccessOption::Open => hosts::SMTP_PORT,
        AccessOption::Guarded => hosts::SUBMISSION_PORT,
        AccessOption::GuardedImplicit => hosts::SUBMISSIONS_PORT,
    }
}

/// Gives a replica what it needs to get in.
pub(super) fn configure(config: &mut Config, world: &WorldOptions) {
    if !world.access.is_guarded() {
        return;
    }
    if let StateConfig::Sentinel {
        sentinel_access,
        redis_access,
        ..
    } = &mut config.state
    {
        *sentinel_access = encrypted(None, SENTINEL);
        *redis_access = encrypted(Some(USER), REDIS);
    }
    config.mail_access = MailAccess {
        tls: match world.access {
            AccessOption::GuardedImplicit => MailTls::Implicit,
            _ => MailTls::StartTls,
        },
        login: Some((USER.to_owned(), Secret::new(RELAY))),
    };
}

fn encrypted(user: Option<&str>, password: &str) -> RedisAccess {
    RedisAccess {
        user: user.map(str::to_owned),
        password: Some(Secret::new(password)),
        tls: true,
    }
}
