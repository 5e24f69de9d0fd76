//! The names and ports of the world's hosts.

/// The balancer, to which people connect.
pub const BALANCER: &str = "balancer";
/// The replicas of the login service are called `idp-a`, `idp-b`, …
pub const IDP: &str = "idp";
/// The first replica of the login service.
pub const IDP_A: &str = "idp-a";
/// The second replica of the login service.
pub const IDP_B: &str = "idp-b";
/// The Redis nodes are called `redis-1`, `redis-2`, …
pub const REDIS: &str = "redis";
/// The Redis node that is the master when the run begins.
pub const REDIS_1: &str = "redis-1";
/// The first Redis node that is a replica when the run begins.
pub const REDIS_2: &str = "redis-2";
/// The Sentinels are called `sentinel-1`, `sentinel-2`, …
pub const SENTINEL: &str = "sentinel";
/// The first three Sentinels; every world has these.
pub const SENTINELS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];
/// The mail relay.
pub const MAIL: &str = "mail";
/// The analytics hook.
pub const ANALYTICS: &str = "analytics";
/// The host of people's browsers and relying parties.
pub const PEOPLE: &str = "people";
/// The host of attackers.
pub const ATTACKERS: &str = "attackers";

/// The names of `count` replicas of the login service: `idp-a`, `idp-b`, …
pub fn replicas(count: usize) -> Vec<String> {
    ('a'..='z')
        .take(count)
        .map(|letter| format!("{IDP}-{letter}"))
        .collect()
}

/// The names of `count` Redis nodes: `redis-1`, `redis-2`, …
pub fn redis(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("{REDIS}-{n}")).collect()
}

pub use sim::world::{REDIS_PORT, SENTINEL_PORT, SMTP_PORT};

/// The relay's port for those who give a password, with STARTTLS (RFC 6409).
pub const SUBMISSION_PORT: u16 = 587;
/// The same with TLS from the beginning (RFC 8314).
pub const SUBMISSIONS_PORT: u16 = 465;
/// The balancer's port for people.
pub const BALANCER_PORT: u16 = 80;
/// A replica's port for the balancer, at which people log in.
pub const REPLICA_PORT: u16 = 8080;
/// A replica's port for the balancer, for what needs no store.
pub const ACCOUNT_PORT: u16 = 8081;
/// A replica's port for operators.
pub const OPS_PORT: u16 = 9090;
/// The analytics hook's port.
pub const ANALYTICS_PORT: u16 = 8088;
/// The analytics hook's path.
pub const ANALYTICS_PATH: &str = "/events";

/// The issuer. TLS ends before the balancer, so people send plain HTTP to it, with this host name.
pub const ISSUER: &str = "https://login.example";
/// The issuer where there is no TLS.
pub const ISSUER_OF_A_DEVELOPER: &str = "http://localhost";
/// The sender of mails.
pub const MAIL_FROM: &str = "login@login.example";
/// The name by which the Sentinels know the master.
pub const MASTER_NAME: &str = "auth";
