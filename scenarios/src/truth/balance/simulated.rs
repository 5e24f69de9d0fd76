//! The sequence in the simulation.

use super::{
    FAIL_TIMEOUT_S, READ_TIMEOUT_S, Seen, Sequence,
    peers::{NAMES, Shared, ask_in_turn, upstream},
};
use model_nginx::{self as balancer, NginxConfig};
use sim::engine::{Engine, EngineConfig, EngineError, Quiet};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const PORT: u16 = 8080;
const BALANCER_PORT: u16 = 80;

/// Performs it.
///
/// # Errors
/// The engine's own.
pub fn perform(sequence: &Sequence) -> Result<Vec<Seen>, EngineError> {
    let mut engine = Engine::new(EngineConfig::default());
    let (shared, seen) = (Shared::new(), Arc::<Mutex<Vec<Seen>>>::default());
    let mut hosts = Vec::new();
    for (index, name) in NAMES.iter().enumerate() {
        let shared = shared.clone();
        hosts.push(engine.add_host(name, Arc::new(Quiet), Arc::new(Quiet), move |env| {
            Box::pin(upstream(env, PORT, index, shared.clone()))
        }));
    }
    let config = NginxConfig {
        fail_timeout: Duration::from_secs(FAIL_TIMEOUT_S),
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(READ_TIMEOUT_S),
        non_idempotent: sequence.non_idempotent,
        keepalive: if sequence.keepalive { 16 } else { 0 },
        ..NginxConfig::new(BALANCER_PORT, NAMES.map(|name| (name.to_owned(), PORT)).to_vec())
    };
    hosts.push(
        engine.add_host("balancer", Arc::new(Quiet), Arc::new(Quiet), move |env| {
            let config = config.clone();
            Box::pin(async move {
                // A port that cannot be listened on shows in every answer.
                let _ = balancer::serve(env, config, Arc::new(|_| {})).await;
            })
        }),
    );
    let (asks, noted) = (sequence.asks.clone(), seen.clone());
    hosts.push(engine.add_host("client", Arc::new(Quiet), Arc::new(Quiet), move |env| {
        let (asks, shared, noted) = (asks.clone(), shared.clone(), noted.clone());
        Box::pin(async move {
            let seen = ask_in_turn(&env, "balancer", BALANCER_PORT, &asks, &shared).await;
            *noted.lock().expect("unpoisoned") = seen;
        })
    }));
    hosts.into_iter().for_each(|host| engine.start(host));
    engine.run(600_000, || !seen.lock().expect("unpoisoned").is_empty())?;
    drop(engine);
    let seen = std::mem::take(&mut *seen.lock().expect("unpoisoned"));
    Ok(seen)
}
