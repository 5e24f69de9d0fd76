//! Packets that arrive in the same millisecond.

use super::*;
use std::collections::BTreeSet;

const SEEDS: u64 = 40;

/// An engine whose links take 5 ms, with tasks in the order of waking.
fn engine(arrival_order: ArrivalOrder, seed: u64) -> Engine {
    Engine::new(EngineConfig {
        seed,
        latency_ms: (5, 5),
        arrival_order,
        ..EngineConfig::default()
    })
}

/// What the notes of a run say over all seeds.
fn seen(arrival_order: ArrivalOrder, run: impl Fn(Engine) -> Vec<String>) -> BTreeSet<String> {
    (0..SEEDS)
        .map(|seed| run(engine(arrival_order, seed)).join(", "))
        .collect()
}

fn set(expected: &[&str]) -> BTreeSet<String> {
    expected.iter().map(|&text| text.to_owned()).collect()
}

/// Two connections, opened one after the other, over which one byte each is sent at the same time: `a` over the older,
/// `b` over the newer.
async fn two_at_once(env: Env, to: [&'static str; 2]) -> [Stream; 2] {
    let mut older = env.network.connect(to[0], 9).await.expect("connects");
    let mut newer = env.network.connect(to[1], 9).await.expect("connects");
    sleep(ms(100)).await;
    older.write_all(b"a").await.expect("open");
    newer.write_all(b"b").await.expect("open");
    [older, newer]
}

/// Notes every byte that it gets, over any connection.
async fn note_bytes(env: Env, notes: Notes) {
    let listener = env.network.listen(9).await.expect("port 9 is free");
    while let Ok(mut stream) = listener.accept().await {
        let notes = notes.clone();
        env.spawn(async move {
            while let Ok(byte) = stream.read_u8().await {
                notes.note(char::from(byte));
            }
        });
    }
}

#[test]
fn what_comes_over_two_connections_comes_in_either_order() {
    let one_host = |engine| {
        play(engine, note_bytes, vec![], |env, _| async move {
            let _streams = two_at_once(env, ["server"; 2]).await;
            sleep(ms(100)).await;
        })
    };
    assert_eq!(seen(ArrivalOrder::AsSent, one_host), set(&["a, b"]));
    assert_eq!(seen(ArrivalOrder::Shuffled, one_host), set(&["a, b", "b, a"]));
    let two_hosts = |mut engine: Engine| {
        let notes = Notes::default();
        let servers = ["one", "other"].map(|name| host(&mut engine, &notes, name, note_bytes));
        let client = host(&mut engine, &notes, "client", |env, _| async move {
            sleep(ms(50)).await;
            let _streams = two_at_once(env, ["one", "other"]).await;
            sleep(ms(100)).await;
        });
        for host in [servers[0], servers[1], client] {
            engine.start(host);
        }
        engine.run(1_000, || false).expect("the engine runs");
        notes.all()
    };
    assert_eq!(seen(ArrivalOrder::AsSent, two_hosts), set(&["a, b"]));
    assert_eq!(seen(ArrivalOrder::Shuffled, two_hosts), set(&["a, b", "b, a"]));
}

#[test]
fn a_task_may_run_between_two_arrivals() {
    // This server always prefers the older connection, so it notes `b` first only if it runs while `a` has not arrived.
    let prefers_older = |env: Env, notes: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let (mut older, mut newer) = (
            listener.accept().await.expect("listens"),
            listener.accept().await.expect("listens"),
        );
        for _ in 0..2 {
            let byte = seams::select! {
                byte = older.read_u8() => byte,
                byte = newer.read_u8() => byte,
            };
            notes.note(char::from(byte.expect("open")));
        }
    };
    let run = |engine| {
        play(engine, prefers_older, vec![], |env, _| async move {
            let _streams = two_at_once(env, ["server"; 2]).await;
            sleep(ms(100)).await;
        })
    };
    assert_eq!(seen(ArrivalOrder::AsSent, run), set(&["a, b"]));
    assert_eq!(seen(ArrivalOrder::Shuffled, run), set(&["a, b", "b, a"]));
}

#[test]
fn a_deadline_may_end_before_an_answer_of_the_same_millisecond() {
    let run = |engine| {
        play(engine, echo, vec![], |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            notes.note(round_trip(&mut stream, "a", 10).await);
        })
    };
    assert_eq!(seen(ArrivalOrder::AsSent, run), set(&["a in 10"]));
    assert_eq!(seen(ArrivalOrder::Shuffled, run), set(&["a in 10", "nothing in 10"]));
}

/// Sends these bytes in pieces of different sizes, some of them in the same millisecond, and then the end.
async fn send_in_pieces(stream: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8], salt: usize) {
    let mut rest = bytes;
    let mut number = salt;
    while !rest.is_empty() {
        number += 1;
        let (piece, later) = rest.split_at((1 + number * 7 % 300).min(rest.len()));
        stream.write_all(piece).await.expect("open");
        rest = later;
        if number.is_multiple_of(3) {
            sleep(ms(1)).await;
        }
    }
    stream.shutdown().await.expect("open");
}

/// The bytes that go over the connection of this number, in one of its directions.
fn bytes_of(number: usize, back: bool) -> Vec<u8> {
    (0..12_000usize)
        .map(|n| (n * 31 + number * 7 + usize::from(back)) as u8)
        .collect()
}

/// Six connections carry bytes both ways at once, over links that lose packets and are cut for a while.
#[test]
fn the_bytes_of_one_connection_never_reorder_even_under_loss_and_a_cut() {
    const CONNECTIONS: usize = 6;
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        while let Ok(mut stream) = listener.accept().await {
            env.spawn(async move {
                let number = usize::from(stream.read_u8().await.expect("open"));
                let (mut reader, mut writer) = tokio::io::split(&mut stream);
                let mut received = vec![];
                let sent = bytes_of(number, true);
                let (_, read) =
                    tokio::join!(biased; send_in_pieces(&mut writer, &sent, number), reader.read_to_end(&mut received));
                read.expect("open");
                assert!(
                    received == bytes_of(number, false),
                    "connection {number}, to the server"
                );
            });
        }
    };
    let client = |env: Env, notes: Notes| async move {
        let done = Notes::default();
        for number in 0..CONNECTIONS {
            let (env, done) = (env.clone(), done.clone());
            env.clone().spawn(async move {
                let mut stream = connect(&env).await.expect("connects");
                stream.write_u8(number as u8).await.expect("open");
                let (mut reader, mut writer) = tokio::io::split(&mut stream);
                let mut received = vec![];
                let sent = bytes_of(number, false);
                let (_, read) =
                    tokio::join!(biased; send_in_pieces(&mut writer, &sent, number), reader.read_to_end(&mut received));
                read.expect("open");
                assert!(received == bytes_of(number, true), "connection {number}, to the client");
                done.note("one");
            });
        }
        while done.all().len() < CONNECTIONS {
            sleep(ms(10)).await;
        }
        notes.note("all");
    };
    let lossy: fn(&Engine) = |engine| {
        for (from, to) in [(SERVER, CLIENT), (CLIENT, SERVER)] {
            let config = LinkConfig {
                latency_ms: (1, 4),
                loss: 0.1,
                ..engine.link(from, to)
            };
            engine.set_link(from, to, config);
        }
    };
    for seed in 0..SEEDS {
        let faults: Faults = vec![(0, lossy), (70, cut), (90, mend)];
        let notes = play(engine(ArrivalOrder::Shuffled, seed), server, faults, client);
        assert_eq!(notes, ["all"], "seed {seed}");
    }
}
