//! Behaviour that both engines must have: each test performs one scene on both, and expects one result. Times are
//! compared only if a tick makes no difference.

use super::*;
use crate::{
    driver::Main,
    engine::{EngineError, HostPanic, Inert, LinkConfig},
};
use seams::{BoxFuture, Env, Stream, Timestamp};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

/// The notes of all hosts, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

type Software = fn(Env, Notes) -> BoxFuture<'static, ()>;

/// A host `server`, a host `client` that boots after 100 ms, and the faults that happen to them.
struct Scene {
    server: Software,
    client: Software,
    faults: fn(&dyn Simulator, HostId, HostId),
    lasts_ms: u64,
}

struct Seen {
    notes: Vec<String>,
    panics: Vec<HostPanic>,
    wire_hash: u64,
}

impl Scene {
    fn perform(&self, kind: EngineKind, seed: u64) -> Result<Seen, EngineError> {
        let mut engine = kind.build(EngineConfig {
            seed,
            latency_ms: (1, 40), // more than a tick; otherwise only ticks would matter
            polls_per_instant_max: 10_000,
            ..EngineConfig::default()
        });
        let notes = Notes::default();
        let mut host = |name: &str, software: Software| {
            let notes = notes.clone();
            let main: Main = Box::new(move |env| software(env, notes.clone()));
            engine.add_host(name, Arc::new(Inert), Arc::new(Inert), main)
        };
        let (server, client) = (host("server", self.server), host("client", self.client));
        engine.at(0, move |engine| engine.start(server));
        engine.at(100, move |engine| engine.start(client));
        (self.faults)(&*engine, server, client);
        engine.run(self.lasts_ms)?;
        let seen = Seen {
            notes: notes.0.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            panics: engine.panics(),
            wire_hash: engine.wire_hash(),
        };
        Ok(seen)
    }

    /// Checks that both engines give these notes.
    fn shows(&self, expected: &[&str]) {
        for kind in [EngineKind::EventLoop, EngineKind::Turmoil] {
            let seen = self.perform(kind, 1).expect("nothing is wrong with this scene");
            assert_eq!(seen.notes, expected, "on {kind:?}");
            assert_eq!(seen.panics, [], "on {kind:?}");
        }
    }
}

fn nothing(_: &dyn Simulator, _: HostId, _: HostId) {}

fn echo(env: Env, _: Notes) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        while let Ok(stream) = listener.accept().await {
            env.spawn(echo_one(stream));
        }
    })
}

async fn echo_one(mut stream: Stream) {
    let mut buffer = [0; 64];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
}

async fn ask(stream: &mut Stream, what: &[u8; 4]) -> String {
    let answer = async {
        stream.write_all(what).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    match timeout(ms(2000), answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => error.kind().to_string(),
        Err(_) => "no answer".to_owned(),
    }
}

/// Connects and sends a request, once a second.
fn ask_each_second(env: Env, notes: Notes) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            let connect = timeout(ms(800), env.network.connect("server", 9)).await;
            match connect {
                Ok(Ok(mut stream)) => notes.note(ask(&mut stream, b"ping").await),
                Ok(Err(error)) => notes.note(error.kind().to_string()),
                Err(_) => notes.note("no connection"),
            }
            let into_second_ms = env.clock.monotonic().as_millis() as u64 % 1000;
            sleep(ms(1000 - into_second_ms)).await;
        }
    })
}

#[test]
fn a_killed_host_refuses_until_it_starts() {
    let scene = Scene {
        server: echo,
        client: ask_each_second,
        faults: |engine, server, _| {
            engine.at(1500, move |engine| engine.kill(server));
            engine.at(3500, move |engine| engine.start(server));
        },
        lasts_ms: 4900,
    };
    scene.shows(&["ping", "ping", "connection refused", "connection refused", "ping"]);
}

#[test]
fn a_cut_link_is_silent_until_it_is_mended() {
    let scene = Scene {
        server: echo,
        client: ask_each_second,
        faults: |engine, server, client| {
            engine.at(1500, move |engine| {
                engine.cut_one_way(server, client);
                engine.cut_one_way(client, server);
            });
            // There is no pending SYN at this time. The first engine would retransmit it later, and turmoil would
            // deliver it at once.
            engine.at(3900, move |engine| {
                engine.mend_one_way(server, client);
                engine.mend_one_way(client, server);
            });
        },
        lasts_ms: 4900,
    };
    scene.shows(&["ping", "ping", "no connection", "no connection", "ping"]);
}

/// Keeps one connection, and sends a request on it once a second.
fn ask_on_one_connection(env: Env, notes: Notes) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut stream = env.network.connect("server", 9).await.expect("the server is up");
        for what in [b"one.", b"two.", b"tri."] {
            notes.note(ask(&mut stream, what).await);
            sleep(ms(1000)).await;
        }
    })
}

#[test]
fn what_was_sent_on_a_cut_link_arrives_once_it_is_mended() {
    let scene = Scene {
        server: echo,
        client: ask_on_one_connection,
        faults: |engine, server, client| {
            engine.at(900, move |engine| {
                engine.cut_one_way(server, client);
                engine.cut_one_way(client, server);
            });
            engine.at(1500, move |engine| {
                engine.mend_one_way(server, client);
                engine.mend_one_way(client, server);
            });
        },
        lasts_ms: 8000,
    };
    scene.shows(&["one.", "two.", "tri."]);
}

#[test]
fn a_killed_host_closes_its_connections() {
    let scene = Scene {
        server: echo,
        client: |env, notes| {
            Box::pin(async move {
                let mut stream = env.network.connect("server", 9).await.expect("the server is up");
                notes.note(ask(&mut stream, b"ping").await);
                let read = timeout(ms(5000), stream.read(&mut [0; 8])).await;
                notes.note(format!("{:?}", read.map_err(|_| "nothing").map(Result::ok)));
            })
        },
        faults: |engine, server, _| engine.at(900, move |engine| engine.kill(server)),
        lasts_ms: 8000,
    };
    scene.shows(&["ping", "Ok(Some(0))"]); // end of stream, not a reset, because all data had been read
}

#[test]
fn a_slow_link_is_slower_both_ways() {
    let scene = Scene {
        server: echo,
        client: |env, notes| {
            Box::pin(async move {
                let mut stream = env.network.connect("server", 9).await.expect("the server is up");
                for _ in 0..2 {
                    let before = env.clock.monotonic();
                    notes.note(ask(&mut stream, b"ping").await);
                    let took_ms = (env.clock.monotonic() - before).as_millis();
                    notes.note(if took_ms >= 600 { "slow" } else { "fast" });
                    sleep(ms(1000)).await;
                }
            })
        },
        faults: |engine, server, client| {
            engine.at(900, move |engine| {
                for (from, to) in [(server, client), (client, server)] {
                    let link = engine.link(from, to);
                    engine.set_link(from, to, LinkConfig { added_ms: 300, ..link });
                }
            });
        },
        lasts_ms: 5000,
    };
    scene.shows(&["ping", "fast", "ping", "slow"]);
}

#[test]
fn clocks_are_wrong_as_configured_and_timers_are_correct() {
    let scene = Scene {
        server: echo,
        client: |env, notes| {
            Box::pin(async move {
                let (epoch, before) = (Timestamp(1_790_000_000_000), env.clock.monotonic());
                notes.note(format!("{} s", env.now().since(epoch).as_secs()));
                sleep(ms(2000)).await;
                notes.note(format!("{} s", env.now().since(epoch).as_secs()));
                notes.note(format!("{} s true", (env.clock.monotonic() - before).as_secs()));
            })
        },
        faults: |engine, _, client| engine.at(1000, move |engine| engine.clock_offset_ms(client, 60_000)),
        lasts_ms: 5000,
    };
    scene.shows(&["0 s", "62 s", "2 s true"]);
}

#[test]
fn a_cancelled_connect_leaves_no_connection_open() {
    let scene = Scene {
        server: |env, notes| {
            Box::pin(async move {
                let listener = env.network.listen(9).await.expect("port 9 is free");
                while let Ok(mut stream) = listener.accept().await {
                    let notes = notes.clone();
                    env.spawn(async move {
                        if timeout(ms(3000), stream.read(&mut [0; 8])).await.is_err() {
                            notes.note("left open");
                        }
                    });
                }
            })
        },
        client: |env, _| {
            Box::pin(async move {
                for patience_ms in 1..100 {
                    drop(timeout(ms(patience_ms % 25), env.network.connect("server", 9)).await);
                    sleep(ms(7)).await;
                }
            })
        },
        faults: nothing,
        lasts_ms: 10_000,
    };
    scene.shows(&[]);
}

#[test]
fn a_panic_ends_its_process_and_no_other() {
    let scene = Scene {
        server: |env, notes| {
            Box::pin(async move {
                env.spawn(async move {
                    sleep(ms(5000)).await;
                    notes.note("lives on");
                });
                sleep(ms(1500)).await;
                panic!("on purpose");
            })
        },
        client: |_, notes| {
            Box::pin(async move {
                sleep(ms(5000)).await;
                notes.note("the client lives");
            })
        },
        faults: nothing,
        lasts_ms: 8000,
    };
    for kind in [EngineKind::EventLoop, EngineKind::Turmoil] {
        let seen = scene.perform(kind, 1).expect("a panic is no error of the harness");
        assert_eq!(seen.notes, ["the client lives"], "on {kind:?}");
        let [panic] = &seen.panics[..] else {
            panic!("{:?} on {kind:?}", seen.panics)
        };
        assert!(
            panic.message.starts_with("on purpose (sim/src/simulator/tests.rs:"),
            "{panic}"
        );
        assert_eq!((&*panic.host, panic.at_ms / 100), ("server", 15), "on {kind:?}");
    }
}

#[test]
fn a_loop_that_waits_for_nothing_is_an_error() {
    let scene = Scene {
        server: |_, _| {
            Box::pin(async {
                loop {
                    tokio::task::yield_now().await;
                }
            })
        },
        client: echo,
        faults: nothing,
        lasts_ms: 1000,
    };
    for kind in [EngineKind::EventLoop, EngineKind::Turmoil] {
        match scene.perform(kind, 1) {
            Err(EngineError::Livelock { host, .. }) => assert_eq!(host, "server", "on {kind:?}"),
            other => panic!("{:?} on {kind:?}", other.map(|seen| seen.notes)),
        }
    }
}

#[test]
fn equal_seeds_give_equal_runs_and_others_do_not() {
    let scene = Scene {
        server: echo,
        client: ask_each_second,
        faults: |engine, server, _| engine.at(1500, move |engine| engine.kill(server)),
        lasts_ms: 5000,
    };
    for kind in [EngineKind::EventLoop, EngineKind::Turmoil] {
        let hash = |seed| scene.perform(kind, seed).expect("nothing is wrong").wire_hash;
        assert_eq!(hash(1), hash(1), "on {kind:?}");
        assert_ne!(hash(1), hash(2), "on {kind:?}");
    }
}
