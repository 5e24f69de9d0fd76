//! A simulated cluster: two Redis nodes, three Sentinels and a client.

use crate::engine::{Engine, EngineConfig, HostId, Inert, Stats, current_ms};
use model_redis::{self as redis, Disk, RedisConfig};
use model_sentinel::{self as sentinel, Passwords, SentinelConfig, SentinelDisk};
use seams::{BoxFuture, Env, Stream};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;
const SENTINELS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];

/// An event that a host of the cluster reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// When, simulated milliseconds.
    pub at_ms: u64,
    /// The host.
    pub host: &'static str,
    /// The event: the `Debug` text of a [`redis::RedisEvent`], a Sentinel's own line, or `name: value` for a value that
    /// the client noted.
    pub text: String,
}

type Events = Arc<Mutex<Vec<ClusterEvent>>>;

fn lock(events: &Events) -> MutexGuard<'_, Vec<ClusterEvent>> {
    events.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(events: &Events, host: &'static str, text: String) {
    let at_ms = current_ms().unwrap_or_default();
    lock(events).push(ClusterEvent { at_ms, host, text });
}

/// A simulation of `redis-1` (the master), `redis-2` (its replica), `sentinel-1` to `sentinel-3` (quorum 2, down-after
/// 1 s, failover time-out 10 s, the master's name is `app`) and `client`.
pub struct RedisCluster {
    engine: Engine,
    events: Events,
    disks: [Disk; 2],
}

impl RedisCluster {
    /// Starts all hosts; `client` runs `script` from time 0. `adjust` may change both nodes' configuration.
    pub fn new(
        seed: u64,
        adjust: impl Fn(&mut RedisConfig),
        script: impl Fn(ClusterClient) -> BoxFuture<'static, ()> + 'static,
    ) -> RedisCluster {
        RedisCluster::with_passwords(seed, adjust, &Passwords::default(), script)
    }

    /// The same with Sentinels that ask for, and give, these passwords.
    pub fn with_passwords(
        seed: u64,
        adjust: impl Fn(&mut RedisConfig),
        passwords: &Passwords,
        script: impl Fn(ClusterClient) -> BoxFuture<'static, ()> + 'static,
    ) -> RedisCluster {
        let mut engine = Engine::new(EngineConfig {
            seed,
            latency_ms: (1, 3),
            ..EngineConfig::default()
        });
        let events = Events::default();
        let disks = [Disk::new(), Disk::new()];
        // An address is known after its host has been declared, and hosts boot after that.
        let master: Arc<Mutex<String>> = Arc::default();
        for (i, name) in ["redis-1", "redis-2"].into_iter().enumerate() {
            let mut config = RedisConfig::default();
            adjust(&mut config);
            let (disk, events, master) = (disks[i].clone(), events.clone(), master.clone());
            let own: Arc<Mutex<String>> = Arc::default();
            let announced = own.clone();
            let id = engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
                let mut config = config.clone();
                config.announce_ip = announced.lock().expect("unpoisoned").clone();
                if i == 1 {
                    config.replica_of = Some((master.lock().expect("unpoisoned").clone(), REDIS_PORT));
                }
                let (events, disk) = (events.clone(), disk.clone());
                let observer = Arc::new(move |event| report(&events, name, format!("{event:?}")));
                Box::pin(redis::serve(env, config, disk, observer))
            });
            *own.lock().expect("unpoisoned") = engine.ip(id).to_string();
        }
        let ip = |engine: &Engine, name: &str| engine.ip(engine.host(name).expect("declared")).to_string();
        *master.lock().expect("unpoisoned") = ip(&engine, "redis-1");
        for name in SENTINELS {
            let (events, disk, master) = (events.clone(), SentinelDisk::new(), ip(&engine, "redis-1"));
            let own: Arc<Mutex<String>> = Arc::default();
            let (announced, passwords) = (own.clone(), passwords.clone());
            let id = engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
                let config = SentinelConfig {
                    port: SENTINEL_PORT,
                    announce_ip: announced.lock().expect("unpoisoned").clone(),
                    master_name: "app".into(),
                    master: (master.clone(), REDIS_PORT),
                    quorum: 2,
                    down_after_ms: 1000,
                    failover_timeout_ms: 10_000,
                    passwords: passwords.clone(),
                };
                let events = events.clone();
                let observer = Arc::new(move |text| report(&events, name, text));
                Box::pin(sentinel::serve(env, config, disk.clone(), observer))
            });
            *own.lock().expect("unpoisoned") = engine.ip(id).to_string();
        }
        let client_events = events.clone();
        engine.add_host("client", Arc::new(Inert), Arc::new(Inert), move |env| {
            script(ClusterClient {
                env,
                events: client_events.clone(),
            })
        });
        for name in ["redis-1", "redis-2", "sentinel-1", "sentinel-2", "sentinel-3", "client"] {
            engine.start(engine.host(name).expect("declared"));
        }
        RedisCluster { engine, events, disks }
    }

    /// The engine that runs the cluster.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The disk of `redis-1` or `redis-2`.
    ///
    /// # Panics
    /// There is no such node.
    pub fn disk(&self, node: usize) -> &Disk {
        &self.disks[node - 1]
    }

    /// Schedules an action for a simulated time, milliseconds.
    pub fn at(&self, at_ms: u64, action: impl FnOnce(&Engine) + 'static) {
        self.engine.at(at_ms, action);
    }

    /// Runs until a simulated time, milliseconds.
    ///
    /// # Panics
    /// The engine fails, or a host panicked.
    pub fn run(&self, until_ms: u64) -> Stats {
        let stats = self.engine.run(until_ms, || false).expect("the engine runs");
        assert_eq!(self.engine.panics().len(), 0, "{:?}", self.engine.panics());
        stats
    }

    /// The events that all hosts reported, in order.
    pub fn events(&self) -> Vec<ClusterEvent> {
        lock(&self.events).clone()
    }

    /// The events that one host reported, each with its time in milliseconds.
    pub fn events_of(&self, host: &str) -> Vec<(u64, String)> {
        let events = lock(&self.events);
        let own = events.iter().filter(|event| event.host == host);
        own.map(|event| (event.at_ms, event.text.clone())).collect()
    }

    /// The time, in milliseconds and at `from_ms` or later, when a host first reported an event that begins with this
    /// text.
    pub fn first_at(&self, begins: &str, from_ms: u64) -> Option<u64> {
        let events = lock(&self.events);
        let mut later = events.iter().filter(|event| event.at_ms >= from_ms);
        later
            .find(|event| event.text.starts_with(begins))
            .map(|event| event.at_ms)
    }

    /// The value that the client noted under a name.
    ///
    /// # Panics
    /// It noted none.
    pub fn value(&self, name: &str) -> String {
        let values = self.events_of("client");
        let prefix = format!("{name}: ");
        let found = values.iter().find_map(|(_, text)| text.strip_prefix(&prefix));
        found
            .unwrap_or_else(|| panic!("nothing called {name} in {values:?}"))
            .to_owned()
    }

    /// The host of this name.
    ///
    /// # Panics
    /// There is none.
    pub fn host(engine: &Engine, name: &str) -> HostId {
        engine.host(name).expect("declared")
    }

    /// Cuts the link between two hosts, in both directions.
    pub fn cut(engine: &Engine, a: &str, b: &str) {
        let (a, b) = (Self::host(engine, a), Self::host(engine, b));
        engine.cut_one_way(a, b);
        engine.cut_one_way(b, a);
    }

    /// Mends the link between two hosts, in both directions.
    pub fn mend(engine: &Engine, a: &str, b: &str) {
        let (a, b) = (Self::host(engine, a), Self::host(engine, b));
        engine.mend_one_way(a, b);
        engine.mend_one_way(b, a);
    }
}

impl fmt::Debug for RedisCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = lock(&self.events).len();
        f.debug_struct("RedisCluster")
            .field("engine", &self.engine)
            .field("events", &events)
            .finish_non_exhaustive()
    }
}

/// The client, which talks to the nodes.
#[derive(Clone)]
pub struct ClusterClient {
    /// Its seams.
    pub env: Env,
    events: Events,
}

impl fmt::Debug for ClusterClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterClient({})", self.env.host)
    }
}

impl ClusterClient {
    /// Notes a value, for [`RedisCluster::value`].
    pub fn note(&self, name: &str, value: impl fmt::Display) {
        report(&self.events, "client", format!("{name}: {value}"));
    }

    /// Sleeps until a simulated time, milliseconds.
    pub async fn sleep_until(&self, at_ms: u64) {
        let now = current_ms().expect("running");
        tokio::time::sleep(Duration::from_millis(at_ms.saturating_sub(now))).await;
    }

    /// A connection to a Redis node.
    ///
    /// # Panics
    /// The node does not listen.
    pub async fn connect(&self, host: &str) -> Connection {
        let stream = self.env.network.connect(host, REDIS_PORT).await;
        Connection(stream.expect("the node listens"))
    }

    /// Sends one command on a new connection; `None` if there is no reply within 200 ms.
    pub async fn ask_once(&self, host: &str, port: u16, command: &str) -> Option<String> {
        let work = async {
            let stream = self.env.network.connect(host, port).await.ok()?;
            Connection(stream).try_ask(command).await
        };
        timeout(Duration::from_millis(200), work).await.ok()?
    }
}

/// A connection of the client to a node.
#[derive(Debug)]
pub struct Connection(Stream);

impl Connection {
    /// Sends an inline command and returns its reply, with line ends as `|`, or `closed`. It reads only once, so the
    /// reply must arrive in one piece.
    pub async fn ask(&mut self, command: &str) -> String {
        self.try_ask(command).await.unwrap_or_else(|| "closed".into())
    }

    async fn try_ask(&mut self, command: &str) -> Option<String> {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        let mut buffer = [0; 4096];
        let n = self.0.read(&mut buffer).await.ok()?;
        (n > 0).then(|| String::from_utf8_lossy(&buffer[..n]).trim_end().replace("\r\n", "|"))
    }
}
