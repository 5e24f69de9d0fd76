//! The configuration, which the operator decides.

use crate::http::TrustedProxies;
use std::{fmt, time::Duration};

/// Configuration of one replica. All replicas of a service share it, except `replica`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name of this replica: `idp-a`.
    pub replica: String,
    /// Issuer identifier, as clients compare it: no trailing slash (RFC 9207 section 2.4).
    pub issuer: String,
    /// Port for people and relying parties: for everything, logins included. Closed while the store or the directory cannot be
    /// used.
    pub port: u16,
    /// Port for what needs no store: keys, metadata, userinfo, the account page, signing out. Of logins it says that they are not
    /// possible now. Closed while the directory cannot be used. Without it, everything ends when the store cannot be used.
    pub account_port: Option<u16>,
    /// Port for operators: `/health`. Open as long as the process lives.
    pub ops_port: u16,
    /// Whom to believe about the addresses of clients.
    pub proxies: TrustedProxies,
    /// Where the directory is that all replicas share: a path, or an SQLite URI.
    pub directory: String,
    /// Where short-lived state is kept.
    pub state: StateConfig,
    /// Mail relay as host and port.
    pub mail_relay: Option<(String, u16)>,
    /// How to get in there.
    pub mail_access: MailAccess,
    /// Sender address of mails.
    pub mail_from: String,
    /// Analytics hook as host, port and path.
    pub analytics_hook: Option<(String, u16, String)>,
    /// Lifetimes.
    pub ttl: Ttl,
    /// Limits.
    pub limits: Limits,
    /// Deadlines.
    pub deadlines: Deadlines,
    /// Leader and jobs.
    pub leader: LeaderConfig,
}

/// Where short-lived state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateConfig {
    /// Redis, found through Sentinels. Required: without it nobody can log in here, and there is no fallback.
    Sentinel {
        /// The Sentinels, as host and port.
        sentinels: Vec<(String, u16)>,
        /// The name they know the master by.
        master: String,
        /// How to get in at a Sentinel.
        sentinel_access: RedisAccess,
        /// How to get in at Redis.
        redis_access: RedisAccess,
    },
    /// This process's memory: development with a single replica only.
    Memory,
}

/// A secret that the operator gave. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// What it is, for whoever asks for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)") // not for logs
    }
}

/// How to get in at Redis or at a Sentinel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedisAccess {
    /// The user, if it is not Redis's default user.
    pub user: Option<String>,
    /// The password, if one is asked for.
    pub password: Option<Secret>,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// How to get in at the mail relay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailAccess {
    /// Whether the connection is encrypted, and from when on.
    pub tls: MailTls,
    /// Name and password, if the relay asks for them (RFC 4954).
    pub login: Option<(String, Secret)>,
}

/// Whether the connection to the mail relay is encrypted, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailTls {
    /// Not at all: a relay on a trusted network.
    #[default]
    None,
    /// From STARTTLS on (RFC 3207). A relay that does not offer it is refused.
    StartTls,
    /// From the beginning (RFC 8314 section 3.3).
    Implicit,
}

/// Lifetimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl {
    /// A login in progress.
    pub flow: Duration,
    /// An authorization code: 10 minutes at most (RFC 6749 section 4.1.2).
    pub code: Duration,
    /// A mailed one-time code: 10 minutes at most (SP 800-63B-4 section 3.1.3.1).
    pub email_code: Duration,
    /// An access token.
    pub access_token: Duration,
    /// An ID token.
    pub id_token: Duration,
    /// A session.
    pub session: Duration,
    /// How long a browser is known in which somebody has logged in, from the last login on.
    pub known_browser: Duration,
    /// How far hosts' clocks may disagree: the ledger remembers that much longer.
    pub clock_slack: Duration,
}

/// Limits. All are global: replicas share the counters. A fixed window admits up to twice its limit
/// across its boundary (inventory 24); a failover of Redis may forget what was counted since the
/// last replicated increment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Window of the login and send limiters.
    pub window: Duration,
    /// Attempts to verify a code at one address and window, over all flows.
    pub login_attempts: u64,
    /// Attempts to verify a code in one flow, ever.
    pub verify_attempts: u64,
    /// Mails to one address and window.
    pub sends: u64,
    /// The same two of one client at one address: fewer, so that nobody uses up alone what everybody has at an address, and
    /// enough is left for a person to log in.
    pub client_login_attempts: u64,
    /// See above.
    pub client_sends: u64,
    /// The same two of one client at all addresses together, for whoever tries one after the other.
    pub client_login_attempts_in_all: u64,
    /// See above.
    pub client_sends_in_all: u64,
    /// Logins that one client begins and that do not fit into their cookies.
    pub client_long_logins: u64,
    /// Browsers in which one person is known; another one is known instead of that in which the person has not logged in for
    /// the longest time.
    pub known_browsers: u64,
    /// Pressing the button again within this time sends no second mail.
    pub send_once: Duration,
    /// Consecutive failures at one address until it is locked (SP 800-63B-4 section 3.2.2: at most
    /// 100). Kept in the directory, so no failover forgets it.
    pub consecutive_failures: u64,
    /// Mails waiting at most.
    pub outbox: usize,
    /// Login events waiting at most.
    pub analytics_queue: usize,
    /// Requests that may go on at once without their clients, which have left.
    pub unattended: usize,
    /// Connections on the ports for people at once. Fewer than the process has descriptors: others need some.
    pub connections: usize,
    /// Logins in progress in one browser at most: each has a cookie, and a balancer takes requests of a certain size only.
    pub flows_in_browser: usize,
    /// Bytes of the head of an answer: status line and headers. nginx takes no more than one page (`proxy_buffer_size`) and
    /// counts a larger one as a failure of the replica, so whoever could cause one could take replicas away from everybody.
    pub answer_head: usize,
}

impl Limits {
    /// Bytes of a way back to a client: the redirect URI with `state` and `iss`. The rest of the head is for a code or an
    /// error, and for everything that is not `Location`.
    pub fn way_back(&self) -> usize {
        self.answer_head.saturating_sub(1024)
    }
}

/// Deadlines of calls to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Connecting to Redis or a Sentinel.
    pub connect: Duration,
    /// One call to Redis, discovery included.
    pub store: Duration,
    /// Between two questions to the Sentinels whether the master is the master still.
    pub look_at_sentinels: Duration,
    /// Waiting for the directory's lock, over all tries.
    pub directory: Duration,
    /// One mail to the relay.
    pub mail: Duration,
    /// One call to the analytics hook.
    pub analytics: Duration,
    /// Between two checks of the store's health.
    pub health_every: Duration,
    /// How long the store must be unreachable before the replica closes its port for logins. Longer than a normal failover, or
    /// every failover would close that of both replicas.
    pub degraded_after: Duration,
    /// How often in a row what was unreachable must answer before the port is opened again: one answer would open it for a
    /// store that fails most of the time, and it would close and open again and again.
    pub good_looks: u32,
    /// How long a request may take that goes on without its client. Longer than all its calls together.
    pub unattended: Duration,
    /// How long a replica may take to stop. Longer than the longest step, one try of one mail, and shorter than supervisors
    /// wait as a rule (Kubernetes: 30 s, systemd: 90 s).
    pub stop: Duration,
    /// How long of this requests and jobs may take: the rest is for the outbox.
    pub stop_work: Duration,
}

/// The leader's lease and its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaderConfig {
    /// Lifetime of the lease.
    pub lease: Duration,
    /// Between two renewals.
    pub renew_every: Duration,
    /// Between two queries for due reminders.
    pub reminders_every: Duration,
}

impl Config {
    /// Host and port of the issuer, which has no path, as a browser shows them.
    pub fn authority(&self) -> &str {
        self.issuer
            .split_once("://")
            .map_or(&self.issuer, |(_, authority)| authority)
    }

    /// Defaults for everything that has one.
    pub fn new(replica: impl Into<String>, issuer: impl Into<String>, state: StateConfig) -> Config {
        Config {
            replica: replica.into(),
            issuer: issuer.into(),
            port: 8080,
            account_port: None,
            ops_port: 9090,
            proxies: TrustedProxies::default(),
            directory: "idp.sqlite".into(),
            state,
            mail_relay: None,
            mail_access: MailAccess::default(),
            mail_from: "login@localhost".into(),
            analytics_hook: None,
            ttl: Ttl {
                flow: Duration::from_secs(900),
                code: Duration::from_secs(60),
                email_code: Duration::from_secs(600),
                access_token: Duration::from_secs(3600),
                id_token: Duration::from_secs(300),
                session: Duration::from_secs(12 * 3600),
                known_browser: Duration::from_secs(180 * 24 * 3600),
                clock_slack: Duration::from_secs(300),
            },
            limits: Limits {
                window: Duration::from_secs(300),
                login_attempts: 10,
                verify_attempts: 5,
                sends: 5,
                client_login_attempts: 8,
                client_sends: 4,
                client_login_attempts_in_all: 60,
                client_sends_in_all: 30,
                client_long_logins: 300,
                known_browsers: 8,
                send_once: Duration::from_secs(20),
                consecutive_failures: 100,
                outbox: 256,
                analytics_queue: 256,
                unattended: 256,
                connections: 4096,
                flows_in_browser: 4,
                answer_head: 4096,
            },
            deadlines: Deadlines {
                connect: Duration::from_millis(300),
                look_at_sentinels: Duration::from_secs(5),
                store: Duration::from_millis(800),
                directory: Duration::from_millis(1000),
                mail: Duration::from_secs(10),
                analytics: Duration::from_secs(2),
                health_every: Duration::from_secs(1),
                degraded_after: Duration::from_secs(6),
                good_looks: 3,
                unattended: Duration::from_secs(30),
                stop: Duration::from_secs(15),
                stop_work: Duration::from_secs(10),
            },
            leader: LeaderConfig {
                lease: Duration::from_secs(10),
                renew_every: Duration::from_secs(3),
                reminders_every: Duration::from_secs(1),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authorize::{carried::CARRIED_BYTES_MAX, flow_cookie},
        clients::registration,
        end_session,
        http::{client::KEPT_IDLE, head_time::HEAD_TIME_MAX, server::KEPT_AFTER_LEAVING},
        mailed_code::code,
    };

    #[test]
    fn a_secret_is_not_shown() {
        let access = RedisAccess {
            user: Some("idp".into()),
            password: Some(Secret::new("hunter2")),
            tls: true,
        };
        let shown = format!("{access:?}");
        assert!(shown.contains("idp") && !shown.contains("hunter2"), "{shown}");
    }

    /// What a guesser can reach, computed from the limits. The chance is at most guesses times codes that they may meet.
    #[test]
    fn the_page_of_limits_says_what_guessing_is_worth() {
        let page = include_str!("../LIMITS.md");
        let config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
        let (limits, window_s) = (config.limits, config.limits.window.as_secs());
        let codes = u64::from(code::CODES);
        let at_once = limits.sends * (config.ttl.email_code.as_secs() / window_s + 1);
        let in_a_row = limits.consecutive_failures;
        let a_day = limits.login_attempts * 24 * 3600 / window_s;
        for (row, number) in [
            ("codes", codes),
            ("codes valid at once", at_once),
            ("guesses in a row", in_a_row),
            ("guesses until the lock, one in", codes / (in_a_row * at_once)),
            ("guesses a day", a_day),
            ("guesses of a day, one in", codes / (a_day * at_once)),
        ] {
            assert!(page.contains(&format!("\n| {row} | {number} |")), "{row}: {number}");
        }
    }

    /// What clients and operators are told is what they get.
    #[test]
    fn the_page_of_limits_says_the_defaults() {
        let page = include_str!("../LIMITS.md");
        let says = |row: &str| -> u64 {
            let line = page.lines().find(|line| line.starts_with(&format!("| {row} |")));
            let cell = line
                .unwrap_or_else(|| panic!("no row {row:?}"))
                .split('|')
                .nth(2)
                .unwrap();
            cell.trim().parse().unwrap()
        };
        let config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
        let (ttl, limits, deadlines) = (config.ttl, config.limits, config.deadlines);
        for (row, lasts) in [
            ("login in progress", ttl.flow),
            ("authorization code", ttl.code),
            ("mailed code", ttl.email_code),
            ("access token", ttl.access_token),
            ("ID token", ttl.id_token),
            ("session", ttl.session),
            ("known browser", ttl.known_browser),
            ("disagreement of clocks", ttl.clock_slack),
            ("limits", limits.window),
            ("one mail", limits.send_once),
            ("lease", config.leader.lease),
            ("renewals", config.leader.renew_every),
            ("mail relay", deadlines.mail),
            ("looks at health", deadlines.health_every),
            ("looks for reminders", config.leader.reminders_every),
            ("looks at the Sentinels", deadlines.look_at_sentinels),
            ("degraded", deadlines.degraded_after),
            ("request without a client", deadlines.unattended),
            ("stop", deadlines.stop),
            ("work at a stop", deadlines.stop_work),
            ("kept connections at a stop", KEPT_AFTER_LEAVING),
            ("idle connection to the hook", KEPT_IDLE),
            ("head of a request", HEAD_TIME_MAX),
        ] {
            assert_eq!(says(row), lasts.as_secs(), "{row}");
        }
        for (row, lasts) in [
            ("a call to the store", deadlines.store),
            ("connecting to Redis or to a Sentinel", deadlines.connect),
            ("the directory's lock", deadlines.directory),
            ("analytics hook", deadlines.analytics),
        ] {
            assert_eq!(Duration::from_millis(says(row)), lasts, "{row}");
        }
        for (row, number) in [
            ("wrong codes in a login", limits.verify_attempts),
            ("bytes of state at a sign-out", end_session::STATE_BYTES_MAX as u64),
            ("bytes of a redirect URI", registration::REDIRECT_URI_BYTES_MAX as u64),
            (
                "bytes of a client's name for itself",
                registration::CLIENT_ID_BYTES_MAX as u64,
            ),
            ("characters of a display name", registration::NAME_CHARS_MAX as u64),
            ("attempts at an address", limits.login_attempts),
            ("mails to an address", limits.sends),
            ("attempts of a client at an address", limits.client_login_attempts),
            ("mails of a client to an address", limits.client_sends),
            ("attempts of a client", limits.client_login_attempts_in_all),
            ("mails of a client", limits.client_sends_in_all),
            ("long logins of a client", limits.client_long_logins),
            ("bytes of a login's cookie", CARRIED_BYTES_MAX as u64),
            ("known browsers of a person", limits.known_browsers),
            ("failures in a row", limits.consecutive_failures),
            ("events that wait", limits.analytics_queue as u64),
            ("mails that wait", limits.outbox as u64),
            ("good looks", u64::from(deadlines.good_looks)),
            ("requests without a client", limits.unattended as u64),
            ("bytes of an answer's head", limits.answer_head as u64),
            ("bytes of a way back", limits.way_back() as u64),
            ("bytes of an authorization request by POST", limits.way_back() as u64),
            ("connections of people", limits.connections as u64),
            ("logins in progress in a browser", limits.flows_in_browser as u64),
            ("cookies deleted in an answer", flow_cookie::DELETED_AT_ONCE_MAX as u64),
        ] {
            assert_eq!(says(row), number, "{row}");
        }
    }
}
