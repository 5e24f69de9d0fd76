//! The state of one client.

use super::node::ClientId;
use super::pops::Want;
use super::replication::Attached;
use super::resp::{Args, Reply, RequestParser};
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// One connection.
pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) address: SocketAddr,
    pub(super) name: Bytes,
    pub(super) resp3: bool,
    pub(super) input: BytesMut,
    pub(super) parser: RequestParser,
    pub(super) output: BytesMut,
    /// Close once the output is flushed.
    pub(super) closing: bool,
    pub(super) transaction: Option<Transaction>,
    /// The selected database.
    pub(super) db: u8,
    /// Its user, by AUTH or by default; `None` until it has authenticated.
    pub(super) user: Option<Bytes>,
    /// Watched keys with their databases, and whether each had expired already when it was watched.
    pub(super) watched: BTreeMap<(u8, Bytes), bool>,
    /// A watched key was touched.
    pub(super) dirty: bool,
    pub(super) channels: BTreeSet<Bytes>,
    pub(super) patterns: BTreeSet<Bytes>,
    pub(super) shard_channels: BTreeSet<Bytes>,
    pub(super) replies: Replies,
    /// The command that CLIENT PAUSE holds back, and with it all that the client has sent after it.
    pub(super) postponed: Option<Args>,
    /// The last command, as CLIENT LIST shows it.
    pub(super) last_command: &'static str,
    pub(super) connected_mono_ms: u64,
    pub(super) last_mono_ms: u64,
    /// Offset of the replication stream after this client's last write: what WAIT waits for.
    pub(super) written_offset: u64,
    pub(super) waiting: Option<Waiting>,
    /// Set if it is a replica of this node.
    pub(super) replica: Option<Attached>,
    /// What it announced with REPLCONF before PSYNC.
    pub(super) announced: (String, u16),
    pub(super) wake: Arc<Notify>,
}

#[derive(Default)]
pub(super) struct Transaction {
    pub(super) queued: Vec<Args>,
    /// The flags that any of the queued commands has.
    pub(super) flags: u32,
    /// The flags that any of them lacks.
    pub(super) lacks: u32,
    pub(super) aborted: bool,
}

/// CLIENT REPLY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replies {
    On,
    Off,
    /// No reply to this command.
    SkipThis,
    /// No reply to the next command.
    SkipNext,
}

/// The command in which a client is blocked.
pub(super) enum Waiting {
    /// WAIT.
    Replicas {
        replicas: usize,
        offset: u64,
        until_mono_ms: Option<u64>,
    },
    /// BLPOP and similar.
    Keys { want: Want, until_mono_ms: Option<u64> },
}

impl Waiting {
    /// When it times out.
    pub(super) fn until_mono_ms(&self) -> Option<u64> {
        match self {
            Waiting::Replicas { until_mono_ms, .. } | Waiting::Keys { until_mono_ms, .. } => *until_mono_ms,
        }
    }
}

impl Client {
    /// A client that has just connected.
    pub(super) fn new(id: ClientId, address: SocketAddr, user: Option<Bytes>, now_mono_ms: u64) -> Client {
        Client {
            id,
            address,
            name: Bytes::new(),
            resp3: false,
            input: BytesMut::new(),
            parser: RequestParser::default(),
            output: BytesMut::new(),
            closing: false,
            transaction: None,
            db: 0,
            user,
            watched: BTreeMap::new(),
            dirty: false,
            channels: BTreeSet::new(),
            patterns: BTreeSet::new(),
            shard_channels: BTreeSet::new(),
            replies: Replies::On,
            postponed: None,
            last_command: "NULL",
            connected_mono_ms: now_mono_ms,
            last_mono_ms: now_mono_ms,
            written_offset: 0,
            waiting: None,
            replica: None,
            announced: (String::new(), 0),
            wake: Arc::default(),
        }
    }

    /// Channels and patterns together: what the replies to SUBSCRIBE count.
    pub(super) fn subscriptions(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    /// Whether it has subscriptions: in RESP2 few other commands are then allowed.
    pub(super) fn listens(&self) -> bool {
        self.subscriptions() + self.shard_channels.len() > 0
    }

    /// Appends a reply and has the connection's task flush it.
    pub(super) fn push(&mut self, reply: &Reply) {
        reply.encode(self.resp3, &mut self.output);
        self.wake.notify_one();
    }

    pub(super) fn close_now(&mut self) {
        self.closing = true;
        self.output.clear();
        self.channels.clear();
        self.patterns.clear();
        self.shard_channels.clear();
        self.wake.notify_one();
    }
}
