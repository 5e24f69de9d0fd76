//! Two nodes, three Sentinels and somebody who talks to them.

use model_redis::{self as redis, Disk, RedisConfig};
use model_sentinel::{self as sentinel, SentinelConfig, SentinelDisk};
use seams::{BoxFuture, Env, Stream};
use sim::engine::{Engine, EngineConfig, HostId, Quiet, Stats, current_ms};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Who said what and when, in order.
pub(super) type Notes = Arc<Mutex<Vec<(u64, String, String)>>>;

pub(super) struct Cluster {
    pub(super) engine: Engine,
    pub(super) notes: Notes,
    pub(super) disks: [Disk; 2],
}

fn note(notes: &Notes, who: &str, what: String) {
    notes
        .lock()
        .expect("unpoisoned")
        .push((current_ms().unwrap_or(0), who.to_owned(), what));
}

impl Cluster {
    /// Hosts `redis-1` (the master), `redis-2`, `sentinel-1..3` (quorum 2, down-after 1 s), all started, and
    /// `client`, which runs `script` from the beginning. `adjust` may change both nodes' configuration.
    pub(super) fn new(
        seed: u64,
        adjust: impl Fn(&mut RedisConfig),
        script: impl Fn(Client) -> BoxFuture<'static, ()> + 'static,
    ) -> Cluster {
        let mut engine = Engine::new(EngineConfig {
            seed,
            latency_ms: (1, 3),
            ..EngineConfig::default()
        });
        let notes = Notes::default();
        let disks = [Disk::new(), Disk::new()];
        // Addresses are known once a host has been declared: the master comes first.
        let master: Arc<Mutex<String>> = Arc::default();
        for (i, name) in ["redis-1", "redis-2"].into_iter().enumerate() {
            let mut config = RedisConfig {
                announce_ip: name.to_owned(),
                ..RedisConfig::default()
            };
            adjust(&mut config);
            let (disk, notes, master) = (disks[i].clone(), notes.clone(), master.clone());
            let own: Arc<Mutex<String>> = Arc::default();
            let announced = own.clone();
            let id = engine.add_host(name, Arc::new(Quiet), Arc::new(Quiet), move |env| {
                let mut config = config.clone();
                config.announce_ip = announced.lock().expect("unpoisoned").clone();
                if i == 1 {
                    config.replica_of = Some((master.lock().expect("unpoisoned").clone(), 6379));
                }
                let (notes, disk) = (notes.clone(), disk.clone());
                let observer = Arc::new(move |event| note(&notes, name, format!("{event:?}")));
                Box::pin(redis::serve(env, config, disk, observer))
            });
            *own.lock().expect("unpoisoned") = engine.ip(id).to_string();
        }
        let ip = |engine: &Engine, name: &str| engine.ip(engine.host(name).expect("declared")).to_string();
        *master.lock().expect("unpoisoned") = ip(&engine, "redis-1");
        for name in ["sentinel-1", "sentinel-2", "sentinel-3"] {
            let (notes, disk, master) = (notes.clone(), SentinelDisk::new(), ip(&engine, "redis-1"));
            let own: Arc<Mutex<String>> = Arc::default();
            let announced = own.clone();
            let id = engine.add_host(name, Arc::new(Quiet), Arc::new(Quiet), move |env| {
                let config = SentinelConfig {
                    port: 26379,
                    announce_ip: announced.lock().expect("unpoisoned").clone(),
                    master_name: "auth".into(),
                    master: (master.clone(), 6379),
                    quorum: 2,
                    down_after_ms: 1000,
                    failover_timeout_ms: 10_000,
                };
                let notes = notes.clone();
                let observer = Arc::new(move |says| note(&notes, name, says));
                Box::pin(sentinel::serve(env, config, disk.clone(), observer))
            });
            *own.lock().expect("unpoisoned") = engine.ip(id).to_string();
        }
        let client_notes = notes.clone();
        engine.add_host("client", Arc::new(Quiet), Arc::new(Quiet), move |env| {
            script(Client {
                env,
                notes: client_notes.clone(),
            })
        });
        for name in ["redis-1", "redis-2", "sentinel-1", "sentinel-2", "sentinel-3", "client"] {
            engine.start(engine.host(name).expect("declared"));
        }
        Cluster { engine, notes, disks }
    }

    pub(super) fn at(&self, at_ms: u64, action: impl FnOnce(&Engine) + 'static) {
        self.engine.at(at_ms, action);
    }

    pub(super) fn run(&self, until_ms: u64) -> Stats {
        let stats = self.engine.run(until_ms, || false).expect("the engine runs");
        assert_eq!(self.engine.panics().len(), 0, "{:?}", self.engine.panics());
        stats
    }

    /// What `who` noted, each with its time.
    pub(super) fn said(&self, who: &str) -> Vec<(u64, String)> {
        let notes = self.notes.lock().expect("unpoisoned");
        notes
            .iter()
            .filter(|note| note.1 == who)
            .map(|note| (note.0, note.2.clone()))
            .collect()
    }

    /// When anybody first said something that begins so, after a moment.
    pub(super) fn first(&self, begins: &str, after_ms: u64) -> Option<u64> {
        let notes = self.notes.lock().expect("unpoisoned");
        notes
            .iter()
            .find(|note| note.0 >= after_ms && note.2.starts_with(begins))
            .map(|note| note.0)
    }

    /// The value that the client noted under a name.
    pub(super) fn value(&self, name: &str) -> String {
        let values = self.said("client");
        let prefix = format!("{name}: ");
        let found = values.iter().find_map(|(_, text)| text.strip_prefix(&prefix));
        found
            .unwrap_or_else(|| panic!("nothing called {name} in {values:?}"))
            .to_owned()
    }
}

pub(super) fn host(engine: &Engine, name: &str) -> HostId {
    engine.host(name).expect("declared")
}

pub(super) fn cut(engine: &Engine, a: &str, b: &str) {
    engine.cut_one_way(host(engine, a), host(engine, b));
    engine.cut_one_way(host(engine, b), host(engine, a));
}

pub(super) fn mend(engine: &Engine, a: &str, b: &str) {
    engine.mend_one_way(host(engine, a), host(engine, b));
    engine.mend_one_way(host(engine, b), host(engine, a));
}

/// Somebody who talks to the nodes.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) env: Env,
    notes: Notes,
}

/// A connection.
pub(super) struct Connection(Stream);

impl Client {
    pub(super) fn note(&self, name: &str, value: impl std::fmt::Display) {
        note(&self.notes, "client", format!("{name}: {value}"));
    }

    /// Until a moment of the run.
    pub(super) async fn until(&self, at_ms: u64) {
        let now = current_ms().expect("running");
        tokio::time::sleep(Duration::from_millis(at_ms.saturating_sub(now))).await;
    }

    pub(super) async fn connect(&self, host: &str) -> Connection {
        Connection(self.env.network.connect(host, 6379).await.expect("the node listens"))
    }

    /// One command on a connection of its own; `None` when nobody answers within 200 ms.
    pub(super) async fn once(&self, host: &str, port: u16, command: &str) -> Option<String> {
        let work = async {
            let stream = self.env.network.connect(host, port).await.ok()?;
            Connection(stream).try_ask(command).await
        };
        tokio::time::timeout(Duration::from_millis(200), work).await.ok()?
    }
}

impl Connection {
    /// The reply to an inline command, ends of lines as `|`: what arrives in one piece.
    pub(super) async fn ask(&mut self, command: &str) -> String {
        self.try_ask(command).await.unwrap_or_else(|| "closed".into())
    }

    async fn try_ask(&mut self, command: &str) -> Option<String> {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        let mut buffer = [0; 4096];
        let n = self.0.read(&mut buffer).await.ok()?;
        (n > 0).then(|| String::from_utf8_lossy(&buffer[..n]).trim_end().replace("\r\n", "|"))
    }
}
