//! The state of one instance, as a Sentinel knows it: the master, a replica, another Sentinel.

use bytes::BytesMut;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// IP address and port.
pub(super) type Address = (String, u16);

/// Kinds of instance, and roles that Redis reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Master,
    Replica,
    Sentinel,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Master => "master",
            Kind::Replica => "slave",
            Kind::Sentinel => "sentinel",
        }
    }
}

/// The progress of a replica's reconfiguration to a new master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reconfiguration {
    None,
    Sent,
    InProgress,
    Done,
}

/// The command that a reply belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    Ping,
    Info,
    Hello,
    AskMasterState,
    Ignored,
}

/// One connection, established or being established.
pub(super) struct Channel {
    /// Unique among all connections of this Sentinel.
    pub(super) id: u64,
    pub(super) opened_ms: u64,
    pub(super) outbox: BytesMut,
    pub(super) pending: VecDeque<Pending>,
    pub(super) wake: Arc<Notify>,
}

impl Drop for Channel {
    /// Wakes the connection's task, which ends if the connection is no longer wanted.
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

/// One instance. Times are of the monotonic clock, milliseconds.
pub(super) struct Instance {
    pub(super) kind: Kind,
    pub(super) address: Address,
    pub(super) run_id: String,
    pub(super) down_after_ms: u64,

    pub(super) command: Option<Channel>,
    pub(super) pubsub: Option<Channel>,
    pub(super) last_reconnect_ms: Option<u64>,
    /// When the oldest PING without a valid reply was sent.
    pub(super) unanswered_ping_ms: Option<u64>,
    pub(super) last_ping_ms: u64,
    /// When the last valid reply to PING came.
    pub(super) last_available_ms: u64,
    /// When the last reply of any kind came.
    pub(super) last_pong_ms: u64,
    pub(super) pubsub_active_ms: u64,
    pub(super) last_hello_sent_ms: u64,
    pub(super) last_hello_received_ms: u64,

    /// Subjectively down since.
    pub(super) s_down_since: Option<u64>,

    // For Redis nodes, from INFO.
    pub(super) info_at: Option<u64>,
    pub(super) role_reported: Kind,
    pub(super) role_reported_at: u64,
    pub(super) its_master: Option<Address>,
    pub(super) its_master_changed_at: u64,
    pub(super) its_link_is_up: bool,
    pub(super) its_link_down_ms: i64,
    pub(super) priority: u64,
    pub(super) offset: u64,

    // For replicas in a failover.
    pub(super) promoted: bool,
    pub(super) reconfiguration: Reconfiguration,
    pub(super) reconfiguration_sent_at: u64,

    // For other Sentinels, from their replies.
    pub(super) finds_master_down: bool,
    pub(super) answered_at: Option<u64>,
    pub(super) votes_for: Option<(String, u64)>,
}

impl Instance {
    pub(super) fn new(kind: Kind, address: Address, run_id: String, down_after_ms: u64, now_ms: u64) -> Instance {
        Instance {
            kind,
            address,
            run_id,
            down_after_ms,
            command: None,
            pubsub: None,
            last_reconnect_ms: None,
            unanswered_ping_ms: Some(now_ms),
            last_ping_ms: 0,
            last_available_ms: now_ms,
            last_pong_ms: now_ms,
            pubsub_active_ms: 0,
            last_hello_sent_ms: now_ms,
            last_hello_received_ms: now_ms,
            s_down_since: None,
            info_at: None,
            role_reported: kind,
            role_reported_at: now_ms,
            its_master: None,
            its_master_changed_at: now_ms,
            its_link_is_up: false,
            its_link_down_ms: 0,
            priority: 100,
            offset: 0,
            promoted: false,
            reconfiguration: Reconfiguration::None,
            reconfiguration_sent_at: 0,
            finds_master_down: false,
            answered_at: None,
            votes_for: None,
        }
    }

    /// Whether one of its links is missing.
    pub(super) fn disconnected(&self) -> bool {
        self.command.is_none() || self.kind != Kind::Sentinel && self.pubsub.is_none()
    }

    /// Whether this is one of its connections.
    pub(super) fn has(&self, channel: u64) -> bool {
        let links = [&self.command, &self.pubsub];
        links.into_iter().flatten().any(|open| open.id == channel)
    }

    /// Whether such a command was sent and has no reply yet.
    pub(super) fn awaits(&self, what: Pending) -> bool {
        self.command
            .as_ref()
            .is_some_and(|channel| channel.pending.contains(&what))
    }

    /// Queues a command, if there is a connection.
    pub(super) fn send(&mut self, words: &[&str], pending: Pending) {
        if let Some(channel) = &mut self.command {
            model_redis::resp::encode_request(words, &mut channel.outbox);
            channel.pending.push_back(pending);
            channel.wake.notify_one();
        }
    }

    pub(super) fn ping_period_ms(&self) -> u64 {
        self.down_after_ms.min(super::PING_MS)
    }

    /// Whether it has been up for longer than this.
    pub(super) fn up_for(&self, ms: u64, now_ms: u64) -> bool {
        self.s_down_since.is_none_or(|since| now_ms - since > ms)
    }
}

/// The fields of INFO that Sentinel reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) run_id: String,
    pub(super) is_master: bool,
    pub(super) replicas: Vec<Address>,
    pub(super) master: Option<Address>,
    pub(super) link_is_up: bool,
    pub(super) link_down_ms: i64,
    pub(super) priority: u64,
    pub(super) offset: u64,
}

impl Report {
    pub(super) fn parse(info: &str) -> Option<Report> {
        let mut report = Report {
            priority: 100,
            ..Report::default()
        };
        let (mut role, mut host, mut port) = (None, None, None);
        for line in info.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            match name {
                "run_id" => report.run_id = value.to_owned(),
                "role" => role = Some(value),
                "master_host" => host = Some(value.to_owned()),
                "master_port" => port = value.parse().ok(),
                "master_link_status" => report.link_is_up = value == "up",
                "master_link_down_since_seconds" => {
                    report.link_down_ms = value.parse::<i64>().ok()?.saturating_mul(1000)
                }
                "slave_priority" => report.priority = value.parse().ok()?,
                "slave_repl_offset" => report.offset = value.parse().ok()?,
                _ if name.starts_with("slave") && value.starts_with("ip=") => {
                    let field = |wanted: &str| value.split(',').find_map(|part| part.strip_prefix(wanted));
                    if let (Some(ip), Some(port)) = (field("ip="), field("port=").and_then(|port| port.parse().ok())) {
                        report.replicas.push((ip.to_owned(), port));
                    }
                }
                _ => {}
            }
        }
        report.is_master = role? == "master";
        report.master = host.zip(port);
        Some(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read() {
        let master = Report::parse(
            "# Replication\r\nrole:master\r\nslave0:ip=10.0.0.5,port=6379,state=online,offset=1,lag=0\r\n",
        )
        .unwrap();
        assert!(master.is_master);
        assert_eq!(master.replicas, [("10.0.0.5".to_owned(), 6379)]);
        let replica = Report::parse("role:slave\r\nmaster_host:m\r\nmaster_port:1\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:7\r\nslave_repl_offset:42\r\n").unwrap();
        assert_eq!(
            (replica.master, replica.link_down_ms, replica.offset),
            (Some(("m".to_owned(), 1)), 7000, 42)
        );
        assert_eq!(Report::parse("garbage"), None);
    }
}
