//! Deaths of real masters.

use super::{
    super::{port::Port, process::Unavailable, real::RealRedis, stack::ask::ask},
    Kind, Toll, Way, came_back, fill, key,
    line::Line,
};
use crate::{
    real_clock::{Stopwatch, sleep_ms},
    truth::arm::request,
};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, TcpStream},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Clients: so many threads, each with so many connections, and a code is asked for on each of those at once.
const THREADS: usize = 2;
const CONNECTIONS: usize = 8;
/// Codes for each thread: more than it can redeem before the death.
const CODES: usize = 15_000;
/// How long the load lasts, milliseconds.
const LOAD_MS: u64 = 120;
/// How long what is under way may take to arrive, besides what the link takes.
const ARRIVES_MS: u64 = 100;
/// How long the end of a connection may take to arrive.
const END_MS_MAX: u64 = 5_000;
/// The answer to a GETDEL of a code.
const REDEEMED: &[u8] = b"$1\r\nv\r\n";

/// One master is under load at a time, or they would compete for the processors.
static QUIET: Mutex<()> = Mutex::new(());

/// One death.
///
/// # Errors
/// The real programs are absent, or do not find each other.
pub fn real(kind: Kind) -> Result<Toll, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("redis-server", why);
    let mut master = RealRedis::start(&["--repl-diskless-sync-delay", "0"])?;
    let public = Port::reserve().map_err(broken)?;
    let line = Line::new(kind.link_ms);
    thread::scope(|scope| {
        // However this ends, the line's threads do.
        let died = line
            .serve(scope, public.number(), master.port())
            .map_err(broken)
            .and_then(|()| die(kind, &mut master, public.number(), &line));
        line.end();
        died
    })
}

fn die(kind: Kind, master: &mut RealRedis, public: u16, line: &Line) -> Result<Toll, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("redis-server", why);
    let replica = RealRedis::start(&["--replicaof", &format!("127.0.0.1 {public}")])?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(broken)?;
    let _context = runtime.enter();
    let env = seams_os::env("rates", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let at = |redis: &RealRedis| ("127.0.0.1", redis.port());
    if !runtime.block_on(fill(&env, at(master), THREADS * CODES)) {
        return Err(broken(io::Error::other("the replica does not follow")));
    }
    let quiet = QUIET.lock().unwrap_or_else(PoisonError::into_inner);
    let (acknowledged, lasted_ms) = load(master, || {
        if kind.way == Way::WithoutPower {
            line.cut();
        }
    })
    .map_err(broken)?;
    drop(quiet);
    sleep_ms(kind.link_ms + ARRIVES_MS);
    if kind.way == Way::Killed {
        // Whoever still follows has not heard all.
        let watch = Stopwatch::start();
        let follows = || {
            let info = runtime.block_on(ask(&env, "127.0.0.1", replica.port(), &["INFO replication"], 1_000));
            !info.contains("master_link_status:down")
        };
        while follows() {
            if watch.elapsed_ms() > END_MS_MAX {
                let why = "the replica has not heard of its master's death";
                return Err(broken(io::Error::other(why)));
            }
            sleep_ms(5);
        }
    }
    let taken = runtime.block_on(came_back(&env, at(&replica), &acknowledged));
    Ok(Toll {
        taken: taken.ok_or_else(|| broken(io::Error::other("the replica does not answer")))?,
        acknowledged: acknowledged.len() as u64,
        per_ms: acknowledged.len() as f64 / lasted_ms,
    })
}

/// Redeems codes for a while, until the master is killed in the middle of it; which were acknowledged, and how long it
/// took.
fn load(master: &mut RealRedis, before_death: impl FnOnce()) -> io::Result<(Vec<usize>, f64)> {
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
            scope.spawn(move || redeem(streams, nth * CODES, so_far))
        };
        let clients: Vec<_> = clients.into_iter().enumerate().map(begin).collect();
        sleep_ms(LOAD_MS);
        // A machine that has other things to do may not have let them begin.
        while so_far.load(Ordering::Relaxed) < CODES / 10 && clients.iter().any(|client| !client.is_finished()) {
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

/// Redeems the codes from this one on, until nobody answers.
fn redeem(mut streams: Vec<TcpStream>, first: usize, so_far: &AtomicUsize) -> io::Result<Vec<usize>> {
    let mut acknowledged = Vec::new();
    let codes: Vec<usize> = (first..first + CODES).collect();
    for round in codes.chunks(CONNECTIONS) {
        for (stream, code) in streams.iter_mut().zip(round) {
            // Who has gone is heard of below.
            let _ = stream.write_all(&request(&["GETDEL", &key(*code)]));
        }
        let before = acknowledged.len();
        for (stream, code) in streams.iter_mut().zip(round) {
            let mut answer = [0; REDEEMED.len()];
            if stream.read_exact(&mut answer).is_ok() && answer == REDEEMED {
                acknowledged.push(*code);
            }
        }
        let taken = acknowledged.len() - before;
        so_far.fetch_add(taken, Ordering::Relaxed);
        if taken < round.len() {
            return Ok(acknowledged);
        }
    }
    Err(io::Error::other("all codes were redeemed before the master died"))
}
