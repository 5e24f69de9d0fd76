//! Somebody who can be asked what Redis is asked.

use model_redis::{Alone, RedisConfig};
use std::net::SocketAddr;

/// What came back on a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// The bytes, as they came.
    pub bytes: Vec<u8>,
    /// The server has hung up.
    pub closed: bool,
}

/// A server, real or not. Connections are numbered from 0.
pub trait Arm {
    /// Opens a connection.
    fn connect(&mut self) -> usize;
    /// Sends bytes.
    fn send(&mut self, connection: usize, bytes: &[u8]);
    /// What has come back since, once the server has dealt with all that was sent.
    fn hear(&mut self, connection: usize) -> Heard;
    /// Time goes by, milliseconds.
    fn wait(&mut self, ms: u64);

    /// Sends bytes, and hears what comes back.
    fn ask(&mut self, connection: usize, bytes: &[u8]) -> Heard {
        self.send(connection, bytes);
        self.hear(connection)
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

/// The model, asked directly, in virtual time.
pub struct ModelArm {
    redis: Alone,
    connections: Vec<u64>,
}

impl ModelArm {
    /// A node of this configuration that has just booted, at this wall-clock time (milliseconds since
    /// the Unix epoch).
    pub fn new(config: RedisConfig, wall_ms: i64) -> ModelArm {
        ModelArm {
            redis: Alone::boot(config, wall_ms),
            connections: Vec::new(),
        }
    }

    /// Whether a key expires within so many milliseconds, or has within as many.
    pub(super) fn expires_within(&self, ms: i64) -> bool {
        self.redis.expires_within(ms)
    }
}

impl Arm for ModelArm {
    fn connect(&mut self) -> usize {
        let address = SocketAddr::from(([127, 0, 0, 1], 50_000 + self.connections.len() as u16));
        self.connections.push(self.redis.connect(address));
        self.connections.len() - 1
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.redis.feed(self.connections[connection], bytes);
    }

    fn hear(&mut self, connection: usize) -> Heard {
        let (bytes, closed) = self.redis.take_output(self.connections[connection]);
        Heard {
            bytes: bytes.to_vec(),
            closed,
        }
    }

    fn wait(&mut self, ms: u64) {
        self.redis.advance(ms);
    }
}
