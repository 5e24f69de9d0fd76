//! The real `redis-server`, on a loopback port of its own, for as long as somebody holds it.

use super::{
    arm::{Arm, Heard, request},
    port::Port,
    process::{Process, Unavailable},
};
use crate::real_clock::sleep_ms;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A real Redis.
pub struct RealRedis {
    port: Port,
    process: Process,
}

impl RealRedis {
    /// Starts one, without persistence, with these options in addition: `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    /// It is not installed, or does not answer within 10 s.
    pub fn start(options: &[&str]) -> Result<RealRedis, Unavailable> {
        let port = Port::reserve().map_err(|why| Unavailable::broken("redis-server", why))?;
        let process = Process::start("redis-server", |command, folder| {
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]);
            command
                .arg(port.number().to_string())
                .arg("--dir")
                .arg(folder)
                .args(options);
        })?;
        process.until_it_listens(port.number())?;
        Ok(RealRedis { port, process })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        self.process.kill();
    }
}

/// A real server at an address.
pub struct RealArm {
    address: SocketAddr,
    control: TcpStream,
    connections: Vec<TcpStream>,
    /// A connection on which we are its replica.
    replica: Option<TcpStream>,
}

/// An answer of the loopback that takes longer is none.
const ANSWER_S_MAX: u64 = 10;

impl RealArm {
    /// Talks to the server at this port of the loopback.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn new(port: u16) -> io::Result<RealArm> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(RealArm {
            address,
            control: connect(address)?,
            connections: Vec::new(),
            replica: None,
        })
    }

    /// Becomes its replica, once and for all.
    pub(super) fn attach(&mut self) {
        let connection = super::stream::attach(self);
        self.replica = Some(self.connections.remove(connection));
    }

    pub(super) fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// What its replica has been sent since.
    pub(super) fn hear_replica(&mut self) -> Heard {
        self.replica.as_mut().map(heard).unwrap_or_default()
    }

    /// Redis executes in one thread what its event loop found readable; after two rounds on another
    /// connection everything sent before has been executed and answered, unless it blocks.
    fn settle(&mut self) {
        for _ in 0..2 {
            self.control
                .write_all(&request(&["PING"]))
                .expect("the server is there");
            // PONG, or the error of a server that is loading or has no master.
            let mut byte = [0];
            while byte != *b"\n" {
                self.control.read_exact(&mut byte).expect("the server answers");
            }
        }
    }

    /// Hangs up everywhere and empties the server.
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
            // A replica that is silent for repl-timeout is hung up on.
            replica
                .write_all(&request(&["REPLCONF", "ACK", "0"]))
                .expect("the server is there");
            self.settle();
            self.hear_replica(); // what emptied the server
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S_MAX)))?;
    Ok(stream)
}

impl Arm for RealArm {
    fn connect(&mut self) -> usize {
        let stream = connect(self.address).expect("the server accepts");
        self.connections.push(stream);
        self.connections.len() - 1
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        // A server that has hung up is heard of when it is listened to.
        let _ = self.connections[connection].write_all(bytes);
        self.settle();
    }

    fn hear(&mut self, connection: usize) -> Heard {
        heard(&mut self.connections[connection])
    }

    fn wait(&mut self, ms: u64) {
        sleep_ms(ms);
        self.settle();
    }
}

/// What is there to be read, without waiting for more.
fn heard(stream: &mut TcpStream) -> Heard {
    stream.set_nonblocking(true).expect("a socket");
    let mut heard = Heard::default();
    let mut piece = [0; 16 * 1024];
    loop {
        match stream.read(&mut piece) {
            Ok(read @ 1..) => heard.bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Ok(_) | Err(_) => {
                heard.closed = true;
                break;
            }
        }
    }
    stream.set_nonblocking(false).expect("a socket");
    heard
}
