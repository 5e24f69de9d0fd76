//! One node as a state machine: bytes and moments in, bytes out. Knows no socket and no clock.

use super::backlog::{Backlog, History};
use super::client::Client;
use super::config::{Moment, PersistenceMode, RedisConfig, RedisEvent};
use super::dataset::{Dataset, Entry};
use super::disk::Disk;
use super::replication::Role;
use super::resp::{Args, Reply, Request, encode_request, parse_request};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// Identifies a client, as `CLIENT ID` says it.
pub(crate) type ClientId = u64;

/// On whose behalf, and how, a command runs.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) now: Moment,
    /// From this node's master: obeyed, unjudged, and blind to expiry.
    pub(super) from_master: bool,
}

/// One Redis node.
pub(crate) struct Node {
    pub(super) config: RedisConfig,
    pub(super) disk: Disk,
    pub(super) data: Dataset,
    pub(super) history: History,
    pub(super) role: Role,
    pub(super) clients: BTreeMap<ClientId, Client>,
    next_client: ClientId,
    /// Effects of the execution unit under way.
    pub(super) effects: Vec<Args>,
    /// The stream has said which database it is about.
    pub(super) stream_selected: bool,
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
    /// When the cron will look again.
    pub(super) cron_due_mono_ms: Option<u64>,
}

impl Node {
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
                PersistenceMode::None => Dataset::default(),
                PersistenceMode::Aof => {
                    // What the page cache held has reached the disk by now.
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
        let node = Node {
            history: History::new(random_hex()),
            run_id: random_hex(),
            role: Role::boot(replica_of, now),
            next_ping_mono_ms: now.mono_ms + config.repl_ping_s * 1000,
            config,
            disk,
            data,
            clients: BTreeMap::new(),
            next_client: 3,
            effects: vec![],
            stream_selected: false,
            started: now,
            random_hex: Box::new(random_hex),
            observer,
            timers: Arc::default(),
            relink: Arc::default(),
            sync_due_mono_ms: None,
            cron_due_mono_ms: None,
        };
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
        let wake: Arc<Notify> = Arc::default();
        self.clients.insert(
            id,
            Client {
                id,
                address,
                name: Bytes::new(),
                resp3: false,
                input: BytesMut::new(),
                output: BytesMut::new(),
                closing: false,
                transaction: None,
                watched: BTreeMap::new(),
                dirty: false,
                channels: BTreeSet::new(),
                written_offset: 0,
                waiting: None,
                replica: None,
                announced: (String::new(), 0),
                wake: wake.clone(),
            },
        );
        (id, wake)
    }

    /// A client's connection is gone.
    pub(crate) fn disconnect(&mut self, id: ClientId) {
        self.clients.remove(&id);
    }

    /// Bytes have arrived from a client.
    pub(crate) fn feed(&mut self, id: ClientId, bytes: &[u8], now: Moment) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.input.extend_from_slice(bytes);
        }
        self.pump(id, now);
    }

    /// Executes what a client has sent, as far as it is complete and the client is not blocked.
    pub(crate) fn pump(&mut self, id: ClientId, now: Moment) {
        while let Some(client) = self.clients.get_mut(&id) {
            if client.closing || client.waiting.is_some() {
                return;
            }
            match parse_request(&client.input) {
                Request::Incomplete => return,
                Request::Malformed(error) => {
                    client.push(&Reply::error(error));
                    client.closing = true;
                }
                Request::Command(args, used) => {
                    client.input.advance(used);
                    if !args.is_empty() {
                        self.run(id, args, now);
                    }
                }
            }
        }
    }

    fn run(&mut self, id: ClientId, args: Args, now: Moment) {
        // Taken out while its command runs, so that the command may reach all other clients.
        let Some(mut client) = self.clients.remove(&id) else {
            return;
        };
        let reply = self.process(&mut client, &args, now);
        reply.encode(client.resp3, &mut client.output);
        self.propagate(now);
        client.written_offset = self.history.offset;
        self.clients.insert(id, client);
    }

    /// Output to be written, and whether to close after it.
    pub(crate) fn take_output(&mut self, id: ClientId) -> (Bytes, bool) {
        match self.clients.get_mut(&id) {
            Some(client) => (client.output.split().freeze(), client.closing),
            None => (Bytes::new(), true),
        }
    }

    /// Whether the client is a replica of ours.
    pub(crate) fn is_replica(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.replica.is_some())
    }

    /// A key, as a command sees it: expired means absent. A master deletes it and tells its replicas;
    /// a replica hides it and waits for its master's word; what comes from the master sees it all the
    /// same (expireIfNeeded in db.c).
    pub(super) fn lookup(&mut self, key: &Bytes, context: Context) -> Option<&Entry> {
        let expired = self.data.get(key)?.expired(context.now.wall_ms);
        if expired && !context.from_master {
            if self.role.is_master() {
                self.expire(key);
            }
            return None;
        }
        self.data.get(key)
    }

    /// Deletes an expired key, on a master.
    pub(super) fn expire(&mut self, key: &Bytes) {
        self.data.remove(key);
        self.touch(key);
        self.effects.push(vec![Bytes::from_static(b"DEL"), key.clone()]);
    }

    /// A key has changed: transactions that watch it will fail.
    pub(super) fn touch(&mut self, key: &Bytes) {
        for client in self.clients.values_mut() {
            if client.watched.contains_key(key) {
                client.dirty = true;
            }
        }
    }

    /// Everything has changed.
    pub(super) fn touch_all(&mut self) {
        for client in self.clients.values_mut() {
            client.dirty |= !client.watched.is_empty();
        }
    }

    /// Sends the effects of an execution unit to the disk and to the replicas: more than one as a
    /// transaction (propagatePendingCommands in server.c, 7.0).
    pub(super) fn propagate(&mut self, now: Moment) {
        if self.effects.is_empty() {
            return;
        }
        let effects = std::mem::take(&mut self.effects);
        if self.role.is_master() {
            let write = |effect: &&Args| !effect[0].eq_ignore_ascii_case(b"publish");
            for effect in effects.iter().filter(write) {
                let key = effect.get(1).cloned().unwrap_or_default();
                let command = effect[0].clone();
                self.tell(RedisEvent::Wrote { command, key });
            }
        }
        if self.config.persistence == PersistenceMode::Aof {
            let publish = |effect: &&Args| !effect[0].eq_ignore_ascii_case(b"publish");
            self.disk.lock().written.extend(effects.iter().filter(publish).cloned());
            if self.sync_due_mono_ms.is_none() {
                self.sync_due_mono_ms = Some(now.mono_ms + 1000);
            }
        }
        // Expired keys are hidden at once and deleted within a second: no need to be woken for each.
        if self.cron_due_mono_ms.is_none_or(|due| due > now.mono_ms + 1000) {
            self.timers.notify_one();
        }
        if !self.role.is_master() || (self.history.backlog.is_none() && self.replicas().next().is_none()) {
            return;
        }
        let mut stream = BytesMut::new();
        if !self.stream_selected {
            encode_request(&["SELECT", "0"], &mut stream);
            self.stream_selected = true;
        }
        if effects.len() > 1 {
            encode_request(&["MULTI"], &mut stream);
        }
        effects.iter().for_each(|effect| encode_request(effect, &mut stream));
        if effects.len() > 1 {
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
