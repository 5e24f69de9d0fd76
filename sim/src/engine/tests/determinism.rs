//! Equal seeds give equal runs: twice in one process, in one call or in several, with idle time skipped or not.

use super::*;
use rand::Rng;

/// A run as observed from outside.
#[derive(Debug, PartialEq)]
struct Record {
    wire_hash: u64,
    notes: Vec<String>,
    polls: u64,
}

const NAMES: [&str; 5] = ["front", "a", "b", "store", "people"];
const LASTS_MS: u64 = 6_000;

/// A host that does some of everything: keep-alive connections, short ones, deadlines, bulk data, entropy, panics.
async fn node(env: Env, notes: Notes) {
    let serving = env.clone();
    let served = notes.clone();
    env.spawn(async move {
        let Ok(listener) = serving.network.listen(80).await else {
            return served.stamp("port taken");
        };
        while let Ok(stream) = listener.accept().await {
            serving.spawn(echo_one(stream));
        }
    });
    let mut kept: BTreeMap<usize, Stream> = BTreeMap::new();
    loop {
        let mut dice = [0; 4];
        env.entropy.fill(&mut dice);
        sleep(ms(20 + u64::from(dice[0]))).await;
        assert!(dice[1] > 0, "one time in 256 this host is out of luck");
        let peer = usize::from(dice[2]) % NAMES.len();
        let mut stream = match kept.remove(&peer) {
            Some(stream) => stream,
            None => match timeout(ms(1_500), env.network.connect(NAMES[peer], 80)).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    notes.stamp(format!("{} {peer} {:?}", env.host, error.kind()));
                    continue;
                }
                Err(_) => {
                    notes.stamp(format!("{} {peer} no connection", env.host));
                    continue;
                }
            },
        };
        let message = "x".repeat(if dice[3] < 8 { 20_000 } else { 40 });
        let exchanged = timeout(ms(800), async {
            let (mut reader, mut writer) = tokio::io::split(&mut stream);
            let mut answer = vec![0; message.len()];
            let (sent, received) =
                tokio::join!(biased; writer.write_all(message.as_bytes()), reader.read_exact(&mut answer));
            sent.and(received.map(|_| ()))
        });
        match exchanged.await {
            Ok(Ok(())) => {
                notes.stamp(format!("{} {peer} {} {}", env.host, message.len(), env.now()));
                kept.insert(peer, stream);
            }
            Ok(Err(error)) => notes.stamp(format!("{} {peer} {:?}", env.host, error.kind())),
            Err(_) => notes.stamp(format!("{} {peer} no answer", env.host)),
        }
    }
}

/// Eight faults of nine kinds, each undone after a while.
fn plan_faults(engine: &Engine, seed: u64) {
    let mut dice = seed::stream(seed, &["faults of the test"]);
    for _ in 0..8 {
        let from_ms = dice.random_range(200..LASTS_MS - 3_000);
        let to_ms = from_ms + dice.random_range(1..3_000);
        let (a, b) = (
            HostId(dice.random_range(0..NAMES.len())),
            HostId(dice.random_range(0..NAMES.len())),
        );
        let kind = dice.random_range(0..9);
        engine.at(from_ms, move |engine| match kind {
            0 => engine.kill(a),
            1 => engine.power_loss(a),
            2 => engine.pause(a),
            3 => engine.cut_one_way(a, b),
            4 => {
                engine.cut_one_way(a, b);
                engine.cut_one_way(b, a);
            }
            5 => engine.set_link(
                a,
                b,
                LinkConfig {
                    added_ms: 300,
                    ..engine.link(a, b)
                },
            ),
            6 => engine.set_link(
                a,
                b,
                LinkConfig {
                    loss: 0.3,
                    ..engine.link(a, b)
                },
            ),
            7 => engine.clock_jump_ms(a, -4_000),
            _ => engine.clock_drift_ppm(a, 300),
        });
        engine.at(to_ms, move |engine| match kind {
            0 | 1 => engine.start(a),
            2 => engine.resume(a),
            3 => engine.mend_one_way(a, b),
            4 => {
                engine.mend_one_way(a, b);
                engine.mend_one_way(b, a);
            }
            5 => engine.set_link(
                a,
                b,
                LinkConfig {
                    added_ms: 0,
                    ..engine.link(a, b)
                },
            ),
            6 => engine.set_link(
                a,
                b,
                LinkConfig {
                    loss: 0.0,
                    ..engine.link(a, b)
                },
            ),
            7 => engine.clock_offset_ms(a, 0),
            _ => engine.clock_drift_ppm(a, 0),
        });
    }
}

/// Records a run with the default orders that is performed in this number of pieces.
fn record(seed: u64, skip_idle: bool, pieces: u64) -> Record {
    let default = EngineConfig::default();
    record_in((default.order, default.arrival_order), seed, skip_idle, pieces)
}

/// Records a run with these orders of tasks and of arrivals.
fn record_in(orders: (Order, ArrivalOrder), seed: u64, skip_idle: bool, pieces: u64) -> Record {
    let notes = Notes::default();
    let mut engine = Engine::new(EngineConfig {
        seed,
        skip_idle,
        latency_ms: (1, 20),
        order: orders.0,
        arrival_order: orders.1,
        ..EngineConfig::default()
    });
    let hosts = NAMES.map(|name| host(&mut engine, &notes, name, node));
    plan_faults(&engine, seed);
    for host in hosts {
        engine.start(host);
    }
    let mut polls = 0;
    for piece in 1..=pieces {
        polls = engine.run(LASTS_MS * piece / pieces, || false).expect("runs").polls;
    }
    for panic in engine.panics() {
        notes.note(panic.to_string());
    }
    Record {
        wire_hash: engine.wire_hash(),
        notes: notes.all(),
        polls,
    }
}

#[test]
fn equal_seeds_give_equal_runs_with_faults() {
    let mut hashes = std::collections::BTreeSet::new();
    let (mut exchanges, mut troubles) = (0, 0);
    for seed in 0..200 {
        let first = record(seed, true, 1);
        assert_eq!(first, record(seed, true, 1), "seed {seed}, a second time");
        if seed % 5 == 0 {
            assert_eq!(first, record(seed, true, 7), "seed {seed}, in pieces");
        }
        exchanges += first.notes.iter().filter(|note| note.contains("1790")).count();
        troubles += first.notes.iter().filter(|note| !note.contains("1790")).count();
        hashes.insert(first.wire_hash);
    }
    assert_eq!(hashes.len(), 200, "different seeds, different runs");
    // A run without events or without faults would test nothing.
    assert!(
        exchanges > 10_000 && troubles > 1_000,
        "{exchanges} exchanges, {troubles} troubles"
    );
}

#[test]
fn skipping_idle_time_changes_nothing() {
    for seed in 0..200 {
        assert_eq!(record(seed, true, 1), record(seed, false, 1), "seed {seed}");
    }
}

#[test]
fn equal_seeds_give_equal_runs_in_any_order_of_tasks_and_arrivals() {
    const SEEDS: u64 = 20;
    let default: Vec<Record> = (0..SEEDS).map(|seed| record(seed, true, 1)).collect();
    for order in [Order::FirstCome, Order::Shuffled, Order::Priorities] {
        for arrival_order in [ArrivalOrder::AsSent, ArrivalOrder::Shuffled] {
            let orders = (order, arrival_order);
            let mut hashes = std::collections::BTreeSet::new();
            let mut unlike_default = 0;
            for (seed, default) in (0..).zip(&default) {
                let first = record_in(orders, seed, true, 1);
                for (skip_idle, pieces) in [(true, 1), (true, 7), (false, 1)] {
                    let again = record_in(orders, seed, skip_idle, pieces);
                    assert_eq!(first, again, "{orders:?}, seed {seed}, {skip_idle}, {pieces}");
                }
                unlike_default += u64::from(first != *default);
                hashes.insert(first.wire_hash);
            }
            assert_eq!(hashes.len() as u64, SEEDS, "different seeds, different runs");
            match orders {
                (Order::FirstCome, ArrivalOrder::AsSent) => assert_eq!(unlike_default, 0),
                // Some runs have nothing to reorder that matters.
                _ => assert!(unlike_default > SEEDS / 4, "{orders:?}: {unlike_default} of {SEEDS}"),
            }
        }
    }
}

/// Plans that name no order mean the default orders, so runs with these must not change when an order is added. A change
/// of what the engine does otherwise (its times, its packets) may change the hashes.
#[test]
fn runs_in_the_default_orders_stay_the_same() {
    let hashes = [0, 1, 2, 3].map(|seed| record(seed, true, 1).wire_hash);
    let expected = [
        0xa93b_a475_a8e7_5f17,
        0x107b_7740_adb6_95bc,
        0x0caa_6af8_3f76_c207,
        0xc394_7b56_a58c_3744,
    ];
    assert_eq!(hashes, expected, "{hashes:#x?}");
}

#[test]
fn a_host_more_or_a_fault_elsewhere_leaves_other_links_alone() {
    let run = |extra: bool| {
        let notes = Notes::default();
        let mut engine = Engine::new(EngineConfig {
            latency_ms: (1, 50),
            ..EngineConfig::default()
        });
        let server = host(&mut engine, &notes, "server", echo);
        let client = host(&mut engine, &notes, "client", |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            for _ in 0..50 {
                notes.note(round_trip(&mut stream, "a", 1_000).await);
            }
        });
        if extra {
            let third = host(&mut engine, &Notes::default(), "third", |env, notes| async move {
                let mut stream = connect(&env).await.expect("connects");
                for _ in 0..50 {
                    notes.note(round_trip(&mut stream, "b", 10_000).await);
                }
            });
            engine.set_link(
                third,
                server,
                LinkConfig {
                    loss: 0.2,
                    ..engine.link(third, server)
                },
            );
            engine.start(third);
        }
        engine.start(server);
        engine.start(client);
        engine.run(20_000, || false).expect("runs");
        notes.all()
    };
    let alone = run(false);
    assert_eq!(alone.len(), 50);
    assert_eq!(alone, run(true));
}
