//! Roles, and the commands that change them.

use super::config::{Moment, RedisEvent};
use super::keyspace::is_one_of;
use super::node::Node;
use super::resp::{Args, Reply, parse_int};

/// A node's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// It accepts writes.
    Master,
    /// It follows a master.
    Replica {
        /// Its master.
        master: (String, u16),
        /// The state of the link to it.
        link: LinkState,
        /// When the link went down, seconds since the Unix epoch; 0: it has never been up.
        down_since_s: i64,
        /// When the last byte came from the master, seconds since the Unix epoch.
        last_io_s: i64,
    },
}

/// State of a replica's link to its master, as in ROLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// To be connected.
    Connect,
    /// Connecting, or shaking hands.
    Connecting,
    /// Taking over the master's data.
    Sync,
    /// Following.
    Connected,
}

impl Role {
    pub(super) fn boot(replica_of: Option<(String, u16)>, now: Moment) -> Role {
        match replica_of {
            None => Role::Master,
            Some(master) => Role::Replica {
                master,
                link: LinkState::Connect,
                down_since_s: 0,
                last_io_s: now.unix_s(),
            },
        }
    }

    /// Whether it accepts writes.
    pub(crate) fn is_master(&self) -> bool {
        *self == Role::Master
    }

    pub(super) fn name(&self) -> &'static str {
        if self.is_master() { "master" } else { "replica" }
    }

    pub(super) fn link_is_down(&self) -> bool {
        matches!(self, Role::Replica { link, .. } if *link != LinkState::Connected)
    }

    pub(super) fn master_address(&self) -> Option<(String, u16)> {
        match self {
            Role::Master => None,
            Role::Replica { master, .. } => Some(master.clone()),
        }
    }
}

/// A replica of this node.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    /// After a full resynchronisation it counts only from its first acknowledgement (measured).
    pub(super) online: bool,
    pub(super) acked: u64,
    pub(super) acked_at_s: i64,
}

impl Node {
    pub(super) fn replicaof(&mut self, args: &Args, now: Moment) -> Reply {
        if is_one_of(&args[1], &["NO"]) && is_one_of(&args[2], &["ONE"]) {
            if !self.role.is_master() {
                self.promote();
            }
            return Reply::OK;
        }
        let Some(port) = parse_int(&args[2]).and_then(|port| u16::try_from(port).ok()) else {
            return Reply::error("ERR Invalid master port");
        };
        let master = (String::from_utf8_lossy(&args[1]).into_owned(), port);
        if self.role.master_address().as_ref() == Some(&master) {
            return Reply::simple("OK Already connected to specified master");
        }
        self.unblock_all();
        let (was_master, down_since_s) = match &self.role {
            Role::Master => (true, 0),
            Role::Replica {
                link: LinkState::Connected,
                ..
            } => (false, now.unix_s()),
            Role::Replica { down_since_s, .. } => (false, *down_since_s),
        };
        if was_master {
            // It can continue if the new master's history continues its own.
            self.ensure_backlog();
        }
        self.role = Role::Replica {
            master,
            link: LinkState::Connect,
            down_since_s,
            last_io_s: now.unix_s(),
        };
        if was_master {
            self.tell(RedisEvent::Role { role: "replica" });
        }
        self.relink.notify_one();
        Reply::OK
    }

    fn promote(&mut self) {
        let id = self.random_id();
        self.history.shift(id);
        self.role = Role::Master;
        self.stream_db = None;
        self.ensure_backlog();
        // Its own replicas reconnect, and may continue with the new history.
        self.kill(|client| client.replica.is_some());
        self.tell(RedisEvent::Role { role: "master" });
        self.relink.notify_one();
        self.timers.notify_one();
    }
}
