//! Deaths of simulated masters.

use super::{Cause, Death, Loss, count_lost, fill, key};
use crate::redis::request;
use model_redis::{self as redis, Disk, RedisConfig};
use seams::Env;
use sim::engine::{Engine, EngineConfig, EngineError, Inert, current_ms};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

const PORT: u16 = 6379;
/// As many as with the real programs.
const CLIENTS: usize = 16;
/// Items for each client, which takes one a millisecond.
const ITEMS: usize = 50;
/// When the replica has found its master, milliseconds.
const FILLED_AT_MS: u64 = 1_500;
const LOAD_AT_MS: u64 = 2_000;
const DEATH_AT_MS: u64 = LOAD_AT_MS + 30;
const CHECK_AT_MS: u64 = DEATH_AT_MS + 200;
const END_MS: u64 = CHECK_AT_MS + 200;

#[derive(Default)]
struct State {
    filled: bool,
    acknowledged: Vec<usize>,
    lost: Option<u64>,
}

/// One simulated death for each seed.
///
/// # Errors
/// The engine's own.
///
/// # Panics
/// The replica did not follow.
pub fn simulated(death: Death, seeds: std::ops::Range<u64>) -> Result<Vec<Loss>, EngineError> {
    seeds.map(|seed| die(death, seed)).collect()
}

fn die(death: Death, seed: u64) -> Result<Loss, EngineError> {
    let mut engine = Engine::new(EngineConfig {
        seed,
        latency_ms: (death.link_ms, death.link_ms),
        ..EngineConfig::default()
    });
    let observed = Arc::<Mutex<State>>::default();
    // A host's address is its position in the order of declaration.
    const MASTER: &str = "10.0.0.1";
    let shared = observed.clone();
    // The clients run on the master's host, so that acknowledgements do not depend on another link.
    let master = engine.add_host("redis-1", Arc::new(Inert), Arc::new(Inert), move |env| {
        for client in 0..CLIENTS {
            env.spawn(take(env.clone(), client * ITEMS, shared.clone()));
        }
        Box::pin(redis::serve(env, RedisConfig::default(), Disk::new(), Arc::new(|_| {})))
    });
    let replica = engine.add_host("redis-2", Arc::new(Inert), Arc::new(Inert), |env| {
        let config = RedisConfig {
            replica_of: Some((MASTER.to_owned(), PORT)),
            ..RedisConfig::default()
        };
        Box::pin(redis::serve(env, config, Disk::new(), Arc::new(|_| {})))
    });
    let shared = observed.clone();
    let observer = engine.add_host("observer", Arc::new(Inert), Arc::new(Inert), move |env| {
        Box::pin(observer(env, shared.clone()))
    });
    [master, replica, observer].iter().for_each(|host| engine.start(*host));
    engine.at(DEATH_AT_MS, move |engine| match death.cause {
        Cause::Kill => engine.kill(master),
        Cause::PowerLoss => engine.power_loss(master),
    });
    engine.run(END_MS, || false)?;
    drop(engine);
    let observed = observed.lock().expect("unpoisoned");
    assert!(observed.filled, "seed {seed}: the replica does not follow");
    let acknowledged = observed.acknowledged.len() as u64;
    Ok(Loss {
        lost: observed.lost.expect("the replica answers"),
        acknowledged,
        per_ms: acknowledged as f64 / (DEATH_AT_MS - LOAD_AT_MS) as f64,
    })
}

async fn observer(env: Env, observed: Arc<Mutex<State>>) {
    let at = |name| (name, PORT);
    sleep(until(FILLED_AT_MS)).await;
    let filled = fill(&env, at("redis-1"), CLIENTS * ITEMS).await;
    observed.lock().expect("unpoisoned").filled = filled;
    sleep(until(CHECK_AT_MS)).await;
    let acknowledged = observed.lock().expect("unpoisoned").acknowledged.clone();
    let lost = count_lost(&env, at("redis-2"), &acknowledged).await;
    observed.lock().expect("unpoisoned").lost = lost;
}

/// Takes its items, one a millisecond.
async fn take(env: Env, first: usize, observed: Arc<Mutex<State>>) {
    sleep(until(LOAD_AT_MS)).await;
    let Ok(mut stream) = env.network.connect("redis-1", PORT).await else {
        return;
    };
    for item in first..first + ITEMS {
        let mut answer = [0; 7];
        let asked = stream.write_all(&request(&["GETDEL", &key(item)])).await;
        if asked.is_err() || stream.read_exact(&mut answer).await.is_err() || answer != *b"$1\r\nv\r\n" {
            return;
        }
        observed.lock().expect("unpoisoned").acknowledged.push(item);
        sleep(Duration::from_millis(1)).await;
    }
}

fn until(at_ms: u64) -> Duration {
    Duration::from_millis(at_ms.saturating_sub(current_ms().unwrap_or(0)))
}
