//! One node as a state machine without I/O: bytes and moments in, bytes out.

use super::acl::Users;
use super::backlog::{Backlog, History};
use super::client::{Client, Replies};
use super::clients::Pause;
use super::config::{Moment, PersistenceMode, RedisConfig, RedisEvent};
use super::databases::Databases;
use super::disk::Disk;
use super::keyspace::Effect;
use super::options::Options;
use super::replication::Role;
use super::resp::{Args, Reply, Request, encode_request};
use super::script::Scripts;
use super::stats::Stats;
use bytes::{Buf, Bytes, BytesMut};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// A client's number, as in `CLIENT ID`.
pub(crate) type ClientId = u64;

/// One Redis node.
pub(crate) struct Node {
    pub(super) config: RedisConfig,
    /// Options of CONFIG that only matter to who asks for them.
    pub(super) options: Options,
    pub(super) disk: Disk,
    pub(super) data: Databases,
    pub(super) history: History,
    pub(super) role: Role,
    /// Boxed, because a client is moved out and back for every command.
    pub(super) clients: BTreeMap<ClientId, Box<Client>>,
    next_client: ClientId,
    /// Effects of the current execution unit.
    pub(super) effects: Vec<Effect>,
    /// They must not be wrapped into a transaction.
    pub(super) apart: bool,
    /// The database that was last selected in the replication stream.
    pub(super) stream_db: Option<u8>,
    /// The database that was last selected in the master's stream.
    pub(super) master_db: u8,
    /// What the current client watches, and whether that has changed: it is not among `clients` while its command runs.
    pub(super) own_watched: Vec<(u8, Bytes)>,
    pub(super) own_dirty: bool,
    /// The clients that wait for each key, in order of arrival.
    pub(super) waiters: BTreeMap<(u8, Bytes), Vec<ClientId>>,
    /// Keys that have changed and for which clients wait.
    pub(super) ready: Vec<(u8, Bytes)>,
    /// CLIENT PAUSE.
    pub(super) paused: Option<Pause>,
    /// The clients that it holds back, in order of arrival.
    pub(super) postponed: Vec<ClientId>,
    /// Memory was full when the current command began.
    pub(super) full: bool,
    /// WAIT waits for acknowledgements: the replicas must be asked for them.
    pub(super) wants_acks: bool,
    /// Changes since the last snapshot.
    pub(super) dirty: u64,
    /// When the last snapshot was taken, Unix seconds.
    pub(super) saved_at_s: i64,
    pub(super) users: Users,
    pub(super) scripts: Scripts,
    pub(super) stats: Stats,
    pub(super) random: ChaCha8Rng,
    pub(super) started: Moment,
    pub(super) run_id: String,
    random_hex: Box<dyn FnMut() -> String + Send>,
    pub(super) observer: Arc<dyn Fn(RedisEvent) + Send + Sync>,
    /// The cron's timers may have moved.
    pub(super) timers: Arc<Notify>,
    /// REPLICAOF has changed the master.
    pub(super) relink: Arc<Notify>,
    pub(super) next_ping_mono_ms: u64,
    pub(super) sync_due_mono_ms: Option<u64>,
    /// When the cron runs next.
    pub(super) cron_due_mono_ms: Option<u64>,
    /// Unblocked clients, in the order in which they continue.
    pub(super) released: Vec<ClientId>,
    /// The latest moment known.
    pub(super) latest: Moment,
    /// How many clients were answered in this millisecond (of the monotonic clock).
    pub(super) answered: (u64, u32),
}

impl Node {
    /// Whether it is still loading its data.
    pub(super) fn is_loading(&self, now: Moment) -> bool {
        now.mono_ms < self.started.mono_ms + self.config.loading_ms
    }

    /// A node that has just booted. `random_hex` gives 40 random hexadecimal digits.
    pub(crate) fn boot(
        config: RedisConfig,
        disk: Disk,
        now: Moment,
        mut random_hex: impl FnMut() -> String + Send + 'static,
        observer: Arc<dyn Fn(RedisEvent) + Send + Sync>,
    ) -> Node {
        let (data, replica_of) = {
            let mut state = disk.lock();
            let data = match config.persistence {
                PersistenceMode::None => Databases::default(),
                PersistenceMode::Rdb { .. } => state.snapshot.clone(),
                PersistenceMode::Aof => {
                    // What was in the page cache has reached the disk by now.
                    let written = std::mem::take(&mut state.written);
                    super::replica::replay(&mut state.durable, &written);
                    state.durable.clone()
                }
            };
            (
                data,
                state.replica_of.clone().unwrap_or_else(|| config.replica_of.clone()),
            )
        };
        let (history, run_id) = (History::new(random_hex()), random_hex());
        let mut node = Node {
            history,
            random: super::random_choice::stream(&run_id),
            run_id,
            role: Role::boot(replica_of, now),
            next_ping_mono_ms: now.mono_ms + config.repl_ping_s * 1000,
            users: Users::new(&config.requirepass, &config.users),
            config,
            options: Options::new(),
            disk,
            data,
            clients: BTreeMap::new(),
            next_client: 3,
            effects: vec![],
            apart: false,
            stream_db: None,
            master_db: 0,
            own_watched: vec![],
            own_dirty: false,
            waiters: BTreeMap::new(),
            ready: vec![],
            paused: None,
            postponed: vec![],
            full: false,
            wants_acks: false,
            dirty: 0,
            saved_at_s: now.unix_s(),
            scripts: Scripts::default(),
            stats: Stats::default(),
            started: now,
            random_hex: Box::new(random_hex),
            observer,
            timers: Arc::default(),
            relink: Arc::default(),
            sync_due_mono_ms: None,
            cron_due_mono_ms: None,
            released: vec![],
            latest: now,
            answered: (0, 0),
        };
        if node.config.maxmemory > 0 {
            node.weigh_everything();
        }
        node.tell(RedisEvent::Role { role: node.role.name() });
        node
    }

    pub(super) fn tell(&self, event: RedisEvent) {
        (self.observer)(event);
    }

    pub(super) fn random_id(&mut self) -> String {
        (self.random_hex)()
    }

    /// A client has connected.
    pub(crate) fn connect(&mut self, address: SocketAddr) -> (ClientId, Arc<Notify>) {
        let id = self.next_client;
        self.next_client += 1;
        self.stats.connections += 1;
        let client = Client::new(id, address, self.users.initial(), self.latest.mono_ms);
        let wake = client.wake.clone();
        self.clients.insert(id, Box::new(client));
        (id, wake)
    }

    /// A client's connection has ended.
    pub(crate) fn disconnect(&mut self, id: ClientId) {
        self.clients.remove(&id);
        self.forget_waiter(id);
        self.released.retain(|released| *released != id);
        self.postponed.retain(|postponed| *postponed != id);
    }

    /// Bytes have arrived from a client.
    pub(crate) fn feed(&mut self, id: ClientId, bytes: &[u8], now: Moment) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.input.extend_from_slice(bytes);
            self.stats.input_bytes += bytes.len() as u64;
        }
        self.pump(id, now);
    }

    /// Executes what a client has sent, as far as it is complete and the client is not blocked.
    pub(crate) fn pump(&mut self, id: ClientId, now: Moment) {
        self.released.retain(|released| *released != id);
        self.latest = now;
        self.execute_input(id, now);
        self.ask_for_acks(now);
    }

    fn execute_input(&mut self, id: ClientId, now: Moment) {
        loop {
            let paused = self.paused_at(now).is_some();
            let Some(client) = self.clients.get_mut(&id) else {
                return;
            };
            if client.closing || client.waiting.is_some() || client.postponed.is_some() && paused {
                return;
            }
            let request = match client.postponed.take() {
                Some(args) => Request::Command(args),
                None => {
                    let (mut read, stranger) = (0, client.user.is_none() && self.users.initial().is_none());
                    let request = client.parser.read(&client.input, &mut read, stranger);
                    client.input.advance(read);
                    request
                }
            };
            match request {
                Request::Incomplete => return,
                Request::Malformed(error) => {
                    self.stats.error(&error);
                    client.push(&Reply::error(error));
                    client.closing = true;
                }
                Request::Command(args) if args.is_empty() => {}
                Request::Command(args) => self.run(id, args, now),
            }
        }
    }

    fn run(&mut self, id: ClientId, args: Args, now: Moment) {
        // Moved out while its command runs, so that the command can access all other clients.
        let Some(mut client) = self.clients.remove(&id) else {
            return;
        };
        client.last_mono_ms = now.mono_ms;
        let replies = client.replies;
        if client.replies == Replies::SkipNext {
            client.replies = Replies::SkipThis;
        }
        self.own_watched.extend(client.watched.keys().cloned());
        let reply = self.process(&mut client, &args, now);
        self.own_watched.clear();
        let Some(reply) = reply else {
            // Whoever serves the client looks when the pause ends: see `wait_until`.
            (client.replies, client.postponed) = (replies, Some(args));
            self.postponed.push(id);
            self.clients.insert(id, client);
            return;
        };
        client.dirty |= std::mem::take(&mut self.own_dirty) && !client.watched.is_empty();
        match client.replies {
            Replies::On => reply.encode(client.resp3, &mut client.output),
            Replies::SkipThis => client.replies = Replies::On,
            Replies::Off | Replies::SkipNext => {}
        }
        self.propagate(now);
        client.written_offset = self.history.offset;
        self.clients.insert(id, client);
        if !self.ready.is_empty() {
            self.serve_waiting(now);
        }
    }

    /// Counts clients that are answered now; returns how many were answered in this millisecond.
    pub(super) fn answers(&mut self, clients: u32, now: Moment) -> u32 {
        let before = Some(self.answered).filter(|(at_ms, _)| *at_ms == now.mono_ms);
        self.answered = (now.mono_ms, before.map_or(0, |(_, count)| count) + clients);
        self.answered.1
    }

    /// Output to write, and whether to close the connection after it.
    pub(crate) fn take_output(&mut self, id: ClientId) -> (Bytes, bool) {
        match self.clients.get_mut(&id) {
            Some(client) => {
                let output = client.output.split().freeze();
                match client.replica {
                    Some(_) => self.stats.replication_output_bytes += output.len() as u64,
                    None => self.stats.output_bytes += output.len() as u64,
                }
                (output, client.closing)
            }
            None => (Bytes::new(), true),
        }
    }

    /// Whether the client is a replica of this node.
    pub(crate) fn is_replica(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.replica.is_some())
    }

    /// Sends the effects of an execution unit to the disk and to the replicas: more than one as a
    /// transaction (propagatePendingCommands in server.c, 7.0).
    pub(super) fn propagate(&mut self, now: Moment) {
        let together = !std::mem::take(&mut self.apart);
        if self.effects.is_empty() {
            return;
        }
        let effects = std::mem::take(&mut self.effects);
        if self.role.is_master() {
            let write = |effect: &&Effect| !effect.args[0].eq_ignore_ascii_case(b"publish");
            for Effect { args, .. } in effects.iter().filter(write) {
                let key = args.get(1).cloned().unwrap_or_default();
                let command = args[0].clone();
                self.tell(RedisEvent::Wrote { command, key });
            }
        }
        if self.config.persistence == PersistenceMode::Aof {
            let publish = |effect: &&Effect| !effect.args[0].eq_ignore_ascii_case(b"publish");
            self.disk.lock().written.extend(effects.iter().filter(publish).cloned());
            if self.sync_due_mono_ms.is_none() {
                self.sync_due_mono_ms = Some(now.mono_ms + 1000);
            }
        }
        // Expired keys are hidden at once and deleted within a second: the cron need not run for each of them.
        if self.cron_due_mono_ms.is_none_or(|due| due > now.mono_ms + 1000) {
            self.timers.notify_one();
        }
        if !self.role.is_master() || (self.history.backlog.is_none() && self.replicas().next().is_none()) {
            return;
        }
        let mut stream = BytesMut::new();
        let transaction = together && effects.len() > 1;
        for (nth, effect) in effects.iter().enumerate() {
            if self.stream_db != Some(effect.db) {
                encode_request(&["SELECT", &effect.db.to_string()], &mut stream);
                self.stream_db = Some(effect.db);
            }
            if transaction && nth == 0 {
                encode_request(&["MULTI"], &mut stream);
            }
            encode_request(&effect.args, &mut stream);
        }
        if transaction {
            encode_request(&["EXEC"], &mut stream);
        }
        self.stream(&stream);
    }

    pub(super) fn ensure_backlog(&mut self) {
        if self.history.backlog.is_none() {
            self.history.backlog = Some(Backlog::new(self.config.repl_backlog_size, self.history.offset));
        }
    }
}
