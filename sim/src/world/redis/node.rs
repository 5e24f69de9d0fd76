//! One node as a state machine: bytes and moments in, bytes out. Knows no socket and no clock.

use super::backlog::{Backlog, History};
use super::command::{self, Spec};
use super::config::{Moment, PersistenceMode, RedisConfig, RedisEvent};
use super::dataset::{Dataset, Entry};
use super::disk::Disk;
use super::replication::{Attached, Role};
use super::resp::{Args, Reply, Request, encode_request, parse_request};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// Identifies a client, as `CLIENT ID` says it.
pub type ClientId = u64;

/// One connection.
pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) address: SocketAddr,
    pub(super) name: Bytes,
    pub(super) resp3: bool,
    input: BytesMut,
    pub(super) output: BytesMut,
    /// Close once the output is flushed.
    pub(super) closing: bool,
    pub(super) transaction: Option<Transaction>,
    /// Watched keys, and whether each had expired already when it was watched.
    pub(super) watched: BTreeMap<Bytes, bool>,
    /// A watched key was touched.
    pub(super) dirty: bool,
    pub(super) channels: BTreeSet<Bytes>,
    /// Offset of the stream after this client's last command: what WAIT waits for.
    pub(super) written_offset: u64,
    pub(super) waiting: Option<Waiting>,
    /// It is a replica of ours.
    pub(super) replica: Option<Attached>,
    /// What it said of itself before PSYNC.
    pub(super) announced: (String, u16),
    pub(super) wake: Arc<Notify>,
}

#[derive(Default)]
pub(super) struct Transaction {
    pub(super) queued: Vec<Args>,
    pub(super) aborted: bool,
}

/// Blocked in WAIT.
pub(super) struct Waiting {
    pub(super) replicas: usize,
    pub(super) offset: u64,
    pub(super) until_mono_ms: Option<u64>,
}

impl Client {
    /// Appends a reply and has the connection's task flush it.
    pub(super) fn push(&mut self, reply: &Reply) {
        reply.encode(self.resp3, &mut self.output);
        self.wake.notify_one();
    }

    pub(super) fn close_now(&mut self) {
        self.closing = true;
        self.output.clear();
        self.wake.notify_one();
    }
}

/// On whose behalf, and how, a command runs.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) now: Moment,
    /// From this node's master: obeyed, unjudged, and blind to expiry.
    pub(super) from_master: bool,
}

/// One Redis node.
pub struct Node {
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
    pub fn boot(
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
                    super::replication::replay(&mut state.durable, &written);
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
    pub fn connect(&mut self, address: SocketAddr) -> (ClientId, Arc<Notify>) {
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
    pub fn disconnect(&mut self, id: ClientId) {
        self.clients.remove(&id);
    }

    /// Bytes have arrived from a client.
    pub fn feed(&mut self, id: ClientId, bytes: &[u8], now: Moment) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.input.extend_from_slice(bytes);
        }
        self.pump(id, now);
    }

    /// Executes what a client has sent, as far as it is complete and the client is not blocked.
    pub fn pump(&mut self, id: ClientId, now: Moment) {
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
    pub fn take_output(&mut self, id: ClientId) -> (Bytes, bool) {
        match self.clients.get_mut(&id) {
            Some(client) => (client.output.split().freeze(), client.closing),
            None => (Bytes::new(), true),
        }
    }

    /// Whether the client is a replica of ours.
    pub fn is_replica(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.replica.is_some())
    }

    /// processCommand: what can be refused is refused, the rest is queued or called.
    fn process(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        let Some(spec) = command::lookup(&args[0]) else {
            // Somebody made a browser talk to us (CVE-2016-5180's kind): say nothing, hang up.
            if [&b"post"[..], b"host:"].contains(&&args[0].to_ascii_lowercase()[..]) {
                client.close_now();
                return Reply::Nothing;
            }
            return reject(client, unknown_command(args));
        };
        if !spec.takes(args.len()) {
            return reject(client, wrong_arity(spec.name));
        }
        let queued_write = spec.name == "exec"
            && client.transaction.as_ref().is_some_and(|t| {
                t.queued
                    .iter()
                    .any(|args| command::lookup(&args[0]).is_some_and(|s| s.write))
            });
        if let Some(error) = self.refusal(spec, spec.write || queued_write, now) {
            if spec.name == "exec" {
                client.transaction = None;
                self.unwatch(client);
                return Reply::error(format!("EXECABORT Transaction discarded because of: {error}"));
            }
            return reject(client, error);
        }
        let in_context = ["subscribe", "unsubscribe", "ping", "quit", "reset"].contains(&spec.name);
        if !client.resp3 && !client.channels.is_empty() && !in_context {
            return reject(
                client,
                format!(
                    "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
                    String::from_utf8_lossy(&args[0]).to_ascii_lowercase()
                ),
            );
        }
        let direct = ["exec", "discard", "multi", "watch", "quit", "reset"].contains(&spec.name);
        if let (Some(transaction), false) = (&mut client.transaction, direct) {
            transaction.queued.push(args.clone());
            return Reply::simple("QUEUED");
        }
        let context = Context {
            now,
            from_master: false,
        };
        self.call(client, spec, args, context)
    }

    /// Why a command may not run at all just now.
    fn refusal(&self, spec: &Spec, write: bool, now: Moment) -> Option<&'static str> {
        let loading = now.mono_ms < self.started.mono_ms + self.config.loading_ms;
        if write && self.role.is_master() && !self.enough_replicas(now) {
            return Some("NOREPLICAS Not enough good replicas to write.");
        }
        if write && !self.role.is_master() {
            return Some("READONLY You can't write against a read only replica.");
        }
        if self.role.link_is_down() && !self.config.replica_serve_stale_data && !spec.always && spec.name != "ping" {
            return Some("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
        }
        (loading && !spec.always).then_some("LOADING Redis is loading the dataset in memory")
    }

    /// Runs a command that nothing stands against.
    pub(super) fn call(&mut self, client: &mut Client, spec: &Spec, args: &Args, context: Context) -> Reply {
        if let Some(reply) = self.data_command(spec.name, args, context) {
            return reply.unwrap_or_else(Reply::Error);
        }
        let now = context.now;
        match spec.name {
            "ping" if args.len() > 2 => Reply::error(wrong_arity("ping")),
            "ping" if !client.channels.is_empty() && !client.resp3 => {
                let word = args.get(1).cloned().unwrap_or_default();
                Reply::Array(vec![Reply::bulk("pong"), Reply::Bulk(word)])
            }
            "ping" => args
                .get(1)
                .map_or(Reply::simple("PONG"), |word| Reply::Bulk(word.clone())),
            "echo" => Reply::Bulk(args[1].clone()),
            "quit" => {
                client.closing = true;
                Reply::OK
            }
            "reset" => {
                client.transaction = None;
                self.unwatch(client);
                client.channels.clear();
                client.resp3 = false;
                client.name = Bytes::new();
                Reply::simple("RESET")
            }
            "select" => match super::resp::parse_int(&args[1]) {
                Some(0) => Reply::OK,
                Some(_) => Reply::error("ERR DB index is out of range"),
                None => Reply::error(NOT_AN_INTEGER),
            },
            "time" => {
                let (s, us) = (now.unix_s(), now.wall_ms.rem_euclid(1000) * 1000);
                Reply::Array(vec![Reply::bulk(s.to_string()), Reply::bulk(us.to_string())])
            }
            "multi" | "exec" | "discard" | "watch" | "unwatch" => {
                self.transaction_command(client, spec.name, args, now)
            }
            "hello" | "auth" | "client" | "command" | "config" => self.connection_command(client, spec.name, args),
            "subscribe" | "unsubscribe" | "publish" => self.pubsub_command(client, spec.name, args),
            "info" => Reply::Text(self.info(args.get(1).map(Bytes::as_ref), now)),
            "role" => self.role_reply(),
            "replicaof" | "slaveof" => self.replicaof(args, now),
            "replconf" => self.replconf(client, args, now),
            "psync" => self.psync(client, args, now),
            "wait" => self.wait(client, args, now),
            other => unreachable!("{other} is in the table and nowhere else"),
        }
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

pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
pub(super) const SYNTAX: &str = "ERR syntax error";

/// `ERR wrong number of arguments for 'get' command`.
pub fn wrong_arity(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}

/// `ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' `, 128 bytes of each part at most.
pub fn unknown_command(args: &Args) -> String {
    let mut shown = String::new();
    for arg in &args[1..] {
        if shown.len() >= 128 {
            break;
        }
        let text = String::from_utf8_lossy(arg);
        shown.push_str(&format!("'{:.*}' ", 128 - shown.len(), text));
    }
    let name = String::from_utf8_lossy(&args[0]);
    let message = format!("ERR unknown command '{name:.128}', with args beginning with: {shown}");
    message.replace(['\r', '\n'], " ")
}

/// A refused command spoils the transaction it was meant for.
fn reject(client: &mut Client, error: impl Into<std::borrow::Cow<'static, str>>) -> Reply {
    if let Some(transaction) = &mut client.transaction {
        transaction.aborted = true;
    }
    Reply::error(error)
}
