//! Deaths of simulated masters.

use super::{super::arm::request, Kind, Toll, Way, came_back, fill, key};
use model_redis::{self as redis, Disk, RedisConfig};
use seams::Env;
use sim::engine::{Engine, EngineConfig, EngineError, Quiet, current_ms};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

const PORT: u16 = 6379;
/// As many as for real.
const CLIENTS: usize = 16;
/// Codes for each client: it redeems one a millisecond.
const CODES: usize = 50;
/// The replica has found its master.
const FILLED_AT_MS: u64 = 1_500;
const LOAD_AT_MS: u64 = 2_000;
const DEATH_AT_MS: u64 = LOAD_AT_MS + 30;
const LOOK_AT_MS: u64 = DEATH_AT_MS + 200;
const OVER_MS: u64 = LOOK_AT_MS + 200;

#[derive(Default)]
struct Seen {
    filled: bool,
    acknowledged: Vec<usize>,
    taken: Option<u64>,
}

/// One death a seed.
///
/// # Errors
/// The engine's own.
///
/// # Panics
/// The replica did not follow.
pub fn simulated(kind: Kind, seeds: std::ops::Range<u64>) -> Result<Vec<Toll>, EngineError> {
    seeds.map(|seed| die(kind, seed)).collect()
}

fn die(kind: Kind, seed: u64) -> Result<Toll, EngineError> {
    let mut engine = Engine::new(EngineConfig {
        seed,
        latency_ms: (kind.link_ms, kind.link_ms),
        ..EngineConfig::default()
    });
    let seen = Arc::<Mutex<Seen>>::default();
    // A host's address is its place in the order of declaration.
    const MASTER: &str = "10.0.0.1";
    let shared = seen.clone();
    // The clients are where the master is: what was acknowledged does not hang on another link.
    let master = engine.add_host("redis-1", Arc::new(Quiet), Arc::new(Quiet), move |env| {
        for client in 0..CLIENTS {
            env.spawn(redeem(env.clone(), client * CODES, shared.clone()));
        }
        Box::pin(redis::serve(env, RedisConfig::default(), Disk::new(), Arc::new(|_| {})))
    });
    let replica = engine.add_host("redis-2", Arc::new(Quiet), Arc::new(Quiet), |env| {
        let config = RedisConfig {
            replica_of: Some((MASTER.to_owned(), PORT)),
            ..RedisConfig::default()
        };
        Box::pin(redis::serve(env, config, Disk::new(), Arc::new(|_| {})))
    });
    let shared = seen.clone();
    let judge = engine.add_host("judge", Arc::new(Quiet), Arc::new(Quiet), move |env| {
        Box::pin(judge(env, shared.clone()))
    });
    [master, replica, judge].iter().for_each(|host| engine.start(*host));
    engine.at(DEATH_AT_MS, move |engine| match kind.way {
        Way::Killed => engine.kill(master),
        Way::WithoutPower => engine.power_loss(master),
    });
    engine.run(OVER_MS, || false)?;
    drop(engine);
    let seen = seen.lock().expect("unpoisoned");
    assert!(seen.filled, "seed {seed}: the replica does not follow");
    let acknowledged = seen.acknowledged.len() as u64;
    Ok(Toll {
        taken: seen.taken.expect("the replica answers"),
        acknowledged,
        per_ms: acknowledged as f64 / (DEATH_AT_MS - LOAD_AT_MS) as f64,
    })
}

async fn judge(env: Env, seen: Arc<Mutex<Seen>>) {
    let at = |name| (name, PORT);
    sleep(until(FILLED_AT_MS)).await;
    let filled = fill(&env, at("redis-1"), CLIENTS * CODES).await;
    seen.lock().expect("unpoisoned").filled = filled;
    sleep(until(LOOK_AT_MS)).await;
    let acknowledged = seen.lock().expect("unpoisoned").acknowledged.clone();
    let taken = came_back(&env, at("redis-2"), &acknowledged).await;
    seen.lock().expect("unpoisoned").taken = taken;
}

/// Redeems its codes, one a millisecond.
async fn redeem(env: Env, first: usize, seen: Arc<Mutex<Seen>>) {
    sleep(until(LOAD_AT_MS)).await;
    let Ok(mut stream) = env.network.connect("redis-1", PORT).await else {
        return;
    };
    for code in first..first + CODES {
        let mut answer = [0; 7];
        let asked = stream.write_all(&request(&["GETDEL", &key(code)])).await;
        if asked.is_err() || stream.read_exact(&mut answer).await.is_err() || answer != *b"$1\r\nv\r\n" {
            return;
        }
        seen.lock().expect("unpoisoned").acknowledged.push(code);
        sleep(Duration::from_millis(1)).await;
    }
}

fn until(at_ms: u64) -> Duration {
    Duration::from_millis(at_ms.saturating_sub(current_ms().unwrap_or(0)))
}
