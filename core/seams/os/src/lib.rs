//! The seams as the operating system has them: for a server in production, and for comparing models with real programs.
//! [`clock`] is the real clock for what is outside of a simulation.

pub mod clock;
mod tls;

pub use tls::Trust;

use rand::{TryRngCore, rngs::OsRng};
use seams::{
    BoxFuture, Clock, DatabaseFiles, Entropy, Env, Listener, Network, Probe, Storage, StorageFault, StorageMoment,
    Stream, Tasks, Timestamp,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Handle, RuntimeFlavor},
};

/// An [`Env`] of real clocks, sockets, threads and entropy. `bind` is the address that
/// [`Network::listen`] listens on. Must be called inside a tokio runtime.
pub fn env(host: &str, bind: IpAddr) -> Env {
    let connected = Connected {
        bind,
        ports: vec![],
        trust: None,
    };
    env_connected(host, connected)
}

/// How a process is connected.
#[derive(Clone)]
pub struct Connected {
    /// The address that it listens on.
    pub bind: IpAddr,
    /// Ports with an address of their own.
    pub ports: Vec<(u16, IpAddr)>,
    /// The authorities that it trusts; without any, TLS is refused.
    pub trust: Option<Trust>,
}

/// The same, for a process that is connected in this way.
pub fn env_connected(host: &str, connected: Connected) -> Env {
    Env {
        host: host.into(),
        clock: Arc::new(SystemClock {
            started: Instant::now(),
        }),
        entropy: Arc::new(SystemEntropy),
        network: Arc::new(TcpNetwork(connected)),
        tasks: Arc::new(TokioTasks(tokio::runtime::Handle::current())),
        storage: Arc::new(HonestStorage),
        probe: Arc::new(LogProbe),
    }
}

struct SystemClock {
    started: Instant,
}

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(since.as_millis() as u64)
    }
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Without entropy every code and token could be guessed: there is nothing to fall back to.
        OsRng.try_fill_bytes(buffer).expect("the operating system has entropy");
    }
}

struct TokioTasks(tokio::runtime::Handle);

impl Tasks for TokioTasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }

    fn spawn_vital(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        let running = self.0.spawn(task);
        self.0.spawn(async move {
            if running.await.is_err_and(|error| error.is_panic()) {
                tracing::error!(task = name, "a background task has panicked; the process ends");
                std::process::exit(PANICKED);
            }
        });
    }
}

/// The exit code of a process that a panic has ended, as the standard library has it.
const PANICKED: i32 = 101;

/// SQLite reports its own faults; none are added.
struct HonestStorage;

impl Storage for HonestStorage {
    fn check(&self, _: StorageMoment) -> Result<(), StorageFault> {
        Ok(())
    }

    fn blocking(&self, call: &mut dyn FnMut()) {
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(call),
            _ => call(), // there is one thread alone
        }
    }

    /// By device and inode. A URI may mean something else than a file, and nothing is said of it.
    #[cfg(unix)]
    fn files(&self, location: &str) -> io::Result<DatabaseFiles> {
        use std::os::unix::fs::MetadataExt;
        let found = |path: &std::path::Path| match std::fs::metadata(path) {
            Ok(found) => Ok(Some((found.dev(), found.ino()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        if location.starts_with("file:") {
            return Ok(DatabaseFiles::default());
        }
        // SQLite keeps the log and its index beside the file that a link leads to, not beside the link.
        let path = match std::fs::canonicalize(location) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DatabaseFiles::default()),
            Err(error) => return Err(error),
        };
        let beside = |suffix: &str| {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            found(name.as_ref())
        };
        Ok([found(&path)?, beside("-wal")?, beside("-shm")?])
    }
}

/// Marks go to the log, at debug level.
struct LogProbe;

impl Probe for LogProbe {
    fn mark(&self, name: &'static str) {
        tracing::debug!(mark = name);
    }
}

struct TcpNetwork(Connected);

impl Network for TcpNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr()?;
            Ok(Stream::new(stream, peer))
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            match &self.0.trust {
                Some(trust) => trust.secure(stream, name).await,
                None => Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "no authority is trusted here",
                )),
            }
        })
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let Connected { bind, ports, .. } = &self.0;
            let own = ports.iter().find(|(own, _)| *own == port);
            let bind = own.map_or(*bind, |(_, bind)| *bind);
            let listener = TcpListener::bind((bind, port)).await?;
            let local = listener.local_addr()?;
            Ok(Box::new(TcpAcceptor { listener, local }) as Box<dyn Listener>)
        })
    }
}

struct TcpAcceptor {
    listener: TcpListener,
    local: SocketAddr,
}

impl Listener for TcpAcceptor {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async move {
            let (stream, peer) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            Ok(Stream::new(stream, peer))
        })
    }
    fn local_addr(&self) -> SocketAddr {
        self.local
    }
}
