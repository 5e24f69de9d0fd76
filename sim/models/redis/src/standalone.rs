//! A node without network and clock, for other event loops, fuzzing and comparisons.

use super::{
    config::{Moment, RedisConfig},
    disk::Disk,
    node::{ClientId, Node},
};
use bytes::Bytes;
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

/// A node without I/O: the caller is its network and its clock. Bytes and times go in, bytes come out.
///
/// ```
/// use model_redis::{Standalone, RedisConfig};
///
/// let mut redis = Standalone::boot(RedisConfig::default(), 1_790_000_000_000);
/// let client = redis.connect(([127, 0, 0, 1], 50_000).into());
/// redis.feed(client, b"SET item 7 PX 100\r\n");
/// assert_eq!(redis.take_output(client).0, "+OK\r\n");
/// redis.advance(101);
/// redis.feed(client, b"GETDEL item\r\n");
/// assert_eq!(redis.take_output(client).0, "$-1\r\n");
/// ```
pub struct Standalone {
    node: Node,
    now: Moment,
    clients: BTreeSet<ClientId>,
}

impl Standalone {
    /// A node that has just booted, at this wall-clock time (milliseconds since the Unix epoch).
    pub fn boot(config: RedisConfig, wall_ms: i64) -> Standalone {
        let now = Moment {
            wall_ms,
            mono_ms: 1_000,
        };
        let mut ids = 0_u64;
        let hex = move || {
            ids += 1;
            format!("{ids:040x}")
        };
        Standalone {
            node: Node::boot(config, Disk::new(), now, hex, Arc::new(|_| {})),
            now,
            clients: BTreeSet::new(),
        }
    }

    /// Connects a client from this address; returns its number, as in `CLIENT ID`.
    pub fn connect(&mut self, address: SocketAddr) -> u64 {
        let (id, _) = self.node.connect(address);
        self.clients.insert(id);
        id
    }

    /// Ends a client's connection.
    pub fn disconnect(&mut self, client: u64) {
        self.clients.remove(&client);
        self.node.disconnect(client);
    }

    /// Delivers bytes from a client, in pieces of any size.
    pub fn feed(&mut self, client: u64, bytes: &[u8]) {
        self.node.feed(client, bytes, self.now);
        self.settle();
    }

    /// The bytes for a client since the last call, and whether the node closes the connection after them.
    pub fn take_output(&mut self, client: u64) -> (Bytes, bool) {
        self.node.take_output(client)
    }

    /// Advances time, milliseconds; everything that is due happens at its own time.
    pub fn advance(&mut self, ms: u64) {
        let until_ms = self.now.mono_ms + ms;
        while self.now.mono_ms < until_ms {
            let cron = self.node.cron(self.now);
            let blocked = self.clients.iter().filter_map(|id| self.node.wait_until(*id));
            let due_ms = blocked.chain(cron).min().unwrap_or(until_ms);
            let step_ms = due_ms.clamp(self.now.mono_ms + 1, until_ms);
            self.now.wall_ms += (step_ms - self.now.mono_ms) as i64;
            self.now.mono_ms = step_ms;
            for id in self.clients.clone() {
                if self.node.wait_until(id).is_some_and(|at| at <= self.now.mono_ms) {
                    self.node.wait_expired(id, self.now);
                    self.node.pump(id, self.now);
                }
            }
            self.settle();
        }
        self.node.cron(self.now);
    }

    /// Whether a key expires within so many milliseconds, or has expired within as many before now.
    pub fn expires_within(&self, ms: i64) -> bool {
        let near = |at: i64| (at - self.now.wall_ms).abs() <= ms;
        let mut entries = self.node.data.iter().flat_map(|(_, data)| data.iter());
        entries.any(|(_, entry)| entry.expires_at_ms.is_some_and(near))
    }

    /// Executes what unblocked clients have sent meanwhile.
    fn settle(&mut self) {
        while let Some(id) = self.node.released.first().copied() {
            self.node.pump(id, self.now);
        }
    }
}
