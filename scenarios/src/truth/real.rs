//! The real `redis-server`, on a loopback port of its own, for as long as somebody holds it.

use super::{
    arm::{Arm, Heard, request},
    clock::{Stopwatch, sleep_ms},
};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

/// Why there is nothing real to compare with.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The program is not there.
    #[error("{0} is not installed (Debian: apt-get install redis-server redis-sentinel nginx)")]
    Missing(&'static str),
    /// It is there and does not answer.
    #[error("{program} does not start: {why}")]
    Broken {
        /// Its name.
        program: &'static str,
        /// What it said, or what happened.
        why: String,
    },
}

/// How long a program may take to answer for the first time, milliseconds.
const START_MS_MAX: u64 = 10_000;

/// What a program calls itself: `Redis server v=7.0.15`, `nginx version: nginx/1.22.1`.
///
/// # Errors
/// It is not installed.
pub fn version(program: &'static str) -> Result<String, Unavailable> {
    let said = Command::new(program)
        .arg("-v")
        .output()
        .map_err(|_| Unavailable::Missing(program))?;
    let text = [said.stdout, said.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    Ok(text.split(" sha=").next().unwrap_or_default().to_owned())
}

/// Ports below those that Linux gives to outgoing connections, which would otherwise take one between
/// our finding it free and a program's listening on it.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port of the loopback that nobody has just now, and that is given only once by this process.
///
/// # Errors
/// None is left.
pub fn free_port() -> io::Result<u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let ports = PORTS.end - PORTS.start;
    // Processes that run at the same time begin at different places.
    let begin = (std::process::id() % u32::from(ports)) as u16 / 100 * 100;
    for _ in PORTS {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (begin + given % ports) % ports;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrNotAvailable.into())
}

/// A process that ends with its holder, and the folder it works in.
pub struct Process {
    child: Child,
    folder: PathBuf,
}

impl Process {
    /// Starts a program in an empty folder of its own.
    ///
    /// # Errors
    /// It is not installed, or cannot be started.
    pub fn start(program: &'static str, prepare: impl FnOnce(&mut Command, &PathBuf)) -> Result<Process, Unavailable> {
        let broken = |error: io::Error| Unavailable::Broken {
            program,
            why: error.to_string(),
        };
        let folder = std::env::temp_dir().join(format!(
            "squall-{program}-{}-{}",
            std::process::id(),
            free_port().map_err(broken)?
        ));
        std::fs::create_dir_all(&folder).map_err(broken)?;
        let mut command = Command::new(program);
        command
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        prepare(&mut command, &folder);
        match command.spawn() {
            Ok(child) => Ok(Process { child, folder }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(if error.kind() == io::ErrorKind::NotFound {
                    Unavailable::Missing(program)
                } else {
                    broken(error)
                })
            }
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A real Redis.
pub struct RealRedis {
    port: u16,
    _process: Process,
}

impl RealRedis {
    /// Starts one, without persistence, with these options in addition: `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    /// It is not installed, or does not answer within 10 s.
    pub fn start(options: &[&str]) -> Result<RealRedis, Unavailable> {
        let broken = |why: String| Unavailable::Broken {
            program: "redis-server",
            why,
        };
        let port = free_port().map_err(|error| broken(error.to_string()))?;
        let process = Process::start("redis-server", |command, folder| {
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]);
            command.arg(port.to_string()).arg("--dir").arg(folder).args(options);
        })?;
        let watch = Stopwatch::start();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if watch.elapsed_ms() > START_MS_MAX {
                return Err(broken(format!("port {port} is silent")));
            }
            sleep_ms(5);
        }
        Ok(RealRedis {
            port,
            _process: process,
        })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
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
