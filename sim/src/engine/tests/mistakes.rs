//! Mistakes of simulated code and of the harness: panics, livelocks, escapes.

use super::*;

#[test]
fn a_panic_is_noted_and_kills_its_host_only() {
    let notes = Notes::default();
    let mut engine = steady();
    let fragile = host(&mut engine, &notes, "fragile", |env, notes| async move {
        notes.stamp("boot");
        env.spawn(async {
            sleep(ms(30)).await;
            panic!("out of {}", "luck");
        });
        let _witness = Witness {
            name: "main",
            env: env.clone(),
            notes,
        };
        std::future::pending::<()>().await;
    });
    let bystander = host(&mut engine, &notes, "bystander", |_, notes| async move {
        sleep(ms(80)).await;
        notes.stamp("still here");
    });
    engine.start(fragile);
    engine.start(bystander);
    engine.at(40, move |engine| {
        assert!(!engine.is_up(fragile));
        engine.start(fragile);
    });
    engine
        .run(60, || false)
        .expect("a panic of a host is no error of the engine");
    engine.run(100, || false).expect("runs");
    assert_eq!(
        notes.all(),
        [
            "boot at 0",
            "main dropped on fragile",
            "boot at 40",
            "main dropped on fragile",
            "still here at 80"
        ]
    );
    let panics = engine.panics();
    assert_eq!(panics.iter().map(|panic| panic.at_ms).collect::<Vec<_>>(), [30, 70]);
    let text = panics[0].to_string();
    assert!(
        text.starts_with("fragile panicked at 30 ms: out of luck (") && text.contains("mistakes.rs:"),
        "{text}"
    );
}

#[test]
fn a_panic_at_boot_and_one_in_a_destructor_are_noted_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let mut engine = steady();
    let boot = engine.add_host("boot", Arc::new(Inert), Arc::new(Inert), |_| panic!("at boot"));
    let end = host(&mut engine, &Notes::default(), "end", |_, _| async {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
    });
    engine.start(boot);
    engine.start(end);
    engine.at(10, move |engine| engine.kill(end));
    engine.run(20, || false).expect("runs");
    let said: Vec<String> = engine.panics().iter().map(ToString::to_string).collect();
    assert!(said[0].starts_with("boot panicked at 0 ms: at boot"), "{said:?}");
    assert!(
        said[1].starts_with("end panicked at 10 ms: in a destructor"),
        "{said:?}"
    );
    assert!(!engine.is_up(boot));
}

#[test]
fn a_livelock_is_an_error_and_not_a_hang() {
    let mut engine = Engine::new(EngineConfig {
        polls_per_instant_max: 10_000,
        ..EngineConfig::default()
    });
    let idle = host(&mut engine, &Notes::default(), "idle", |_, _| async {
        sleep(ms(1_000_000)).await
    });
    let busy = host(&mut engine, &Notes::default(), "busy", |_, _| async {
        sleep(ms(70)).await;
        loop {
            tokio::task::yield_now().await;
        }
    });
    engine.start(idle);
    engine.start(busy);
    let error = engine.run(1_000, || false).expect_err("time stands still");
    assert_eq!(
        error,
        EngineError::Livelock {
            at_ms: 70,
            host: "busy".into(),
            polls: 10_000
        }
    );
    assert_eq!(engine.run(1_000, || false), Err(error), "and it stays one");
}

#[test]
fn a_task_behind_the_engines_back_is_an_error() {
    let run = |main: fn()| {
        let mut engine = steady();
        let host = host(&mut engine, &Notes::default(), "sly", move |_, _| async move {
            sleep(ms(5)).await;
            main();
            sleep(ms(5)).await;
        });
        engine.start(host);
        engine.run(100, || false).expect_err("a task escaped")
    };
    #[expect(clippy::disallowed_methods, reason = "what must not be done")]
    let spawn = || drop(tokio::spawn(async {}));
    assert_eq!(
        run(spawn),
        EngineError::EscapedTask {
            at_ms: 5,
            host: "sly".into()
        }
    );
    #[expect(clippy::disallowed_methods, reason = "what must not be done")]
    let spawn_blocking = || drop(tokio::task::spawn_blocking(|| ()));
    assert_eq!(
        run(spawn_blocking),
        EngineError::EscapedThread {
            at_ms: 5,
            host: "sly".into()
        }
    );
}

#[test]
#[should_panic(expected = "declare all hosts before the first start or run")]
fn hosts_are_declared_before_the_start() {
    let mut engine = steady();
    engine.run(1, || false).expect("runs");
    host(&mut engine, &Notes::default(), "late", |_, _| async {});
}
