//! The simulated Redis in a plain `turmoil::Sim`, beside your own hosts: a master, a replica, and a
//! client that sees an acknowledged write gone. Nothing of this project's engines is used.
//!
//! The first half is the seams over turmoil, to be copied; the second half is the test.
//!
//! `cargo run -p model-redis --example redis_in_turmoil`

use model_redis::{self as redis, Disk, RedisConfig};
use seams::{BoxFuture, Clock, Entropy, Env, Listener, Network, Stream, Tasks, Timestamp};
use sim::engine::Inert;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

struct TurmoilClock;

impl Clock for TurmoilClock {
    fn wall(&self) -> Timestamp {
        let since = turmoil::since_epoch().expect("asked from within the simulation");
        Timestamp(since.as_millis() as u64)
    }

    fn monotonic(&self) -> Duration {
        turmoil::sim_elapsed().expect("asked from within the simulation")
    }
}

/// SplitMix64: replication IDs need not be secret, only different.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

struct TurmoilTasks;

impl Tasks for TurmoilTasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        #[expect(clippy::disallowed_methods, reason = "this is how turmoil's hosts spawn")]
        tokio::spawn(task);
    }
}

struct TurmoilNetwork;

impl Network for TurmoilNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let stream = turmoil::net::TcpStream::connect((host, port)).await?;
            let peer = stream.peer_addr()?;
            Ok(Stream::new(stream, peer))
        })
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = turmoil::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
            Ok(Box::new(TurmoilListener(listener)) as Box<dyn Listener>)
        })
    }
}

struct TurmoilListener(turmoil::net::TcpListener);

impl Listener for TurmoilListener {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let (stream, peer) = self.0.accept().await?;
            Ok(Stream::new(stream, peer))
        })
    }

    fn local_addr(&self) -> SocketAddr {
        self.0.local_addr().expect("it is bound")
    }
}

fn env(host: &str, seed: u64) -> Env {
    Env {
        host: host.into(),
        clock: Arc::new(TurmoilClock),
        entropy: Arc::new(Seeded(AtomicU64::new(seed))),
        network: Arc::new(TurmoilNetwork),
        tasks: Arc::new(TurmoilTasks),
        storage: Arc::new(Inert),
        probe: Arc::new(Inert),
    }
}

/// Asks one thing on a connection of its own. Any client library that takes a stream would do.
async fn ask(host: &str, command: &str) -> io::Result<String> {
    let mut stream = turmoil::net::TcpStream::connect((host, 6379)).await?;
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..read]).trim_end().replace("\r\n", " "))
}

fn main() -> turmoil::Result {
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(60))
        .build();
    for (seed, name) in (1..).zip(["redis-1", "redis-2"]) {
        // What it has on disk survives a crash.
        let disk = Disk::new();
        sim.host(name, move || {
            let config = RedisConfig {
                announce_ip: turmoil::lookup(name).to_string(),
                replica_of: (name == "redis-2").then(|| ("redis-1".to_owned(), 6379)),
                ..RedisConfig::default()
            };
            let serving = redis::serve(env(name, seed), config, disk.clone(), Arc::new(|_| {}));
            async move {
                serving.await;
                Ok(())
            }
        });
    }
    sim.client("app", async {
        sleep(Duration::from_secs(3)).await;
        println!("SET at redis-1:       {}", ask("redis-1", "SET item value").await?);
        sleep(Duration::from_secs(1)).await;
        println!("GET at redis-2:       {}", ask("redis-2", "GET item").await?);
        turmoil::hold("redis-1", "redis-2");
        println!("GETDEL at redis-1:    {}", ask("redis-1", "GETDEL item").await?);
        println!("redis-2 is promoted:  {}", ask("redis-2", "REPLICAOF NO ONE").await?);
        println!("GETDEL at redis-2:    {}", ask("redis-2", "GETDEL item").await?);
        Ok(())
    });
    sim.run()
}
