//! `[world]` of a plan: the topology and the settings.

use crate::world::hosts;
use serde::{Deserialize, Serialize};
use sim::{
    nemesis::is_name,
    service::BadValue,
    world::{Persistence, REPLICATION_LATE_PPM},
};
use std::time::Duration;

/// How long a leader waits between two renewals of a lease that is not the documented one.
pub(crate) fn renew_every(lease: Duration) -> Duration {
    lease * 3 / 10
}

/// The options of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorldOptions {
    /// Shortest one-way latency of a link, milliseconds.
    pub latency_ms_min: u64,
    /// Longest one-way latency of a healthy link, milliseconds.
    pub latency_ms_max: u64,
    /// One-way latency of the link between the two Redis nodes, milliseconds. A failover takes back the writes that are
    /// on this link.
    pub replication_ms: u64,
    /// How often, per million replies, a Redis node sends a write to its replica a millisecond after it has
    /// acknowledged the write, for each client that it answers at once. A kill takes these writes back. Plans without
    /// it mean half of the time.
    #[serde(default = "as_often_as_ever")]
    pub replication_late_ppm: u32,
    /// How many replicas of the login service there are, from 1 to 8.
    pub replicas: usize,
    /// How many replicas the Redis master has: 1 or 2.
    pub redis_replicas: usize,
    /// How many Sentinels there are: 3 or 5.
    pub sentinels: usize,
    /// What a Redis node keeps through a restart.
    pub persistence: Persistence,
    /// Sentinel's `down-after-milliseconds`.
    pub down_after_ms: u64,
    /// Sentinel's `failover-timeout`, milliseconds.
    pub failover_timeout_ms: u64,
    /// Sentinel's quorum.
    pub quorum: usize,
    /// nginx's `proxy_connect_timeout`, milliseconds.
    pub proxy_connect_timeout_ms: u64,
    /// nginx's `proxy_read_timeout`, milliseconds.
    pub proxy_read_timeout_ms: u64,
    /// nginx's `fail_timeout`, milliseconds.
    pub fail_timeout_ms: u64,
    /// nginx's `keepalive` to the replicas: the number of idle connections that it keeps. 0, which is also the value of
    /// plans without it, means a new connection for each request.
    #[serde(default)]
    pub upstream_keepalive: u32,
    /// Lifetime of an authorization code, seconds.
    pub code_ttl_s: u64,
    /// Lifetime of a login in progress, seconds.
    pub flow_ttl_s: u64,
    /// Lifetime of a mailed code, seconds.
    pub email_code_ttl_s: u64,
    /// Lifetime of an access token, seconds.
    pub access_token_ttl_s: u64,
    /// Lifetime of an ID token, seconds.
    pub id_token_ttl_s: u64,
    /// Lifetime of a session, seconds.
    pub session_ttl_s: u64,
    /// For how long a browser is known after a login in it, seconds.
    #[serde(skip_serializing_if = "is_usual_known_browser")]
    pub known_browser_ttl_s: u64,
    /// How long after a press of "Send" another press sends no second mail, seconds.
    pub send_once_s: u64,
    /// Window of the limiters, seconds.
    pub limit_window_s: u64,
    /// How many mails may wait for the relay at each replica.
    #[serde(skip_serializing_if = "is_usual_outbox")]
    pub outbox: usize,
    /// How many events may wait for the analytics hook at each replica.
    #[serde(skip_serializing_if = "is_usual_analytics_queue")]
    pub analytics_queue: usize,
    /// Where the analytics hook listens.
    #[serde(skip_serializing_if = "is_usual_hook")]
    pub hook: HookOption,
    /// Lifetime of the leader's lease, milliseconds.
    pub lease_ms: u64,
    /// Where short-lived state is kept. In the memory of the only replica, as a developer has it: then there are no Redis
    /// nodes and no Sentinels.
    #[serde(skip_serializing_if = "is_usual")]
    pub store: StoreOption,
    /// How replicas get in at the relay, at Redis and at the Sentinels.
    #[serde(skip_serializing_if = "is_open")]
    pub access: AccessOption,
    /// How replicas learn the addresses of clients.
    #[serde(skip_serializing_if = "is_in_x_forwarded_for")]
    pub clients_told: ClientsTold,
    /// The percentage of calls of a replica to its dependencies that wait for a random time before they are made. 0,
    /// which is also the value of plans without it, means that no time passes between two calls.
    #[serde(skip_serializing_if = "is_zero")]
    pub call_pause_percent: u64,
    /// The longest such wait, milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub call_pause_ms_max: u64,
    /// So many access tokens are in the directory that had expired before the run begins: nobody has swept for long.
    #[serde(skip_serializing_if = "is_zero")]
    pub expired_tokens: u64,
    /// Reminders in the directory.
    pub reminders: Vec<ReminderOption>,
}

/// The value for plans that were saved before the option existed.
fn as_often_as_ever() -> u32 {
    500_000
}

/// As documented.
const OUTBOX: usize = 256;
/// As documented.
const ANALYTICS_QUEUE: usize = 256;

/// As documented.
const KNOWN_BROWSER_S: u64 = 180 * 24 * 3600;

fn is_usual_known_browser(s: &u64) -> bool {
    *s == KNOWN_BROWSER_S
}

fn is_usual_outbox(mails: &usize) -> bool {
    *mails == OUTBOX
}

fn is_usual_analytics_queue(events: &usize) -> bool {
    *events == ANALYTICS_QUEUE
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_usual(store: &StoreOption) -> bool {
    *store == StoreOption::default()
}

fn is_open(access: &AccessOption) -> bool {
    !access.is_guarded()
}

fn is_usual_hook(hook: &HookOption) -> bool {
    *hook == HookOption::Usual
}

fn is_in_x_forwarded_for(told: &ClientsTold) -> bool {
    *told == ClientsTold::XForwardedFor
}

/// How replicas get in at the relay, at Redis and at the Sentinels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessOption {
    /// Whoever is on the network gets in, and everything is in clear. Also the value of plans without the option.
    #[default]
    Open,
    /// Each wants a password, over TLS: at the relay from STARTTLS on.
    Guarded,
    /// The same, but at the relay TLS begins with the connection.
    GuardedImplicit,
}

impl AccessOption {
    /// Whether anything is asked for.
    pub fn is_guarded(self) -> bool {
        self != AccessOption::Open
    }
}

/// Where short-lived state is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreOption {
    /// In Redis, found through Sentinels.
    #[default]
    Redis,
    /// In the replica's own memory, which it loses when it restarts: what `idp --dev` has.
    Memory,
}

/// Where the analytics hook listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookOption {
    /// At a port of its own.
    #[default]
    Usual,
    /// At the port of HTTP, which is not named in `Host` (RFC 9110 section 4.2.1).
    DefaultPort,
    /// The replicas are told of none: then events are nobody's business.
    None,
}

impl HookOption {
    /// Its port, if replicas are told of it.
    pub(crate) fn port(self) -> Option<u16> {
        match self {
            HookOption::Usual => Some(hosts::ANALYTICS_PORT),
            HookOption::DefaultPort => Some(80),
            HookOption::None => None,
        }
    }
}

/// How replicas learn the addresses of clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientsTold {
    /// By `X-Forwarded-For`, over IPv4.
    #[default]
    XForwardedFor,
    /// The same, but everybody listens for IPv6 and IPv4 at one socket, as many programs do by default. Then an IPv4 address is
    /// seen as an IPv6 address that contains it (RFC 4291 section 2.5.5.2).
    DualStack,
    /// By `Forwarded` (RFC 7239).
    Forwarded,
}

/// A reminder that a person has asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderOption {
    /// Name of the person.
    pub who: String,
    /// When the reminder is due, milliseconds from the start of the run.
    pub due_ms: u64,
}

impl Default for WorldOptions {
    fn default() -> WorldOptions {
        WorldOptions {
            latency_ms_min: 1,
            latency_ms_max: 5,
            replication_ms: 1,
            replication_late_ppm: REPLICATION_LATE_PPM,
            replicas: 2,
            redis_replicas: 1,
            sentinels: 3,
            persistence: Persistence::None,
            down_after_ms: 1000,
            failover_timeout_ms: 10_000,
            quorum: 2,
            proxy_connect_timeout_ms: 1000,
            proxy_read_timeout_ms: 5000,
            fail_timeout_ms: 2000,
            upstream_keepalive: 16,
            code_ttl_s: 60,
            flow_ttl_s: 900,
            email_code_ttl_s: 600,
            access_token_ttl_s: 3600,
            id_token_ttl_s: 300,
            session_ttl_s: 12 * 3600,
            known_browser_ttl_s: KNOWN_BROWSER_S,
            send_once_s: 20,
            limit_window_s: 60,
            outbox: OUTBOX,
            analytics_queue: ANALYTICS_QUEUE,
            hook: HookOption::Usual,
            lease_ms: 10_000,
            store: StoreOption::Redis,
            access: AccessOption::Open,
            clients_told: ClientsTold::XForwardedFor,
            call_pause_percent: 0,
            call_pause_ms_max: 0,
            expired_tokens: 0,
            reminders: vec![],
        }
    }
}

impl WorldOptions {
    /// The issuer: that of a developer has no TLS in front of it, as that of `idp --dev`.
    pub fn issuer(&self) -> &'static str {
        match self.store {
            StoreOption::Redis => hosts::ISSUER,
            StoreOption::Memory => hosts::ISSUER_OF_A_DEVELOPER,
        }
    }

    /// How long a leader waits between two renewals, and everybody else between two questions for the lease, milliseconds
    /// (`core/LIMITS.md`, "renewals").
    pub(crate) fn renewal_ms(&self) -> u64 {
        renew_every(Duration::from_millis(self.lease_ms)).as_millis() as u64
    }

    /// The hosts of the login service's replicas.
    pub fn replica_hosts(&self) -> Vec<String> {
        hosts::replicas(self.replicas)
    }

    /// The hosts of the Redis nodes, if there are any; the first one is the master when the run begins.
    pub fn redis_hosts(&self) -> Vec<String> {
        match self.store {
            StoreOption::Redis => hosts::redis(1 + self.redis_replicas),
            StoreOption::Memory => vec![],
        }
    }
}

impl sim::service::WorldOptions for WorldOptions {
    fn check(&self) -> Result<(), BadValue> {
        let bad = |field: &str, value: String, must: &str| {
            Err(BadValue {
                field: format!("world.{field}"),
                value,
                must: must.into(),
            })
        };
        let at_least_1 = [
            ("latency_ms_min", self.latency_ms_min),
            ("replication_ms", self.replication_ms),
            ("down_after_ms", self.down_after_ms),
            ("failover_timeout_ms", self.failover_timeout_ms),
            ("proxy_connect_timeout_ms", self.proxy_connect_timeout_ms),
            ("proxy_read_timeout_ms", self.proxy_read_timeout_ms),
            ("code_ttl_s", self.code_ttl_s),
            ("flow_ttl_s", self.flow_ttl_s),
            ("email_code_ttl_s", self.email_code_ttl_s),
            ("access_token_ttl_s", self.access_token_ttl_s),
            ("id_token_ttl_s", self.id_token_ttl_s),
            ("session_ttl_s", self.session_ttl_s),
            ("known_browser_ttl_s", self.known_browser_ttl_s),
            ("send_once_s", self.send_once_s),
            ("limit_window_s", self.limit_window_s),
            ("outbox", self.outbox as u64),
            ("analytics_queue", self.analytics_queue as u64),
        ];
        if let Some((field, _)) = at_least_1.into_iter().find(|(_, value)| *value == 0) {
            return bad(field, "0".into(), "must be at least 1");
        }
        if self.latency_ms_max < self.latency_ms_min {
            let found = self.latency_ms_max.to_string();
            return bad("latency_ms_max", found, "must not be below world.latency_ms_min");
        }
        if self.lease_ms < 1000 {
            return bad("lease_ms", self.lease_ms.to_string(), "must be at least 1000");
        }
        if !(1..=8).contains(&self.replicas) {
            return bad("replicas", self.replicas.to_string(), "must be from 1 to 8");
        }
        if self.store == StoreOption::Memory && self.replicas != 1 {
            let must = "must be 1 where world.store is \"memory\": replicas do not share their memory";
            return bad("replicas", self.replicas.to_string(), must);
        }
        if !(1..=2).contains(&self.redis_replicas) {
            return bad("redis_replicas", self.redis_replicas.to_string(), "must be 1 or 2");
        }
        if ![3, 5].contains(&self.sentinels) {
            return bad("sentinels", self.sentinels.to_string(), "must be 3 or 5");
        }
        if !(1..=self.sentinels).contains(&self.quorum) {
            let must = format!("must be from 1 to {}: there are so many Sentinels", self.sentinels);
            return bad("quorum", self.quorum.to_string(), &must);
        }
        if self.replication_late_ppm > 1_000_000 {
            let found = self.replication_late_ppm.to_string();
            return bad("replication_late_ppm", found, "must be at most 1000000: of a million");
        }
        if self.expired_tokens > 1_000_000 {
            let found = self.expired_tokens.to_string();
            return bad("expired_tokens", found, "must be at most 1000000");
        }
        if self.call_pause_percent > 100 {
            let found = self.call_pause_percent.to_string();
            return bad("call_pause_percent", found, "must be at most 100");
        }
        // A call that waits longer than its caller's deadline would fail.
        if self.call_pause_ms_max > 500 {
            let found = self.call_pause_ms_max.to_string();
            return bad("call_pause_ms_max", found, "must be at most 500");
        }
        match self.reminders.iter().find(|reminder| !is_name(&reminder.who)) {
            Some(reminder) => bad(
                "reminders.who",
                format!("{:?}", reminder.who),
                "must be letters, digits and hyphens",
            ),
            None => Ok(()),
        }
    }
}
