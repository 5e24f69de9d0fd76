//! Runs a script in the simulation.

use super::{
    Action, DOWN_AFTER_MS, Event, Link, MASTER_NAME, Node, Observations, Script, TIMEOUT_MS,
    ask::{ask, inspect, until_writable},
};
use model_redis::{self as redis, Disk, RedisConfig};
use model_sentinel::{self as sentinel, Passwords, SentinelConfig, SentinelDisk};
use sim::engine::{Engine, EngineConfig, EngineError, HostId, Inert, current_ms};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// When the nodes and the Sentinels have found one another, milliseconds.
const SETTLED_MS: u64 = 15_000;
const SENTINELS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Addresses, known once all hosts are declared.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<Vec<IpAddr>>>);

impl Addresses {
    fn of(&self, node: Node) -> String {
        self.at(node.index())
    }

    /// The nodes come first, then the Sentinels.
    fn at(&self, index: usize) -> String {
        lock(&self.0)[index].to_string()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no code panics while holding it")
}

/// When the script begins, milliseconds. Sentinels send PING once a second, all three at about the same time: how long a
/// stopped master goes unnoticed depends on when in that second it stops. So each seed begins at another moment.
fn begins_ms(seed: u64) -> u64 {
    SETTLED_MS + seed.wrapping_mul(377) % 1_000
}

/// Milliseconds from the beginning of the script.
fn now_ms(begins_ms: u64) -> i64 {
    current_ms().unwrap_or(0) as i64 - begins_ms as i64
}

/// Runs a script; equal seeds give equal observations.
///
/// # Errors
/// The engine's own: a livelock, too many events.
pub fn run(script: &Script, seed: u64) -> Result<Observations, EngineError> {
    let mut engine = Engine::new(EngineConfig {
        seed,
        latency_ms: (1, 1),
        ..EngineConfig::default()
    });
    let (addresses, observed) = (Addresses::default(), Arc::<Mutex<Observations>>::default());
    let begins_ms = begins_ms(seed);
    let disks = [(); 3].map(|()| Disk::new());
    let nodes: Vec<HostId> = (script.nodes().iter())
        .map(|node| declare_redis(&mut engine, script, *node, &disks, &addresses))
        .collect();
    let sentinels = [0, 1, 2].map(|number| {
        declare_sentinel(
            &mut engine,
            script,
            [number, nodes.len() + number],
            &addresses,
            begins_ms,
            &observed,
        )
    });
    *lock(&addresses.0) = nodes.iter().chain(&sentinels).map(|host| engine.ip(*host)).collect();
    let client = declare_client(&mut engine, script, &addresses, begins_ms, &observed);
    nodes
        .iter()
        .chain(&sentinels)
        .chain([&client])
        .for_each(|host| engine.start(*host));
    for (host, offset_ms) in nodes.iter().zip(script.clocks_ms) {
        engine.clock_offset_ms(*host, offset_ms);
    }
    for (at_ms, action) in script.actions {
        let (action, nodes, disks) = (*action, nodes.clone(), disks.clone());
        engine.at(begins_ms + at_ms, move |engine| {
            apply(engine, action, &nodes, &disks, sentinels);
        });
    }
    engine.run(begins_ms + script.duration_ms(), || false)?;
    drop(engine);
    let observed = std::mem::take(&mut *lock(&observed));
    Ok(observed)
}

fn apply(engine: &Engine, action: Action, nodes: &[HostId], disks: &[Disk; 3], sentinels: [HostId; 3]) {
    let link = |link: Link, each: fn(&Engine, HostId, HostId)| match link {
        Link::Replication(replica) => {
            let (master, replica) = (nodes[Node::Master.index()], nodes[replica.index()]);
            each(engine, master, replica);
            each(engine, replica, master);
        }
        Link::Sentinels(node) => sentinels.iter().for_each(|sentinel| {
            each(engine, nodes[node.index()], *sentinel);
            each(engine, *sentinel, nodes[node.index()]);
        }),
        Link::AmongSentinels => sentinels.iter().for_each(|one| {
            let others = sentinels.iter().filter(|other| *other != one);
            others.for_each(|other| each(engine, *one, *other));
        }),
    };
    match action {
        Action::Ask(..) | Action::Watch(_) | Action::Inspect => {} // the client does these
        Action::Cut(which) => link(which, Engine::cut_one_way),
        Action::Mend(which) => link(which, Engine::mend_one_way),
        Action::Kill(node) => engine.kill(nodes[node.index()]),
        Action::LosePower(node) => {
            engine.power_loss(nodes[node.index()]);
            disks[node.index()].power_loss();
        }
        Action::Pause(node) => engine.pause(nodes[node.index()]),
        Action::Resume(node) => engine.resume(nodes[node.index()]),
        Action::Start(node) => engine.start(nodes[node.index()]),
        Action::KillSentinels(many) => sentinels[..many].iter().for_each(|sentinel| engine.kill(*sentinel)),
        Action::PauseSentinels => sentinels.iter().for_each(|sentinel| engine.pause(*sentinel)),
        Action::ResumeSentinels => sentinels.iter().for_each(|sentinel| engine.resume(*sentinel)),
    }
}

fn declare_redis(engine: &mut Engine, script: &Script, node: Node, disks: &[Disk; 3], addresses: &Addresses) -> HostId {
    let config = RedisConfig {
        port: PORT,
        persistence: script.persistence,
        min_replicas_to_write: script.min_replicas_to_write,
        min_replicas_max_lag_s: 1,
        ..RedisConfig::default()
    };
    let (disk, addresses) = (disks[node.index()].clone(), addresses.clone());
    engine.add_host(node.name(), Arc::new(Inert), Arc::new(Inert), move |env| {
        let config = RedisConfig {
            announce_ip: addresses.of(node),
            replica_of: (node != Node::Master).then(|| (addresses.of(Node::Master), PORT)),
            ..config.clone()
        };
        Box::pin(redis::serve(env, config, disk.clone(), Arc::new(|_| {})))
    })
}

fn declare_sentinel(
    engine: &mut Engine,
    script: &Script,
    [number, index]: [usize; 2],
    addresses: &Addresses,
    begins_ms: u64,
    observed: &Arc<Mutex<Observations>>,
) -> HostId {
    let name = SENTINELS[number];
    let (quorum, failover_timeout_ms) = (script.quorum, script.failover_timeout_ms);
    let (disk, addresses, observed) = (SentinelDisk::new(), addresses.clone(), observed.clone());
    engine.add_host(name, Arc::new(Inert), Arc::new(Inert), move |env| {
        let config = SentinelConfig {
            port: SENTINEL_PORT,
            announce_ip: addresses.at(index),
            master_name: MASTER_NAME.to_owned(),
            master: (addresses.of(Node::Master), PORT),
            quorum,
            down_after_ms: DOWN_AFTER_MS,
            failover_timeout_ms,
            passwords: Passwords::default(),
        };
        let observed = observed.clone();
        let observer = Arc::new(move |text: String| {
            let (at_ms, sentinel) = (now_ms(begins_ms), number);
            lock(&observed).events.push(Event { at_ms, sentinel, text });
        });
        Box::pin(sentinel::serve(env, config, disk.clone(), observer))
    })
}

fn declare_client(
    engine: &mut Engine,
    script: &Script,
    addresses: &Addresses,
    begins_ms: u64,
    observed: &Arc<Mutex<Observations>>,
) -> HostId {
    let (actions, addresses, observed) = (script.actions, addresses.clone(), observed.clone());
    let nodes = script.nodes().len();
    engine.add_host("client", Arc::new(Inert), Arc::new(Inert), move |env| {
        let (addresses, observed) = (addresses.clone(), observed.clone());
        Box::pin(async move {
            for (at_ms, action) in actions {
                let (asker, observed) = (env.clone(), observed.clone());
                let begins = Duration::from_millis(begins_ms + at_ms);
                match *action {
                    Action::Ask(name, node, commands) => {
                        let host = addresses.of(node);
                        env.spawn(async move {
                            tokio::time::sleep(begins).await;
                            let answer = ask(&asker, &host, PORT, commands, TIMEOUT_MS).await;
                            lock(&observed).answers.insert(name, answer);
                        });
                    }
                    Action::Watch(node) => {
                        let host = addresses.of(node);
                        env.spawn(async move {
                            tokio::time::sleep(begins).await;
                            until_writable(&asker, &host, PORT).await;
                            lock(&observed).writable_ms = Some(now_ms(begins_ms));
                        });
                    }
                    Action::Inspect => {
                        for sentinel in 0..SENTINELS.len() {
                            let host = addresses.at(nodes + sentinel);
                            let (asker, observed) = (asker.clone(), observed.clone());
                            env.spawn(async move {
                                tokio::time::sleep(begins).await;
                                let seen = |inspection| {
                                    let seen = (now_ms(begins_ms), sentinel, inspection);
                                    lock(&observed).inspections.push(seen);
                                };
                                inspect(&asker, &host, SENTINEL_PORT, seen).await;
                            });
                        }
                    }
                    _ => {}
                }
            }
        })
    })
}
