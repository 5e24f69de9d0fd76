//! Tests of the engine: what its TCP does under faults, in what order packets arrive, what its hosts do, and that equal
//! seeds give equal runs. Times are simulated; links take 5 ms unless a test says otherwise.

mod acks;
mod arrivals;
mod determinism;
mod hosts;
mod mistakes;
mod outages;
mod tcp;
mod tcp_bulk;

use super::*;
use seams::Stream;
use std::{io, sync::Mutex, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep, timeout},
};

/// The notes of all hosts, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().expect("unpoisoned").push(what.into());
    }

    /// Adds a note with the simulated time.
    fn stamp(&self, what: impl fmt::Display) {
        self.note(format!("{what} at {}", current_ms().expect("running")));
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn steady() -> Engine {
    Engine::new(EngineConfig {
        latency_ms: (5, 5),
        ..EngineConfig::default()
    })
}

/// Declares a host and does not start it: `main` gets the seams and the notes.
fn host<F>(engine: &mut Engine, notes: &Notes, name: &str, main: impl Fn(Env, Notes) -> F + 'static) -> HostId
where
    F: Future<Output = ()> + Send + 'static,
{
    let notes = notes.clone();
    engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
        Box::pin(main(env, notes.clone()))
    })
}

async fn echo(env: Env, _: Notes) {
    let listener = env.network.listen(9).await.expect("port 9 is free");
    while let Ok(stream) = listener.accept().await {
        env.spawn(echo_one(stream));
    }
}

async fn echo_one(mut stream: Stream) {
    let mut buffer = [0; 64];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
}

/// Runs two hosts, `server` (0) and `client` (1), with faults between them, until the client has finished, for at most
/// 400 s. The client starts after 50 ms.
fn play<S, C>(
    engine: Engine,
    server: impl Fn(Env, Notes) -> S + 'static,
    faults: Faults,
    client: impl Fn(Env, Notes) -> C + 'static,
) -> Vec<String>
where
    S: Future<Output = ()> + Send + 'static,
    C: Future<Output = ()> + Send + 'static,
{
    let mut engine = engine;
    let (notes, done) = (Notes::default(), Notes::default());
    let server = host(&mut engine, &notes, "server", server);
    let finished = done.clone();
    let client = host(&mut engine, &notes, "client", move |env, notes| {
        let (work, finished) = (client(env, notes), finished.clone());
        async move {
            sleep(ms(50)).await;
            work.await;
            finished.note("client");
        }
    });
    assert_eq!((server, client), (SERVER, CLIENT));
    for (at_ms, fault) in faults {
        engine.at(at_ms, fault);
    }
    engine.start(server);
    engine.start(client);
    engine.run(400_000, || !done.all().is_empty()).expect("the engine runs");
    assert_eq!(engine.panics(), []);
    assert!(
        !done.all().is_empty(),
        "the client never finished; noted: {:?}",
        notes.all()
    );
    notes.all()
}

/// Faults of a test: simulated milliseconds, and the call that injects the fault.
type Faults = Vec<(u64, fn(&Engine))>;

const SERVER: HostId = HostId(0);
const CLIENT: HostId = HostId(1);

fn cut(engine: &Engine) {
    engine.cut_one_way(SERVER, CLIENT);
    engine.cut_one_way(CLIENT, SERVER);
}

fn mend(engine: &Engine) {
    engine.mend_one_way(SERVER, CLIENT);
    engine.mend_one_way(CLIENT, SERVER);
}

async fn connect(env: &Env) -> io::Result<Stream> {
    env.network.connect("server", 9).await
}

/// Connects; returns the result and the duration.
async fn try_connect(env: &Env, port: u16, limit_ms: u64) -> String {
    let start = Instant::now();
    match timeout(ms(limit_ms), env.network.connect("server", port)).await {
        Ok(Ok(_)) => format!("connected in {}", start.elapsed().as_millis()),
        Ok(Err(error)) => format!("{:?} in {}", error.kind(), start.elapsed().as_millis()),
        Err(_) => format!("pending after {limit_ms}"),
    }
}

/// Writes; returns what was read back and the duration.
async fn round_trip(stream: &mut Stream, text: &str, limit_ms: u64) -> String {
    let start = Instant::now();
    if let Err(error) = stream.write_all(text.as_bytes()).await {
        return format!("write: {:?}", error.kind());
    }
    format!(
        "{} in {}",
        read_once(stream, limit_ms).await,
        start.elapsed().as_millis()
    )
}

/// Reads once; returns what was read.
async fn read_once(stream: &mut Stream, limit_ms: u64) -> String {
    let mut buffer = [0; 64];
    match timeout(ms(limit_ms), stream.read(&mut buffer)).await {
        Ok(Ok(0)) => "end".into(),
        Ok(Ok(read)) => String::from_utf8_lossy(&buffer[..read]).into_owned(),
        Ok(Err(error)) => format!("{:?}", error.kind()),
        Err(_) => "nothing".into(),
    }
}

/// Adds a note of where it is dropped, and tries to spawn a task there.
struct Witness {
    name: &'static str,
    env: Env,
    notes: Notes,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.notes.note(format!(
            "{} dropped on {}",
            self.name,
            current_host().unwrap_or("nowhere".into())
        ));
        let notes = self.notes.clone();
        self.env.spawn(async move { notes.note("a task of the dead") });
    }
}
