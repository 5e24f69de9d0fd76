//! Hosts that talk for a few simulated seconds.

use crate::engine::{Engine, EngineConfig, HostId, Quiet};
use bytes::{Buf, BytesMut};
use model_redis::resp::{Args, Request, parse_request};
use seams::{BoxFuture, Env, Stream};
use std::{
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
pub(super) struct Stage {
    engine: Engine,
    hosts: Vec<HostId>,
    done: Arc<AtomicBool>,
}

impl Stage {
    pub(super) fn new() -> Stage {
        Stage {
            engine: Engine::new(EngineConfig::default()),
            hosts: Vec::new(),
            done: Arc::default(),
        }
    }

    /// A host, and its address.
    pub(super) fn host<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        name: &str,
        main: impl Fn(Env) -> F + 'static,
    ) -> String {
        let main: Main = Box::new(move |env| Box::pin(main(env)));
        let id = self.engine.add_host(name, Arc::new(Quiet), Arc::new(Quiet), main);
        self.hosts.push(id);
        self.engine.ip(id).to_string()
    }

    /// The host that the others are there for; it ends the performance.
    ///
    /// # Panics
    /// It did not come to its end within so long, simulated; or something panicked.
    pub(super) fn perform<F: Future<Output = ()> + Send + 'static>(
        mut self,
        within: Duration,
        judge: impl Fn(Env) -> F + 'static,
    ) {
        let done = self.done.clone();
        self.host("judge", move |env| {
            let (work, done) = (judge(env), done.clone());
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
        run.expect("the engine goes on");
        let panics = self.engine.panics();
        assert!(panics.is_empty(), "{panics:?}");
        assert!(self.done.load(Ordering::Relaxed), "it hangs");
    }
}

/// Listens on a port, and gives each command that it hears the answer that it is told.
pub(super) async fn answer(env: Env, port: u16, answers: impl Fn(&Args) -> Vec<u8> + Clone + Send + 'static) {
    let listener = env.network.listen(port).await.expect("the port is free");
    while let Ok(stream) = listener.accept().await {
        let answers = answers.clone();
        env.spawn(async move {
            let mut stream = stream;
            let mut input = BytesMut::new();
            loop {
                while let Request::Command(args, used) = parse_request(&input) {
                    input.advance(used);
                    if stream.write_all(&answers(&args)).await.is_err() {
                        return; // who asked has gone
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

/// Everything that comes back for these bytes until the other side hangs up, or is silent for a second.
pub(super) async fn say(env: &Env, host: &str, port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connected(env, host, port).await;
    let (mut heard, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    let mut rest = bytes;
    while !rest.is_empty() {
        match stream.write(rest).await {
            Ok(written @ 1..) => rest = &rest[written..],
            _ => break, // who hangs up does not hear the rest
        }
    }
    while let Ok(Ok(read @ 1..)) = timeout(Duration::from_secs(1), stream.read(&mut piece)).await {
        heard.extend_from_slice(&piece[..read]);
    }
    heard
}

/// A connection, as soon as somebody listens.
async fn connected(env: &Env, host: &str, port: u16) -> Stream {
    loop {
        match env.network.connect(host, port).await {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
