//! The story in the simulation.

use super::{
    Act, DOWN_AFTER_MS, Event, Link, Node, PATIENCE_MS, Seen, Story,
    ask::{ask, until_writable},
};
use model_redis::{self as redis, Disk, RedisConfig};
use model_sentinel::{self as sentinel, SentinelConfig, SentinelDisk};
use sim::engine::{Engine, EngineConfig, EngineError, HostId, Quiet, current_ms};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// Until then the nodes and the Sentinels have found one another.
const SETTLED_MS: u64 = 15_000;
const SENTINELS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];
const PORT: u16 = 6379;

/// Addresses, which are known once all hosts are declared.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<IpAddr>>>);

impl Book {
    fn of(&self, node: Node) -> String {
        self.at(node.index())
    }

    /// The nodes come first, then the Sentinels.
    fn at(&self, index: usize) -> String {
        held(&self.0)[index].to_string()
    }
}

fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics while holding it")
}

/// When the story begins. Sentinels ask once a second, all three at about the same time: how long a master that has
/// stopped goes unnoticed hangs on when in that second it stops.
fn begins_ms(seed: u64) -> u64 {
    SETTLED_MS + seed.wrapping_mul(377) % 1_000
}

/// Milliseconds from the beginning of the story.
fn now_ms(begins_ms: u64) -> i64 {
    current_ms().unwrap_or(0) as i64 - begins_ms as i64
}

/// Performs it; a seed gives the same every time.
///
/// # Errors
/// The engine's own: a livelock, too many events.
pub fn perform(story: &Story, seed: u64) -> Result<Seen, EngineError> {
    let mut engine = Engine::new(EngineConfig {
        seed,
        latency_ms: (1, 1),
        ..EngineConfig::default()
    });
    let (book, seen) = (Book::default(), Arc::<Mutex<Seen>>::default());
    let begins_ms = begins_ms(seed);
    let disks = [(); 3].map(|()| Disk::new());
    let nodes: Vec<HostId> = (story.nodes().iter())
        .map(|node| declare_redis(&mut engine, story, *node, &disks, &book))
        .collect();
    let sentinels = [0, 1, 2].map(|number| {
        declare_sentinel(
            &mut engine,
            story,
            [number, nodes.len() + number],
            &book,
            begins_ms,
            &seen,
        )
    });
    *held(&book.0) = nodes.iter().chain(&sentinels).map(|host| engine.ip(*host)).collect();
    let client = declare_client(&mut engine, story, &book, begins_ms, &seen);
    nodes
        .iter()
        .chain(&sentinels)
        .chain([&client])
        .for_each(|host| engine.start(*host));
    for (host, offset_ms) in nodes.iter().zip(story.clocks_ms) {
        engine.clock_offset_ms(*host, offset_ms);
    }
    for (at_ms, act) in story.acts {
        let (act, nodes, disks) = (*act, nodes.clone(), disks.clone());
        engine.at(begins_ms + at_ms, move |engine| {
            befall(engine, act, &nodes, &disks, sentinels);
        });
    }
    engine.run(begins_ms + story.lasts_ms(), || false)?;
    drop(engine);
    let seen = std::mem::take(&mut *held(&seen));
    Ok(seen)
}

fn befall(engine: &Engine, act: Act, nodes: &[HostId], disks: &[Disk; 3], sentinels: [HostId; 3]) {
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
    match act {
        Act::Ask(..) | Act::Watch(_) => {} // the client's business
        Act::Cut(which) => link(which, Engine::cut_one_way),
        Act::Mend(which) => link(which, Engine::mend_one_way),
        Act::Kill(node) => engine.kill(nodes[node.index()]),
        Act::LosePower(node) => {
            engine.power_loss(nodes[node.index()]);
            disks[node.index()].power_loss();
        }
        Act::Pause(node) => engine.pause(nodes[node.index()]),
        Act::Resume(node) => engine.resume(nodes[node.index()]),
        Act::Start(node) => engine.start(nodes[node.index()]),
        Act::KillSentinels(many) => sentinels[..many].iter().for_each(|sentinel| engine.kill(*sentinel)),
        Act::PauseSentinels => sentinels.iter().for_each(|sentinel| engine.pause(*sentinel)),
        Act::ResumeSentinels => sentinels.iter().for_each(|sentinel| engine.resume(*sentinel)),
    }
}

fn declare_redis(engine: &mut Engine, story: &Story, node: Node, disks: &[Disk; 3], book: &Book) -> HostId {
    let config = RedisConfig {
        port: PORT,
        persistence: story.persistence,
        min_replicas_to_write: story.min_replicas_to_write,
        min_replicas_max_lag_s: 1,
        ..RedisConfig::default()
    };
    let (disk, book) = (disks[node.index()].clone(), book.clone());
    engine.add_host(node.name(), Arc::new(Quiet), Arc::new(Quiet), move |env| {
        let config = RedisConfig {
            announce_ip: book.of(node),
            replica_of: (node != Node::Master).then(|| (book.of(Node::Master), PORT)),
            ..config.clone()
        };
        Box::pin(redis::serve(env, config, disk.clone(), Arc::new(|_| {})))
    })
}

fn declare_sentinel(
    engine: &mut Engine,
    story: &Story,
    [number, index]: [usize; 2],
    book: &Book,
    begins_ms: u64,
    seen: &Arc<Mutex<Seen>>,
) -> HostId {
    let name = SENTINELS[number];
    let (quorum, failover_timeout_ms) = (story.quorum, story.failover_timeout_ms);
    let (disk, book, seen) = (SentinelDisk::new(), book.clone(), seen.clone());
    engine.add_host(name, Arc::new(Quiet), Arc::new(Quiet), move |env| {
        let config = SentinelConfig {
            port: 26379,
            announce_ip: book.at(index),
            master_name: "auth".to_owned(),
            master: (book.of(Node::Master), PORT),
            quorum,
            down_after_ms: DOWN_AFTER_MS,
            failover_timeout_ms,
        };
        let seen = seen.clone();
        let observer = Arc::new(move |says: String| {
            let (at_ms, sentinel) = (now_ms(begins_ms), number);
            held(&seen).events.push(Event { at_ms, sentinel, says });
        });
        Box::pin(sentinel::serve(env, config, disk.clone(), observer))
    })
}

fn declare_client(engine: &mut Engine, story: &Story, book: &Book, begins_ms: u64, seen: &Arc<Mutex<Seen>>) -> HostId {
    let (acts, book, seen) = (story.acts, book.clone(), seen.clone());
    engine.add_host("client", Arc::new(Quiet), Arc::new(Quiet), move |env| {
        let (book, seen) = (book.clone(), seen.clone());
        Box::pin(async move {
            for (at_ms, act) in acts {
                let (asker, seen) = (env.clone(), seen.clone());
                let begins = Duration::from_millis(begins_ms + at_ms);
                match *act {
                    Act::Ask(name, node, commands) => {
                        let host = book.of(node);
                        env.spawn(async move {
                            tokio::time::sleep(begins).await;
                            let answer = ask(&asker, &host, PORT, commands, PATIENCE_MS).await;
                            held(&seen).answers.insert(name, answer);
                        });
                    }
                    Act::Watch(node) => {
                        let host = book.of(node);
                        env.spawn(async move {
                            tokio::time::sleep(begins).await;
                            until_writable(&asker, &host, PORT).await;
                            held(&seen).writable_ms = Some(now_ms(begins_ms));
                        });
                    }
                    _ => {}
                }
            }
        })
    })
}
