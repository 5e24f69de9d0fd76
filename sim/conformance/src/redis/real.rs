//! The real `redis-server`: a process on a loopback port of its own, and connections to it.

use super::{
    server::{Received, Server, request},
    stream,
};
use crate::{
    port::Port,
    process::{Process, Unavailable},
};
use seams_os::clock::sleep_ms;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A running `redis-server`, killed when this is dropped.
pub struct RedisProcess {
    port: Port,
    process: Process,
}

impl RedisProcess {
    /// Starts one without persistence, with these additional options: `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    /// It is not installed, or does not listen within 10 s.
    pub fn start(options: &[&str]) -> Result<RedisProcess, Unavailable> {
        let port = Port::reserve().map_err(|why| Unavailable::broken("redis-server", why))?;
        let process = Process::start("redis-server", |command, folder| {
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]);
            command
                .arg(port.number().to_string())
                .arg("--dir")
                .arg(folder)
                .args(options);
        })?;
        process.wait_until_listening(port.number())?;
        Ok(RedisProcess { port, process })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }
}

/// Connections to a real server.
pub struct RealServer {
    address: SocketAddr,
    control: TcpStream,
    connections: Vec<TcpStream>,
    /// A connection on which we act as its replica.
    replica: Option<TcpStream>,
}

/// A reply over the loopback that takes longer than this is missing.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

impl RealServer {
    /// Talks to the server at this port of the loopback.
    ///
    /// # Errors
    /// Nothing listens there.
    pub fn new(port: u16) -> io::Result<RealServer> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(RealServer {
            address,
            control: connect(address)?,
            connections: Vec::new(),
            replica: None,
        })
    }

    /// Becomes its replica, until this is dropped.
    pub(super) fn attach(&mut self) {
        let (connection, _) = stream::attach(self);
        self.replica = Some(self.connections.remove(connection));
    }

    pub(super) fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// What its replica has received since the last call.
    pub(super) fn receive_replica(&mut self) -> Received {
        self.replica.as_mut().map(read_available).unwrap_or_default()
    }

    /// Redis executes in one thread what its event loop found readable. After two round trips on another connection,
    /// everything that was sent before has been executed and answered, unless it blocks.
    fn settle(&mut self) {
        for _ in 0..2 {
            self.control
                .write_all(&request(&["PING"]))
                .expect("the server is there");
            // PONG, or the error of a server that is loading or has no master
            let mut byte = [0];
            while byte != *b"\n" {
                self.control.read_exact(&mut byte).expect("the server answers");
            }
        }
    }

    /// Closes all connections and empties the server.
    pub(super) fn start_over(&mut self) {
        self.connections.clear();
        for command in ["FLUSHALL", "SCRIPT FLUSH"] {
            let words: Vec<&str> = command.split(' ').collect();
            self.control.write_all(&request(&words)).expect("the server is there");
            let mut ok = [0; 5];
            self.control.read_exact(&mut ok).expect("the server answers");
            assert_eq!(&ok, b"+OK\r\n", "{command}");
        }
        if let Some(replica) = &mut self.replica {
            // A master closes the connection of a replica that sends nothing for repl-timeout.
            replica
                .write_all(&request(&["REPLCONF", "ACK", "0"]))
                .expect("the server is there");
            self.settle();
            self.receive_replica(); // the commands that emptied the server
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
    Ok(stream)
}

impl Server for RealServer {
    fn connect(&mut self) -> usize {
        let stream = connect(self.address).expect("the server accepts");
        self.connections.push(stream);
        self.connections.len() - 1
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        // If the server has closed the connection, the next `receive` reports it.
        let _ = self.connections[connection].write_all(bytes);
        self.settle();
    }

    fn receive(&mut self, connection: usize) -> Received {
        read_available(&mut self.connections[connection])
    }

    fn wait(&mut self, ms: u64) {
        sleep_ms(ms);
        self.settle();
    }
}

/// Reads what has arrived, without waiting for more.
fn read_available(stream: &mut TcpStream) -> Received {
    stream.set_nonblocking(true).expect("a socket");
    let mut received = Received::default();
    let mut piece = [0; 16 * 1024];
    loop {
        match stream.read(&mut piece) {
            Ok(read @ 1..) => received.bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Ok(_) | Err(_) => {
                received.closed = true;
                break;
            }
        }
    }
    stream.set_nonblocking(false).expect("a socket");
    received
}
