//! Hosts: order, kills, pauses, clocks, entropy, ownership of streams.

use super::*;

#[test]
fn tasks_run_in_the_order_of_their_waking() {
    let notes = Notes::default();
    let mut engine = steady();
    let one = host(&mut engine, &notes, "one", |env, notes| async move {
        for i in 0..3 {
            let notes = notes.clone();
            env.spawn(async move {
                notes.stamp(format!("first {i}"));
                sleep(ms(10 - i)).await;
                notes.stamp(format!("then {i}"));
                tokio::task::yield_now().await;
                notes.stamp(format!("last {i}"));
            });
        }
    });
    engine.start(one);
    engine.run(8, || false).expect("runs");
    notes.note("between runs");
    engine.run(100, || false).expect("runs");
    assert_eq!(
        notes.all(),
        [
            "first 0 at 0",
            "first 1 at 0",
            "first 2 at 0",
            "then 2 at 8",
            "last 2 at 8",
            "between runs",
            "then 1 at 9",
            "last 1 at 9",
            "then 0 at 10",
            "last 0 at 10"
        ]
    );
}

#[test]
fn a_kill_drops_tasks_in_the_order_of_their_spawning_inside_their_host() {
    let notes = Notes::default();
    let mut engine = steady();
    let main = |env: Env, notes: Notes| async move {
        for name in ["one", "two"] {
            let witness = Witness {
                name,
                env: env.clone(),
                notes: notes.clone(),
            };
            env.spawn(async move {
                let witness = witness; // all of it
                sleep(ms(if witness.name == "one" { 900 } else { 30 })).await;
                std::future::pending::<()>().await;
            });
        }
        let _witness = Witness {
            name: "main",
            env: env.clone(),
            notes,
        };
        std::future::pending::<()>().await;
    };
    let victim = host(&mut engine, &notes, "victim", main);
    let other = host(&mut engine, &notes, "other", main);
    engine.start(victim);
    engine.start(other);
    engine.at(50, move |engine| {
        engine.kill(victim);
        assert!(!engine.is_up(victim));
        engine.kill(victim);
    });
    engine.run(100, || false).expect("runs");
    let expected = [
        "main dropped on victim",
        "one dropped on victim",
        "two dropped on victim",
    ];
    assert_eq!(notes.all(), expected);
    drop(engine);
    assert_eq!(notes.all()[3..], expected.map(|line| line.replace("victim", "other")));
}

#[test]
fn a_paused_host_stands_still_and_catches_up() {
    let notes = Notes::default();
    let mut engine = steady();
    let ticker = host(&mut engine, &notes, "ticker", |_, notes| async move {
        loop {
            sleep(ms(100)).await;
            notes.stamp("tick");
        }
    });
    engine.start(ticker);
    engine.at(250, move |engine| {
        engine.pause(ticker);
        assert!(engine.is_paused(ticker) && engine.is_up(ticker));
    });
    engine.at(600, move |engine| engine.resume(ticker));
    engine.at(700, move |engine| {
        engine.pause(ticker);
        engine.kill(ticker);
        assert!(!engine.is_paused(ticker));
        engine.resume(ticker);
    });
    engine.run(1_000, || false).expect("runs");
    assert_eq!(
        notes.all(),
        ["tick at 100", "tick at 200", "tick at 600", "tick at 700"][..3]
    );
}

#[test]
fn clocks_are_per_host_and_survive_reboots() {
    let notes = Notes::default();
    let mut engine = steady();
    let main = |env: Env, notes: Notes| async move {
        loop {
            sleep(ms(1_000)).await;
            let wall_ms = i64::try_from(env.now().0).expect("fits") - 1_790_000_000_000;
            notes.note(format!("{} {wall_ms} {}", env.host, env.clock.monotonic().as_millis()));
        }
    };
    let (a, b) = (
        host(&mut engine, &notes, "a", main),
        host(&mut engine, &notes, "b", main),
    );
    engine.start(a);
    engine.start(b);
    engine.clock_drift_ppm(b, -2_000);
    engine.at(500, move |engine| engine.clock_offset_ms(a, -10_000));
    engine.at(1_500, move |engine| engine.clock_jump_ms(a, 70_000));
    engine.at(1_600, move |engine| {
        engine.kill(a);
        engine.start(a);
    });
    engine.run(2_700, || false).expect("runs");
    assert_eq!(
        notes.all(),
        ["a -9000 1000", "b 998 1000", "b 1996 2000", "a 62600 2600"]
    );
}

#[test]
fn entropy_is_seeded_per_host_and_continues_across_boots() {
    let draw = |seed: u64| {
        let notes = Notes::default();
        let mut engine = Engine::new(EngineConfig {
            seed,
            ..EngineConfig::default()
        });
        let main = |env: Env, notes: Notes| async move {
            notes.note(seams::random_token(&*env.entropy));
        };
        let (a, b) = (
            host(&mut engine, &notes, "a", main),
            host(&mut engine, &notes, "b", main),
        );
        engine.start(a);
        engine.start(b);
        engine.run(1, || false).expect("runs");
        engine.kill(a);
        engine.start(a);
        engine.run(2, || false).expect("runs");
        notes.all()
    };
    let tokens = draw(1);
    assert_eq!(tokens, draw(1));
    let all: std::collections::BTreeSet<String> = tokens.iter().cloned().chain(draw(2)).collect();
    assert_eq!(all.len(), 6);
}

#[test]
fn actions_happen_in_order_and_may_add_others() {
    let notes = Notes::default();
    let engine = steady();
    for (at_ms, name) in [(20, "c"), (10, "a"), (10, "b")] {
        let notes = notes.clone();
        engine.at(at_ms, move |engine| {
            notes.note(format!("{name} at {}", engine.now_ms()));
            if name == "a" {
                let late = notes.clone();
                engine.at(3, move |engine| late.note(format!("past due at {}", engine.now_ms())));
            }
        });
    }
    let read = engine.clock_reader();
    let stats = engine.run(1_000, || read() >= 20).expect("runs");
    assert_eq!(notes.all(), ["a at 10", "past due at 10", "b at 10", "c at 20"]);
    assert_eq!((stats.now_ms, engine.now_ms()), (20, 20));
}

#[test]
fn a_reader_of_another_hosts_stream_sees_that_hosts_end() {
    type Ends = fn(&Engine, HostId);
    let killed: Ends = |engine, host| {
        engine.kill(host);
        engine.start(host);
    };
    let unpowered: Ends = |engine, host| {
        engine.power_loss(host);
        engine.start(host);
    };
    let ends = [(killed, "a kill"), (unpowered, "a power loss")];
    for (end, what) in ends {
        let left_behind: Arc<Mutex<Option<Stream>>> = Arc::default();
        let notes = Notes::default();
        let mut engine = steady();
        let server = host(&mut engine, &notes, "server", |env, _| async move {
            let listener = env.network.listen(9).await.expect("port 9 is free");
            let mut streams = vec![];
            while let Ok(stream) = listener.accept().await {
                streams.push(stream);
            }
        });
        let slot = left_behind.clone();
        let giver = host(&mut engine, &notes, "giver", move |env, _| {
            let slot = slot.clone();
            async move {
                let stream = connect(&env).await.expect("connects");
                slot.lock().expect("unpoisoned").get_or_insert(stream);
                std::future::pending::<()>().await;
            }
        });
        let slot = left_behind.clone();
        let taker = host(&mut engine, &notes, "taker", move |_, notes| {
            let slot = slot.clone();
            async move {
                sleep(ms(90)).await;
                let mut stream = slot.lock().expect("unpoisoned").take().expect("was left here");
                notes.stamp(read_once(&mut stream, 10_000).await);
            }
        });
        for host in [server, giver, taker] {
            engine.start(host);
        }
        engine.at(200, move |engine| end(engine, giver));
        engine.run(1_000, || false).expect("runs");
        assert_eq!(notes.all(), ["ConnectionReset at 200"], "{what}");
        assert_eq!(engine.panics(), []);
    }
}

#[test]
fn a_stream_belongs_to_its_host_wherever_it_is_dropped() {
    let left_behind: Arc<Mutex<Vec<Stream>>> = Arc::default();
    let notes = Notes::default();
    let mut engine = steady();
    let server = host(&mut engine, &notes, "server", |env, notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        while let Ok(mut stream) = listener.accept().await {
            let notes = notes.clone();
            env.spawn(async move { notes.stamp(read_once(&mut stream, 10_000).await) });
        }
    });
    let slot = left_behind.clone();
    let giver = host(&mut engine, &notes, "giver", move |env, _| {
        let slot = slot.clone();
        async move {
            for _ in 0..2 {
                let stream = connect(&env).await.expect("connects");
                slot.lock().expect("unpoisoned").push(stream);
            }
        }
    });
    let slot = left_behind.clone();
    let taker = host(&mut engine, &notes, "taker", move |env, notes| {
        let slot = slot.clone();
        async move {
            let mut own = connect(&env).await.expect("connects");
            sleep(ms(90)).await;
            drop(slot.lock().expect("unpoisoned").remove(0));
            sleep(ms(100)).await;
            own.write_all(b"taker's own")
                .await
                .expect("not the one that was closed");
            notes.note(format!("{:?}", current_host()));
            std::future::pending::<()>().await;
        }
    });
    for host in [server, giver, taker] {
        engine.start(host);
    }
    engine.run(1_000, || false).expect("runs");
    assert_eq!(notes.all(), ["end at 105", "Some(\"taker\")", "taker's own at 205"]);
    assert_eq!(engine.panics(), []);
    drop(engine);
    assert_eq!((current_host(), current_ms()), (None, None));
    left_behind.lock().expect("unpoisoned").clear(); // there is no kernel to close it, and dropping it must not panic
}

#[test]
fn traffic_within_a_host_works() {
    let notes = Notes::default();
    let mut engine = steady();
    let alone = host(&mut engine, &notes, "alone", |env, notes| async move {
        env.spawn(echo(env.clone(), notes.clone()));
        for peer in ["127.0.0.1", "alone"] {
            sleep(ms(10)).await;
            let mut stream = env.network.connect(peer, 9).await.expect("connects");
            notes.note(round_trip(&mut stream, peer, 1_000).await);
        }
    });
    engine.start(alone);
    engine.run(1_000, || false).expect("runs");
    assert_eq!(notes.all(), ["127.0.0.1 in 0", "alone in 0"]);
}
