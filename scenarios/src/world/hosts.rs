//! The hosts of the world, by name.

/// The balancer: what people talk to.
pub const BALANCER: &str = "balancer";
/// The first replica of the login service.
pub const IDP_A: &str = "idp-a";
/// The second replica of the login service.
pub const IDP_B: &str = "idp-b";
/// The Redis node that is the master when the run begins.
pub const REDIS_1: &str = "redis-1";
/// The Redis node that is its replica when the run begins.
pub const REDIS_2: &str = "redis-2";
/// The first Sentinel.
pub const SENTINEL_1: &str = "sentinel-1";
/// The second Sentinel.
pub const SENTINEL_2: &str = "sentinel-2";
/// The third Sentinel.
pub const SENTINEL_3: &str = "sentinel-3";
/// The mail relay.
pub const MAIL: &str = "mail";
/// The analytics hook.
pub const ANALYTICS: &str = "analytics";
/// Where people's browsers and relying parties run.
pub const PEOPLE: &str = "people";
/// Where attackers run.
pub const ATTACKERS: &str = "attackers";

/// Every host, in the order in which they are declared.
pub const ALL: [&str; 12] = [
    REDIS_1, REDIS_2, SENTINEL_1, SENTINEL_2, SENTINEL_3, MAIL, ANALYTICS, IDP_A, IDP_B, BALANCER, PEOPLE, ATTACKERS,
];

/// When a host boots, milliseconds from the start of the run. Whoever is asked boots before whoever
/// asks, as in a deployment that has settled: a Sentinel asks for INFO when it boots and then only
/// every 10 s, so one that booted before the Redis replica had attached would know of nobody to
/// promote until then.
pub fn boots_at_ms(host: &str) -> u64 {
    match host {
        SENTINEL_1 | SENTINEL_2 | SENTINEL_3 => 100,
        IDP_A | IDP_B => 200,
        _ => 0,
    }
}

/// The replicas of the login service.
pub const REPLICAS: [&str; 2] = [IDP_A, IDP_B];
/// The Redis nodes.
pub const REDIS: [&str; 2] = [REDIS_1, REDIS_2];
/// The Sentinels.
pub const SENTINELS: [&str; 3] = [SENTINEL_1, SENTINEL_2, SENTINEL_3];

/// The balancer's port for people.
pub const BALANCER_PORT: u16 = 80;
/// A replica's port for the balancer.
pub const REPLICA_PORT: u16 = 8080;
/// A replica's port for operators.
pub const OPS_PORT: u16 = 9090;
/// Redis.
pub const REDIS_PORT: u16 = 6379;
/// Sentinel.
pub const SENTINEL_PORT: u16 = 26379;
/// SMTP.
pub const SMTP_PORT: u16 = 25;
/// The analytics hook's port.
pub const ANALYTICS_PORT: u16 = 80;
/// The analytics hook's path.
pub const ANALYTICS_PATH: &str = "/events";

/// The issuer. TLS ends before the balancer: people speak plain HTTP to it, with this host name.
pub const ISSUER: &str = "https://login.example";
/// The name that the Sentinels know the master by.
pub const MASTER_NAME: &str = "auth";
