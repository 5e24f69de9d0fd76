//! What both the model and a real server can do: take connections, requests and the passing of time.

use model_redis::{RedisConfig, Standalone};
use std::net::SocketAddr;

/// What came back on a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The server has closed the connection.
    pub closed: bool,
}

/// A Redis server, real or simulated. Connections are numbered from 0.
pub trait Server {
    /// Opens a connection.
    fn connect(&mut self) -> usize;
    /// Sends bytes.
    fn send(&mut self, connection: usize, bytes: &[u8]);
    /// What has come back since the last call, once the server has processed everything that was sent.
    fn receive(&mut self, connection: usize) -> Received;
    /// Lets time pass, milliseconds.
    fn wait(&mut self, ms: u64);

    /// Sends bytes, and returns what comes back.
    fn ask(&mut self, connection: usize, bytes: &[u8]) -> Received {
        self.send(connection, bytes);
        self.receive(connection)
    }
}

/// A request of these words, as a client sends it.
pub fn request<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut wire = format!("*{}\r\n", words.len()).into_bytes();
    for word in words.iter().map(AsRef::as_ref) {
        wire.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        wire.extend_from_slice(word);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// The model, called directly, in simulated time.
pub struct ModelServer {
    redis: Standalone,
    connections: Vec<u64>,
}

impl ModelServer {
    /// A node of this configuration that has just booted, at this wall-clock time (milliseconds since
    /// the Unix epoch).
    pub fn new(config: RedisConfig, wall_ms: i64) -> ModelServer {
        ModelServer {
            redis: Standalone::boot(config, wall_ms),
            connections: Vec::new(),
        }
    }

    /// Whether a key expires within so many milliseconds, or has expired within as many before now.
    pub(super) fn expires_within(&self, ms: i64) -> bool {
        self.redis.expires_within(ms)
    }
}

impl Server for ModelServer {
    fn connect(&mut self) -> usize {
        let address = SocketAddr::from(([127, 0, 0, 1], 50_000 + self.connections.len() as u16));
        self.connections.push(self.redis.connect(address));
        self.connections.len() - 1
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.redis.feed(self.connections[connection], bytes);
    }

    fn receive(&mut self, connection: usize) -> Received {
        let (bytes, closed) = self.redis.take_output(self.connections[connection]);
        Received {
            bytes: bytes.to_vec(),
            closed,
        }
    }

    fn wait(&mut self, ms: u64) {
        self.redis.advance(ms);
    }
}
