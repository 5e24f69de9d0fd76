//! Replication, from both ends: a master that feeds and counts its replicas, a replica that follows.

use super::backlog::Backlog;
use super::command;
use super::config::{Moment, PersistenceMode, RedisEvent};
use super::data::is_one_of;
use super::dataset::Dataset;
use super::node::{Client, ClientId, Context, Node, Waiting};
use super::resp::{Args, Reply, Request, encode_request, parse_int, parse_request};
use bytes::BytesMut;
use std::sync::Arc;
use tokio::sync::Notify;

/// Milliseconds between two turns of Redis's cron (hz 10): what time-outs round up to.
pub(super) const CRON_MS: u64 = 100;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It takes writes.
    Master,
    /// It follows.
    Replica {
        /// Its master.
        master: (String, u16),
        /// How far it has got with it.
        link: LinkState,
        /// When the link went down, seconds since the Unix epoch; 0: it has never been up.
        down_since_s: i64,
        /// When the last byte came from the master, seconds since the Unix epoch.
        last_io_s: i64,
    },
}

/// State of a replica's link to its master, in ROLE's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
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

    /// Whether it takes writes.
    pub fn is_master(&self) -> bool {
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

/// A replica of ours.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    /// After a full resynchronisation it counts only from its first acknowledgement (measured).
    pub(super) online: bool,
    pub(super) acked: u64,
    pub(super) acked_at_s: i64,
}

// What a master does.
impl Node {
    pub(super) fn replicas(&self) -> impl Iterator<Item = (&Client, &Attached)> {
        self.clients
            .values()
            .filter_map(|client| Some((client, client.replica.as_ref()?)))
    }

    /// Appends to the stream, to the backlog and to every replica's output.
    pub(super) fn stream(&mut self, bytes: &[u8]) {
        self.history.push(bytes);
        for client in self.clients.values_mut().filter(|client| client.replica.is_some()) {
            client.output.extend_from_slice(bytes);
            client.wake.notify_one();
        }
    }

    /// Replicas that have acknowledged an offset.
    pub(super) fn acknowledged(&self, offset: u64) -> usize {
        self.replicas()
            .filter(|(_, replica)| replica.online && replica.acked >= offset)
            .count()
    }

    /// `min-replicas-to-write`. Redis counts once a second (replicationCron), in whole seconds, from
    /// acknowledgements alone: a master cut off goes on accepting for up to lag + 1 s (measured: 2.49 s
    /// at max-lag 1, 10.84 s at 10).
    pub(super) fn enough_replicas(&self, now: Moment) -> bool {
        let wanted = self.config.min_replicas_to_write;
        if wanted == 0 {
            return true;
        }
        let into_second = (now.mono_ms - self.started.mono_ms) % 1000;
        let counted_at_s = (now.wall_ms - into_second as i64).div_euclid(1000);
        let max_lag = self.config.min_replicas_max_lag_s as i64;
        self.replicas()
            .filter(|(_, replica)| replica.online && counted_at_s - replica.acked_at_s <= max_lag)
            .count()
            >= wanted
    }

    pub(super) fn psync(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        let Some(offset) = parse_int(&args[2]) else {
            return Reply::error(super::node::NOT_AN_INTEGER);
        };
        if client.replica.is_some() {
            return Reply::Nothing;
        }
        if self.role.link_is_down() {
            return Reply::error("NOMASTERLINK Can't SYNC while not connected with my master");
        }
        let id = String::from_utf8_lossy(&args[1]).into_owned();
        let missing = u64::try_from(offset)
            .ok()
            .and_then(|offset| self.history.missing(&id, offset));
        let partial = missing.is_some();
        match missing {
            Some(bytes) => {
                client
                    .output
                    .extend_from_slice(format!("+CONTINUE {}\r\n", self.history.id).as_bytes());
                client.output.extend_from_slice(&bytes);
            }
            None => {
                if self.history.backlog.is_none() {
                    // Nobody has followed this history, so nobody may claim to have (syncCommand).
                    self.history.id = self.random_id();
                    self.history.id2 = None;
                    self.ensure_backlog();
                }
                let snapshot = self.data.snapshot();
                let head = format!(
                    "+FULLRESYNC {} {}\r\n${}\r\n",
                    self.history.id,
                    self.history.offset,
                    snapshot.len()
                );
                client.output.extend_from_slice(head.as_bytes());
                client.output.extend_from_slice(&snapshot);
            }
        }
        // A replica that starts anew must be told the database again.
        self.stream_selected &= partial;
        client.replica = Some(Attached {
            online: partial,
            acked: 0,
            acked_at_s: now.unix_s(),
        });
        self.timers.notify_one();
        Reply::Nothing
    }

    pub(super) fn replconf(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        if args.len().is_multiple_of(2) {
            return Reply::error(super::node::SYNTAX);
        }
        for pair in args[1..].chunks(2) {
            match pair[0].to_ascii_lowercase().as_slice() {
                b"listening-port" => client.announced.1 = parse_int(&pair[1]).unwrap_or(0) as u16,
                b"ip-address" => client.announced.0 = String::from_utf8_lossy(&pair[1]).into_owned(),
                b"capa" => {}
                b"getack" => return Reply::Nothing,
                b"ack" => {
                    let offset = parse_int(&pair[1]).unwrap_or(0) as u64;
                    if let Some(replica) = &mut client.replica {
                        replica.acked = replica.acked.max(offset);
                        replica.acked_at_s = now.unix_s();
                        replica.online = true;
                    }
                    // The client is out of the table while it speaks: count it separately.
                    self.release_waiting(client.replica.as_ref());
                    return Reply::Nothing;
                }
                _ => {
                    return Reply::error(format!(
                        "ERR Unrecognized REPLCONF option: {}",
                        String::from_utf8_lossy(&pair[0])
                    ));
                }
            }
        }
        Reply::OK
    }

    pub(super) fn wait(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        if !self.role.is_master() {
            return Reply::error(
                "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.",
            );
        }
        let (Some(replicas), Some(timeout)) = (parse_int(&args[1]), parse_int(&args[2])) else {
            return Reply::error(super::node::NOT_AN_INTEGER);
        };
        if timeout < 0 {
            return Reply::error("ERR timeout is negative");
        }
        let acknowledged = self.acknowledged(client.written_offset);
        if acknowledged as i64 >= replicas {
            return Reply::Int(acknowledged as i64);
        }
        let until_mono_ms = (timeout > 0).then(|| {
            let until = now.mono_ms + timeout as u64 - self.started.mono_ms;
            self.started.mono_ms + until.next_multiple_of(CRON_MS)
        });
        client.waiting = Some(Waiting {
            replicas: replicas as usize,
            offset: client.written_offset,
            until_mono_ms,
        });
        client.wake.notify_one();
        if self.replicas().next().is_some() {
            let mut ask = BytesMut::new();
            encode_request(&["REPLCONF", "GETACK", "*"], &mut ask);
            self.stream(&ask);
        }
        Reply::Nothing
    }

    fn release_waiting(&mut self, speaking: Option<&Attached>) {
        let counts: Vec<(ClientId, usize)> = self
            .clients
            .values()
            .filter_map(|client| {
                let waiting = client.waiting.as_ref()?;
                let also = speaking.is_some_and(|replica| replica.acked >= waiting.offset) as usize;
                let count = self.acknowledged(waiting.offset) + also;
                (count >= waiting.replicas).then_some((client.id, count))
            })
            .collect();
        for (id, count) in counts {
            self.unblock(id, &Reply::Int(count as i64));
        }
    }

    fn unblock(&mut self, id: ClientId, reply: &Reply) {
        let offset = self.history.offset;
        if let Some(client) = self.clients.get_mut(&id) {
            client.waiting = None;
            client.written_offset = offset;
            client.push(reply);
        }
    }

    /// When the client's WAIT gives up.
    pub fn wait_until(&self, id: ClientId) -> Option<u64> {
        self.clients.get(&id)?.waiting.as_ref()?.until_mono_ms
    }

    /// A WAIT's time is up: it answers with what there is.
    pub fn wait_expired(&mut self, id: ClientId, now: Moment) {
        let Some(Waiting {
            offset,
            until_mono_ms: Some(until),
            ..
        }) = self.clients.get(&id).and_then(|c| c.waiting.as_ref())
        else {
            return;
        };
        if now.mono_ms >= *until {
            let count = self.acknowledged(*offset);
            self.unblock(id, &Reply::Int(count as i64));
        }
    }

    /// What is due by the clock: expiry, PING to replicas, replicas that have been silent too long, the
    /// disk. Returns when there will be something to do again.
    pub fn cron(&mut self, now: Moment) -> Option<u64> {
        let mut due: Option<u64> = None;
        let mut at = |mono_ms: u64| due = Some(due.map_or(mono_ms, |other| other.min(mono_ms)));
        if self.role.is_master() {
            while let Some(key) = self.data.first_expired(now.wall_ms) {
                self.expire(&key);
                self.propagate(now);
            }
            if let Some(expiry) = self.data.next_expiry_ms() {
                // Looked at again after a second at the latest: the wall clock may jump.
                let left = (expiry + 1 - now.wall_ms).clamp(1, 1000) as u64;
                at((now.mono_ms + left).next_multiple_of(CRON_MS));
            }
            let timeout = self.config.repl_timeout_s as i64;
            let silent = |client: &Client| {
                client
                    .replica
                    .as_ref()
                    .is_some_and(|replica| now.unix_s() - replica.acked_at_s > timeout)
            };
            self.kill(silent);
            if self.replicas().next().is_some() {
                if now.mono_ms >= self.next_ping_mono_ms {
                    self.next_ping_mono_ms = now.mono_ms + self.config.repl_ping_s * 1000;
                    let mut ping = BytesMut::new();
                    encode_request(&["PING"], &mut ping);
                    self.stream(&ping);
                }
                at(self.next_ping_mono_ms);
            }
        }
        if let Some(sync) = self.sync_due_mono_ms {
            if now.mono_ms >= sync {
                self.sync_due_mono_ms = None;
                let mut disk = self.disk.lock();
                let written = std::mem::take(&mut disk.written);
                replay(&mut disk.durable, &written);
            } else {
                at(sync);
            }
        }
        self.cron_due_mono_ms = due;
        due
    }
}

// What changes sides.
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
        // disconnectAllBlockedClients: what they wait for can no longer happen here.
        let blocked = self.clients.values_mut().filter(|client| client.waiting.is_some());
        for client in blocked {
            client.waiting = None;
            client.push(&Reply::error(
                "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
            ));
            client.closing = true;
        }
        let (was_master, down_since_s) = match &self.role {
            Role::Master => (true, 0),
            Role::Replica {
                link: LinkState::Connected,
                ..
            } => (false, now.unix_s()),
            Role::Replica { down_since_s, .. } => (false, *down_since_s),
        };
        if was_master {
            // It may yet continue, if the new master's history is a continuation of its own.
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
        self.stream_selected = false;
        self.ensure_backlog();
        // Its own replicas come back, and may continue with the new history.
        self.kill(|client| client.replica.is_some());
        self.tell(RedisEvent::Role { role: "master" });
        self.relink.notify_one();
        self.timers.notify_one();
    }
}

// What a replica does.
impl Node {
    /// The master to follow, if there is one.
    pub fn master(&self) -> Option<(String, u16)> {
        self.role.master_address()
    }

    /// Notified when REPLICAOF changes the master.
    pub fn relink(&self) -> Arc<Notify> {
        self.relink.clone()
    }

    /// Notes how far the link has got.
    pub fn link_is(&mut self, state: LinkState, now: Moment) {
        let mut lost = false;
        if let Role::Replica {
            link,
            down_since_s,
            last_io_s,
            ..
        } = &mut self.role
        {
            if *link == LinkState::Connected && state != LinkState::Connected {
                *down_since_s = now.unix_s();
                lost = true;
            }
            *last_io_s = now.unix_s();
            *link = state;
        }
        if lost {
            self.tell(RedisEvent::LinkDown);
        }
    }

    /// What to ask the master for: the history and the offset of the next byte.
    pub fn psync_request(&self) -> (String, i64) {
        match self.history.backlog {
            Some(_) => (self.history.id.clone(), self.history.offset as i64 + 1),
            None => ("?".into(), -1),
        }
    }

    /// `+CONTINUE`: nothing was lost; the history may have a new name.
    pub fn continue_with(&mut self, id: &str, now: Moment) {
        if id != self.history.id {
            self.history.shift(id.to_owned());
            self.kill(|client| client.replica.is_some());
        }
        self.link_is(LinkState::Connected, now);
        self.tell(RedisEvent::PartialSync);
    }

    /// `+FULLRESYNC`: everything here is thrown away, writes that nobody else has included.
    pub fn start_over(&mut self, id: &str, offset: u64, data: Dataset, now: Moment) {
        self.kill(|client| client.replica.is_some());
        self.data = data;
        self.touch_all();
        self.history = super::backlog::History::new(id.to_owned());
        self.history.offset = offset;
        self.history.backlog = Some(Backlog::new(self.config.repl_backlog_size, offset));
        if self.config.persistence == PersistenceMode::Aof {
            // The file is rewritten, and counted as synced at once.
            let mut disk = self.disk.lock();
            disk.durable = self.data.clone();
            disk.written.clear();
        }
        self.link_is(LinkState::Connected, now);
        self.tell(RedisEvent::FullSync);
    }

    /// Applies what is complete of the stream. True: the master wants an acknowledgement at once.
    /// A transaction is applied, and counted, as a whole.
    ///
    /// # Errors
    /// The stream is not the protocol.
    pub fn apply(&mut self, input: &mut BytesMut, now: Moment) -> Result<bool, String> {
        let (mut wants_ack, mut at, mut unit, mut open) = (false, 0, vec![], false);
        if let Role::Replica { last_io_s, .. } = &mut self.role {
            *last_io_s = now.unix_s();
        }
        loop {
            let (args, used) = match parse_request(&input[at..]) {
                Request::Command(args, used) => (args, used),
                Request::Incomplete => return Ok(wants_ack),
                Request::Malformed(error) => return Err(error),
            };
            at += used;
            match args.first().map(|name| name.to_ascii_lowercase()).as_deref() {
                Some(b"multi") => open = true,
                Some(b"exec") => open = false,
                _ => unit.push(args),
            }
            if open {
                continue;
            }
            for args in unit.drain(..) {
                wants_ack |= args.len() == 3 && is_one_of(&args[0], &["replconf"]) && is_one_of(&args[1], &["getack"]);
                self.apply_one(&args, now);
            }
            // To disk, and on to replicas of ours, byte by byte.
            self.propagate(now);
            let applied = input.split_to(at);
            self.stream(&applied);
            at = 0;
        }
    }

    fn apply_one(&mut self, args: &Args, now: Moment) {
        let Some(spec) = args.first().and_then(|name| command::lookup(name)) else {
            return;
        };
        match spec.name {
            "publish" => {
                self.publish(&args[1], &args[2]);
            }
            name if spec.write && spec.takes(args.len()) => {
                let _reply = self.data_command(name, args, Context { now, from_master: true });
            }
            _ => {}
        }
    }

    /// How far this replica has come: what it acknowledges.
    pub fn offset(&self) -> u64 {
        self.history.offset
    }

    /// Whether the master has been silent for longer than `repl-timeout`.
    pub fn master_is_silent(&self, now: Moment) -> bool {
        matches!(&self.role, Role::Replica { last_io_s, .. } if now.unix_s() - last_io_s > self.config.repl_timeout_s as i64)
    }
}

/// Applies effects to the data of an append-only file, as loading it does: by the commands' own code,
/// obeyed as from a master, without a clock.
pub(super) fn replay(data: &mut Dataset, effects: &[Args]) {
    let config = super::config::RedisConfig {
        replica_of: Some((String::new(), 0)),
        ..Default::default()
    };
    let mut loader = Node::boot(
        config,
        super::disk::Disk::new(),
        Moment::default(),
        String::new,
        Arc::new(|_| {}),
    );
    loader.data = std::mem::take(data);
    effects
        .iter()
        .for_each(|effect| loader.apply_one(effect, Moment::default()));
    *data = loader.data;
}
