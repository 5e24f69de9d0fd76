//! Hosts that communicate for a few simulated seconds.

use crate::engine::{Engine, EngineConfig, HostId, Inert};
use bytes::{Buf, BytesMut};
use model_redis::resp::{Args, Request, parse_request};
use seams::{BoxFuture, Env, Stream};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

/// A host's software.
type Main = Box<dyn Fn(Env) -> BoxFuture<'static, ()>>;

/// Hosts on a network without faults.
pub struct Stage {
    engine: Engine,
    hosts: Vec<HostId>,
    done: Arc<AtomicBool>,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::new()
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl Stage {
    /// A network without hosts.
    pub fn new() -> Stage {
        Stage {
            engine: Engine::new(EngineConfig::default()),
            hosts: Vec::new(),
            done: Arc::default(),
        }
    }

    /// Adds a host, and returns its address.
    pub fn host<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        name: &str,
        main: impl Fn(Env) -> F + 'static,
    ) -> String {
        let main: Main = Box::new(move |env| Box::pin(main(env)));
        let id = self.engine.add_host(name, Arc::new(Inert), Arc::new(Inert), main);
        self.hosts.push(id);
        self.engine.ip(id).to_string()
    }

    /// Starts all hosts, and one more that runs `test`; the run ends when `test` has returned.
    ///
    /// # Panics
    /// `test` did not return within this simulated time, or a host panicked.
    pub fn run<F: Future<Output = ()> + Send + 'static>(mut self, within: Duration, test: impl Fn(Env) -> F + 'static) {
        let done = self.done.clone();
        self.host("test", move |env| {
            let (work, done) = (test(env), done.clone());
            async move {
                work.await;
                done.store(true, Ordering::Relaxed);
            }
        });
        self.hosts.iter().for_each(|host| self.engine.start(*host));
        let done = self.done.clone();
        let run = self
            .engine
            .run(within.as_millis() as u64, || done.load(Ordering::Relaxed));
        run.expect("the engine runs");
        let panics = self.engine.panics();
        assert!(panics.is_empty(), "{panics:?}");
        assert!(self.done.load(Ordering::Relaxed), "it hangs");
    }
}

/// Listens on a port and answers each Redis command with the bytes that `reply` returns for it, valid or not.
///
/// # Panics
/// The port is taken.
pub async fn answer_requests(env: Env, port: u16, reply: impl Fn(&Args) -> Vec<u8> + Clone + Send + 'static) {
    let listener = env.network.listen(port).await.expect("the port is free");
    while let Ok(stream) = listener.accept().await {
        let reply = reply.clone();
        env.spawn(async move {
            let mut stream = stream;
            let mut input = BytesMut::new();
            loop {
                while let (Request::Command(args), used) = parse_request(&input) {
                    input.advance(used);
                    if stream.write_all(&reply(&args)).await.is_err() {
                        return; // the client has closed the connection
                    }
                }
                match stream.read_buf(&mut input).await {
                    Ok(1..) => {}
                    _ => return,
                }
            }
        });
    }
}

/// Connects as soon as the host listens, sends these bytes, and returns all bytes received until the other side closes
/// the connection or sends nothing for a second.
pub async fn exchange(env: &Env, host: &str, port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(env, host, port).await;
    let (mut received, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    let mut rest = bytes;
    while !rest.is_empty() {
        match stream.write(rest).await {
            Ok(written @ 1..) => rest = &rest[written..],
            _ => break, // the other side has closed the connection before it read everything
        }
    }
    while let Ok(Ok(read @ 1..)) = timeout(Duration::from_secs(1), stream.read(&mut piece)).await {
        received.extend_from_slice(&piece[..read]);
    }
    received
}

async fn connect(env: &Env, host: &str, port: u16) -> Stream {
    loop {
        match env.network.connect(host, port).await {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
