//! A simulated Redis with Sentinels for your own application.
//!
//! An application counts in Redis. It asks a Sentinel where the master is, and again whenever something
//! goes wrong. At 20 s the master is cut off from its replica, at 21 s it dies. The counter moves back.
//!
//! `cargo run -p model-sentinel --example redis_failover [seed]`

use model_redis::{self as redis, Disk, RedisConfig};
use model_sentinel::{self as sentinel, Passwords, SentinelConfig, SentinelDisk};
use seams::Env;
use sim::engine::{Engine, EngineConfig, EngineError, Inert, current_ms};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

const SENTINELS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];

/// Asks one thing on a connection of its own. Any client library that takes a stream would do.
async fn ask(env: &Env, host: &str, port: u16, command: &str) -> io::Result<String> {
    let mut stream = env.network.connect(host, port).await?;
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..read]).trim_end().replace("\r\n", " "))
}

/// Whatever is waited for has a deadline: the engine's TCP, like the real one, can be silent for very long.
async fn patiently(env: &Env, host: &str, port: u16, command: &str) -> Option<String> {
    timeout(Duration::from_millis(500), ask(env, host, port, command))
        .await
        .ok()?
        .ok()
}

async fn master(env: &Env) -> Option<String> {
    for sentinel in SENTINELS {
        if let Some(answer) = patiently(env, sentinel, 26379, "SENTINEL get-master-addr-by-name app").await {
            return answer.split(' ').nth(2).map(str::to_owned);
        }
    }
    None
}

async fn application(env: Env) {
    loop {
        sleep(Duration::from_secs(1)).await;
        let Some(address) = master(&env).await else { continue };
        let count = patiently(&env, &address, 6379, "INCR counter").await;
        let now_s = current_ms().unwrap_or(0) as f64 / 1000.0;
        println!("{now_s:>6.1} s  {address}  {}", count.as_deref().unwrap_or("no answer"));
    }
}

fn main() -> Result<(), EngineError> {
    let seed = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut engine = Engine::new(EngineConfig {
        seed,
        ..EngineConfig::default()
    });
    // A host's address is its place in the order of declaration: the first is 10.0.0.1.
    let address = |place: usize| format!("10.0.0.{place}");
    let mut hosts = Vec::new();
    for (place, name) in [(1, "redis-1"), (2, "redis-2")] {
        let config = RedisConfig {
            announce_ip: address(place),
            replica_of: (place == 2).then(|| (address(1), 6379)),
            ..RedisConfig::default()
        };
        let disk = Disk::new();
        hosts.push(engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
            Box::pin(redis::serve(env, config.clone(), disk.clone(), Arc::new(|_| {})))
        }));
    }
    for (place, name) in (3..).zip(SENTINELS) {
        let config = SentinelConfig {
            port: 26379,
            announce_ip: address(place),
            master_name: "app".to_owned(),
            master: (address(1), 6379),
            quorum: 2,
            down_after_ms: 1_000,
            failover_timeout_ms: 10_000,
            passwords: Passwords::default(),
        };
        let disk = SentinelDisk::new();
        hosts.push(engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
            let observer = Arc::new(move |event: String| {
                if event.starts_with("+switch-master") {
                    println!("          {name}: {event}");
                }
            });
            Box::pin(sentinel::serve(env, config.clone(), disk.clone(), observer))
        }));
    }
    hosts.push(engine.add_host("app", Arc::new(Inert), Arc::new(Inert), |env| {
        Box::pin(application(env))
    }));
    hosts.iter().for_each(|host| engine.start(*host));
    let (first, second) = (hosts[0], hosts[1]);
    engine.at(20_000, move |engine| {
        engine.cut_one_way(first, second);
        engine.cut_one_way(second, first);
    });
    engine.at(21_500, move |engine| engine.kill(first));
    engine.run(30_000, || false)?;
    Ok(())
}
