//! What a client of one node is told while nodes refuse, one refusal beside another, and through restarts.

use crate::{
    engine::current_ms,
    fault::{Fault, TimedFault},
    refusal::Refusal,
    run::Setup,
    service::Service,
    testing::{Shop, ShopWorld, plan},
    world::{Host, HostKind, Installed, REDIS_PORT, RunningWorld, SENTINEL_PORT},
};
use seams::Env;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::{sleep, timeout},
};

/// How often the client asks, milliseconds.
const EVERY_MS: u64 = 50;

async fn ask(env: &Env, (host, port, command): (&str, u16, &str)) -> std::io::Result<String> {
    let mut stream = env.network.connect(host, port).await?;
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    let mut reply = String::new();
    BufReader::new(&mut stream).read_line(&mut reply).await?;
    Ok(reply)
}

/// Notes what is told, unless that was told last.
fn note(notes: &Mutex<Vec<(u64, String)>>, word: String) {
    let mut notes = notes.lock().expect("unpoisoned");
    if notes.last().is_none_or(|(_, last)| *last != word) {
        notes.push((current_ms().expect("it is running"), word));
    }
}

/// The first words of the replies to a client that connects anew each time, from 2 s on, and when each was the first of its
/// kind; `down` for none.
fn told(asks: (&'static str, u16, &'static str), faults: &[(u64, Fault<Shop>)]) -> Vec<(u64, String)> {
    let told = Arc::<Mutex<Vec<(u64, String)>>>::default();
    let notes = told.clone();
    let client = Host::new("client", HostKind::Peer, move |_| {
        let notes = notes.clone();
        Installed::new(Box::new(move |env| {
            let notes = notes.clone();
            Box::pin(async move {
                sleep(Duration::from_secs(2)).await;
                loop {
                    let reply = timeout(Duration::from_millis(EVERY_MS), ask(&env, asks)).await;
                    let reply = reply.ok().and_then(Result::ok).unwrap_or_default();
                    let word = reply.split_whitespace().next().unwrap_or("down").to_owned();
                    note(&notes, word);
                    sleep(Duration::from_millis(EVERY_MS)).await;
                }
            })
        }))
    });
    let mut plan = plan(12_000);
    let timed = faults
        .iter()
        .map(|(at_ms, fault)| TimedFault::at(*at_ms, fault.clone()));
    plan.faults = timed.collect();
    let world = Shop::world(&ShopWorld::default()).host(client);
    let running = RunningWorld::build(&world, &plan, &Setup::default());
    running.engine().run(plan.lasts_ms).expect("the engine runs");
    told.lock().expect("unpoisoned").clone()
}

/// Each word must be told first within a quarter of a second after the time that is given.
#[track_caller]
fn check(
    asks: (&'static str, u16, &'static str),
    faults: impl IntoIterator<Item = (u64, Fault<Shop>)>,
    expected: &[(u64, &str)],
) {
    let faults: Vec<_> = faults.into_iter().collect();
    let told = told(asks, &faults);
    let near = |((at_ms, word), (wanted_ms, wanted)): (&(u64, String), &(u64, &str))| {
        word == wanted && (*wanted_ms..*wanted_ms + 250).contains(at_ms)
    };
    let agree = told.len() == expected.len() && told.iter().zip(expected).all(near);
    assert!(agree, "{faults:?}: {told:?} is not {expected:?}");
}

const SENTINEL: (&str, u16, &str) = ("sentinel-1", SENTINEL_PORT, "PING");
const REDIS: (&str, u16, &str) = ("redis-1", REDIS_PORT, "SET a 1");

fn asks(lasts_ms: u64) -> Fault<Shop> {
    let host = SENTINEL.0.to_owned();
    Fault::SentinelRefuses { host, lasts_ms }
}

fn refuses(why: Refusal, lasts_ms: u64) -> Fault<Shop> {
    let host = REDIS.0.to_owned();
    Fault::RedisRefuses { host, why, lasts_ms }
}

fn kill() -> Fault<Shop> {
    let host = SENTINEL.0.to_owned();
    Fault::Kill { host }
}

fn start() -> Fault<Shop> {
    let host = SENTINEL.0.to_owned();
    Fault::Start { host }
}

#[test]
fn the_end_of_a_refusal_does_not_end_a_later_one() {
    let told = [(2_000, "+PONG"), (3_000, "-NOAUTH"), (7_000, "+PONG")];
    check(SENTINEL, [(3_000, asks(2_000)), (4_000, asks(3_000))], &told);
    check(SENTINEL, [(3_000, asks(4_000)), (4_000, asks(1_000))], &told);
    for (why, word) in [
        (Refusal::OutOfMemory, "-OOM"),
        (Refusal::TooFewReplicas, "-NOREPLICAS"),
        (Refusal::Password, "-NOAUTH"),
        (Refusal::WritesPaused, "down"),
        (Refusal::Permission, "-NOPERM"),
    ] {
        let faults = [(3_000, refuses(why, 2_000)), (4_000, refuses(why, 3_000))];
        check(REDIS, faults, &[(2_000, "+OK"), (3_000, word), (7_000, "+OK")]);
    }
}

#[test]
fn another_refusal_ends_also_while_the_node_asks_for_a_password() {
    let password = || (3_000, refuses(Refusal::Password, 3_000));
    let told = [(2_000, "+OK"), (3_000, "-NOAUTH"), (6_000, "+OK")];
    check(
        REDIS,
        [password(), (4_000, refuses(Refusal::OutOfMemory, 1_000))],
        &told,
    );
    let until_it_heals = (4_000, refuses(Refusal::OutOfMemory, 90_000));
    let told = [(2_000, "+OK"), (3_000, "-NOAUTH"), (5_000, "+OK")];
    check(REDIS, [password(), until_it_heals, (5_000, Fault::Heal)], &told);
    let before = (2_500, refuses(Refusal::TooFewReplicas, 1_500));
    let told = [
        (2_000, "+OK"),
        (2_500, "-NOREPLICAS"),
        (3_000, "-NOAUTH"),
        (6_000, "+OK"),
    ];
    check(REDIS, [before, password()], &told);
}

#[test]
fn a_sentinel_asks_also_after_a_restart_until_the_fault_ends() {
    let told = [
        (2_000, "+PONG"),
        (3_000, "-NOAUTH"),
        (4_000, "down"),
        (5_000, "-NOAUTH"),
        (7_000, "+PONG"),
    ];
    check(
        SENTINEL,
        [(3_000, asks(4_000)), (4_000, kill()), (5_000, start())],
        &told,
    );
}

#[test]
fn an_end_while_the_sentinel_is_down_comes_when_it_starts() {
    let told = [(2_000, "+PONG"), (3_000, "-NOAUTH"), (4_000, "down"), (7_000, "+PONG")];
    check(
        SENTINEL,
        [(3_000, asks(2_000)), (4_000, kill()), (7_000, start())],
        &told,
    );
    check(
        SENTINEL,
        [(3_000, asks(90_000)), (4_000, kill()), (7_000, Fault::Heal)],
        &told,
    );
}
