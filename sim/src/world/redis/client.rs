//! One client, as the node sees it.

use super::node::ClientId;
use super::replication::Attached;
use super::resp::{Args, Reply};
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
