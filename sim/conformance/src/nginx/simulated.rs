//! Runs a sequence through the model, in the simulation.

use super::{
    Exchange, FAIL_TIMEOUT_S, READ_TIMEOUT_S, Sequence,
    locations::locations,
    traffic::{NAMES, Shared, run_requests, upstream},
};
use model_nginx::{self as nginx, NginxConfig};
use sim::engine::{Engine, EngineConfig, EngineError, Inert};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const PORT: u16 = 8080;
const BALANCER_PORT: u16 = 80;

fn servers(names: &[&str]) -> Vec<(String, u16)> {
    names.iter().map(|name| ((*name).to_owned(), PORT)).collect()
}

/// Runs a sequence.
///
/// # Errors
/// The engine's own.
pub fn run(sequence: &Sequence) -> Result<Vec<Exchange>, EngineError> {
    let mut engine = Engine::new(EngineConfig::default());
    let (shared, exchanges) = (Shared::new(), Arc::<Mutex<Vec<Exchange>>>::default());
    let mut hosts = Vec::new();
    for (index, name) in NAMES.iter().enumerate() {
        let shared = shared.clone();
        hosts.push(engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
            Box::pin(upstream(env, PORT, index, shared.clone()))
        }));
    }
    let config = NginxConfig {
        fail_timeout: Duration::from_secs(FAIL_TIMEOUT_S),
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(READ_TIMEOUT_S),
        non_idempotent: sequence.non_idempotent,
        keepalive: if sequence.keepalive { 16 } else { 0 },
        ..NginxConfig::new(BALANCER_PORT, servers(&NAMES[..2]))
    };
    let config = match sequence.has_locations {
        true => NginxConfig {
            upstreams: vec![servers(&NAMES[2..]), servers(&NAMES[..2])],
            locations: locations(),
            ..config
        },
        false => config,
    };
    hosts.push(
        engine.add_host("balancer", Arc::new(Inert), Arc::new(Inert), move |env| {
            let config = config.clone();
            Box::pin(async move {
                // If it cannot listen, every answer shows it.
                let _ = nginx::serve(env, config, Arc::new(|_| {})).await;
            })
        }),
    );
    let (requests, result) = (sequence.requests.clone(), exchanges.clone());
    hosts.push(engine.add_host("client", Arc::new(Inert), Arc::new(Inert), move |env| {
        let (requests, shared, result) = (requests.clone(), shared.clone(), result.clone());
        Box::pin(async move {
            let exchanges = run_requests(&env, "balancer", BALANCER_PORT, &requests, &shared).await;
            *result.lock().expect("unpoisoned") = exchanges;
        })
    }));
    hosts.into_iter().for_each(|host| engine.start(host));
    engine.run(600_000, || !exchanges.lock().expect("unpoisoned").is_empty())?;
    drop(engine);
    let exchanges = std::mem::take(&mut *exchanges.lock().expect("unpoisoned"));
    Ok(exchanges)
}
