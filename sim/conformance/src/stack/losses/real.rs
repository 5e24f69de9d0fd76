//! Deaths of real masters.

use super::{super::ask, Cause, Death, Loss, count_lost, fill, key, link::DelayedLink};
use crate::{
    Unavailable,
    port::Port,
    redis::{RedisProcess, request},
};
use seams_os::clock::{Stopwatch, sleep_ms};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, TcpStream},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Clients: so many threads, each with so many connections, and one request at a time on each connection.
const THREADS: usize = 2;
const CONNECTIONS: usize = 8;
/// Items for each thread: more than it can take before the death.
const ITEMS: usize = 15_000;
/// How long the load lasts, milliseconds.
const LOAD_MS: u64 = 120;
/// How long what is in transit may take to arrive, in addition to the link's latency, milliseconds.
const ARRIVES_MS: u64 = 100;
/// How long the end of a connection may take to arrive, milliseconds.
const END_MS_MAX: u64 = 5_000;
/// The reply to a GETDEL of an item that exists.
const TAKEN: &[u8] = b"$1\r\nv\r\n";

/// Held while a master is under load: two at a time would compete for the processors.
static LOAD: Mutex<()> = Mutex::new(());

/// Kills a master and counts what is lost.
///
/// # Errors
/// The real programs are not installed, or do not find each other.
pub fn real(death: Death) -> Result<Loss, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("redis-server", why);
    let mut master = RedisProcess::start(&["--repl-diskless-sync-delay", "0"])?;
    let public = Port::reserve().map_err(broken)?;
    let link = DelayedLink::new(death.link_ms);
    thread::scope(|scope| {
        // The link's threads must end, whatever the result.
        let died = link
            .serve(scope, public.number(), master.port())
            .map_err(broken)
            .and_then(|()| die(death, &mut master, public.number(), &link));
        link.end();
        died
    })
}

fn die(death: Death, master: &mut RedisProcess, public: u16, link: &DelayedLink) -> Result<Loss, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("redis-server", why);
    let replica = RedisProcess::start(&["--replicaof", &format!("127.0.0.1 {public}")])?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(broken)?;
    let _context = runtime.enter();
    let env = seams_os::env("rates", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let at = |redis: &RedisProcess| ("127.0.0.1", redis.port());
    if !runtime.block_on(fill(&env, at(master), THREADS * ITEMS)) {
        return Err(broken(io::Error::other("the replica does not follow")));
    }
    let guard = LOAD.lock().unwrap_or_else(PoisonError::into_inner);
    let (acknowledged, lasted_ms) = load(master, || {
        if death.cause == Cause::PowerLoss {
            link.cut();
        }
    })
    .map_err(broken)?;
    drop(guard);
    sleep_ms(death.link_ms + ARRIVES_MS);
    if death.cause == Cause::Kill {
        // As long as its link is up, the replica may not have received everything.
        let watch = Stopwatch::start();
        let follows = || {
            let info = runtime.block_on(ask(&env, "127.0.0.1", replica.port(), &["INFO replication"], 1_000));
            !info.contains("master_link_status:down")
        };
        while follows() {
            if watch.elapsed_ms() > END_MS_MAX {
                let why = "the replica's link is still up after its master's death";
                return Err(broken(io::Error::other(why)));
            }
            sleep_ms(5);
        }
    }
    let lost = runtime.block_on(count_lost(&env, at(&replica), &acknowledged));
    Ok(Loss {
        lost: lost.ok_or_else(|| broken(io::Error::other("the replica does not answer")))?,
        acknowledged: acknowledged.len() as u64,
        per_ms: acknowledged.len() as f64 / lasted_ms,
    })
}

/// Takes items for a while, and kills the master meanwhile. Returns which were acknowledged, and how long the load lasted
/// in milliseconds.
fn load(master: &mut RedisProcess, before_death: impl FnOnce()) -> io::Result<(Vec<usize>, f64)> {
    let connect = || {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, master.port()))?;
        stream.set_nodelay(true)?;
        Ok::<_, io::Error>(stream)
    };
    let connections = || (0..CONNECTIONS).map(|_| connect()).collect::<io::Result<Vec<_>>>();
    let clients = (0..THREADS).map(|_| connections()).collect::<io::Result<Vec<_>>>()?;
    let so_far = AtomicUsize::new(0);
    thread::scope(|scope| {
        let watch = Stopwatch::start();
        let begin = |(nth, streams): (usize, Vec<TcpStream>)| {
            let so_far = &so_far;
            scope.spawn(move || take(streams, nth * ITEMS, so_far))
        };
        let clients: Vec<_> = clients.into_iter().enumerate().map(begin).collect();
        sleep_ms(LOAD_MS);
        // On a busy machine the clients may not have begun yet.
        while so_far.load(Ordering::Relaxed) < ITEMS / 10 && clients.iter().any(|client| !client.is_finished()) {
            sleep_ms(1);
        }
        before_death();
        let lasted_ms = watch.elapsed().as_secs_f64() * 1_000.0;
        master.kill();
        let mut acknowledged = Vec::new();
        for client in clients {
            acknowledged.extend(client.join().expect("no panic")?);
        }
        Ok((acknowledged, lasted_ms))
    })
}

/// Takes the items from this one on, until the server no longer answers.
fn take(mut streams: Vec<TcpStream>, first: usize, so_far: &AtomicUsize) -> io::Result<Vec<usize>> {
    let mut acknowledged = Vec::new();
    let items: Vec<usize> = (first..first + ITEMS).collect();
    for round in items.chunks(CONNECTIONS) {
        for (stream, item) in streams.iter_mut().zip(round) {
            // If the server is gone, the read below fails.
            let _ = stream.write_all(&request(&["GETDEL", &key(*item)]));
        }
        let before = acknowledged.len();
        for (stream, item) in streams.iter_mut().zip(round) {
            let mut answer = [0; TAKEN.len()];
            if stream.read_exact(&mut answer).is_ok() && answer == TAKEN {
                acknowledged.push(*item);
            }
        }
        let lost = acknowledged.len() - before;
        so_far.fetch_add(lost, Ordering::Relaxed);
        if lost < round.len() {
            return Ok(acknowledged);
        }
    }
    Err(io::Error::other("all items were taken before the master died"))
}
