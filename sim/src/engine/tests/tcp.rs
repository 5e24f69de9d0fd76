//! TCP under faults: connecting, partitions, latency.

use super::*;

#[test]
fn a_healthy_link_takes_a_round_trip_and_an_unbound_port_refuses() {
    let notes = play(steady(), echo, vec![], |env, notes| async move {
        notes.note(try_connect(&env, 9, 1_000).await);
        notes.note(try_connect(&env, 10, 1_000).await);
        let mut stream = connect(&env).await.expect("connects");
        notes.note(round_trip(&mut stream, "hello", 1_000).await);
        notes.note(format!(
            "{:?}",
            env.network
                .connect("nobody", 9)
                .await
                .map_err(|error| error.kind())
                .err()
        ));
        notes.note(format!(
            "{:?}",
            env.network
                .connect("Server", 9)
                .await
                .map_err(|error| error.kind())
                .err()
        ));
        notes.note(format!(
            "{:?}",
            env.network
                .connect("10.0.9.9", 9)
                .await
                .map_err(|error| error.kind())
                .err()
        ));
        let mut stream = env.network.connect("10.0.0.1", 9).await.expect("by address");
        notes.note(round_trip(&mut stream, "by address", 1_000).await);
    });
    assert_eq!(
        notes,
        [
            "connected in 10",
            "ConnectionRefused in 10",
            "hello in 10",
            "Some(NotFound)",
            "Some(NotFound)",
            "Some(HostUnreachable)",
            "by address in 10"
        ]
    );
}

#[test]
fn a_connect_under_a_partition_waits_for_a_syn_to_get_through() {
    // SYNs go out at 1, 2 (+1) , 4 (+3), 8 s (+7); the partition ends at 6 s.
    let notes = play(
        steady(),
        echo,
        vec![(10, cut), (6_000, mend)],
        |env, notes| async move {
            sleep(ms(950)).await;
            notes.note(try_connect(&env, 9, 60_000).await);
            notes.stamp("connected");
        },
    );
    assert_eq!(notes, ["connected in 7010", "connected at 8010"]);
}

#[test]
fn a_cut_either_way_holds_up_a_connect_and_a_write() {
    let ways: [fn(&Engine); 2] = [
        |engine| engine.cut_one_way(CLIENT, SERVER),
        |engine| engine.cut_one_way(SERVER, CLIENT),
    ];
    for cut_one_way in ways {
        let notes = play(
            steady(),
            echo,
            vec![(1_000, cut_one_way), (6_000, mend)],
            |env, notes| async move {
                let mut stream = connect(&env).await.expect("connects");
                sleep(ms(990)).await;
                let other = env.clone();
                let later = notes.clone();
                env.spawn(async move { later.note(round_trip(&mut stream, "a", 60_000).await) });
                notes.note(try_connect(&other, 9, 60_000).await);
            },
        );
        // Retransmitted 200 ms, 600 ms, 1.4 s, 3 s, 6.2 s after the write; SYNs as above.
        assert!(["a in 6210", "a in 6205"].contains(&notes[0].as_str()), "{notes:?}");
        assert!(
            ["connected in 7010", "connected in 7005"].contains(&notes[1].as_str()),
            "{notes:?}"
        );
    }
}

#[test]
fn a_connect_cancelled_under_a_partition_is_never_accepted() {
    let server = |env: Env, notes: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        while listener.accept().await.is_ok() {
            notes.note("accepted");
        }
    };
    let notes = play(
        steady(),
        server,
        vec![(10, cut), (10_000, mend)],
        |env, notes| async move {
            notes.note(try_connect(&env, 9, 3_000).await);
            sleep(ms(30_000)).await;
        },
    );
    assert_eq!(notes, ["pending after 3000"]);
}

#[test]
fn connects_cancelled_with_the_answer_under_way_leave_the_port_usable() {
    let notes = play(steady(), echo, vec![], |env, notes| async move {
        for _ in 0..2_000 {
            let _ = timeout(ms(7), connect(&env)).await;
        }
        sleep(ms(1_000)).await;
        notes.note(try_connect(&env, 9, 1_000).await);
        let sockets = turmoil_net::netstat("10.0.0.1").entries.len() + turmoil_net::netstat("10.0.0.2").entries.len();
        notes.note(format!("{sockets} sockets left"));
    });
    // The listener, and both ends of the last connection, which is being closed.
    assert_eq!(notes, ["connected in 10", "3 sockets left"]);
}

#[test]
fn a_write_in_a_short_partition_comes_with_its_repetition() {
    let notes = play(
        steady(),
        echo,
        vec![(1_000, cut), (2_000, mend)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            sleep(ms(950)).await;
            notes.note(round_trip(&mut stream, "a", 60_000).await);
            notes.note(round_trip(&mut stream, "b", 60_000).await);
        },
    );
    assert_eq!(notes, ["a in 1410", "b in 10"]);
}

#[test]
fn a_write_in_a_long_partition_backs_off() {
    let notes = play(
        steady(),
        echo,
        vec![(1_000, cut), (31_000, mend)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            sleep(ms(950)).await;
            notes.note(round_trip(&mut stream, "a", 120_000).await);
        },
    );
    // 200 ms doubling: the eighth retransmission, at 51 s, is the first after 30 s.
    assert_eq!(notes, ["a in 51010"]);
}

#[test]
fn one_lost_packet_holds_up_its_own_connection_only() {
    let lossy = |engine: &Engine| {
        let config = LinkConfig {
            loss: 1.0,
            ..engine.link(CLIENT, SERVER)
        };
        engine.set_link(CLIENT, SERVER, config);
    };
    let clean = |engine: &Engine| {
        let config = LinkConfig {
            loss: 0.0,
            ..engine.link(CLIENT, SERVER)
        };
        engine.set_link(CLIENT, SERVER, config);
    };
    let notes = play(
        steady(),
        echo,
        vec![(1_000, lossy), (1_001, clean)],
        |env, notes| async move {
            let (mut hit, mut spared) = (connect(&env).await.expect("one"), connect(&env).await.expect("two"));
            sleep(ms(930)).await;
            let later = notes.clone();
            env.spawn(async move { later.note(round_trip(&mut hit, "hit", 10_000).await) });
            sleep(ms(1)).await;
            notes.note(round_trip(&mut spared, "spared", 10_000).await);
            sleep(ms(1_000)).await;
        },
    );
    assert_eq!(notes, ["spared in 10", "hit in 210"]);
}

#[test]
fn added_latency_delays_and_ends() {
    let slow = |engine: &Engine| {
        engine.set_link(
            SERVER,
            CLIENT,
            LinkConfig {
                added_ms: 300,
                ..engine.link(SERVER, CLIENT)
            },
        );
    };
    let quick = |engine: &Engine| {
        engine.set_link(
            SERVER,
            CLIENT,
            LinkConfig {
                added_ms: 0,
                ..engine.link(SERVER, CLIENT)
            },
        );
    };
    let notes = play(
        steady(),
        echo,
        vec![(1_000, slow), (2_000, quick)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            for _ in 0..3 {
                sleep(ms(650)).await;
                notes.note(round_trip(&mut stream, "a", 10_000).await);
            }
        },
    );
    assert_eq!(notes, ["a in 10", "a in 310", "a in 10"]);
}

#[test]
fn a_half_closed_connection_still_carries_the_other_half() {
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let mut stream = listener.accept().await.expect("accepts");
        let mut request = Vec::new();
        stream.read_to_end(&mut request).await.expect("reads");
        for part in 0..3 {
            sleep(ms(500)).await;
            stream
                .write_all(format!("{part} of {} ", request.len()).as_bytes())
                .await
                .expect("writes");
        }
    };
    let notes = play(steady(), server, vec![], |env, notes| async move {
        let mut stream = connect(&env).await.expect("connects");
        stream.write_all(b"request").await.expect("writes");
        stream.shutdown().await.expect("shuts down");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("reads");
        notes.note(answer);
    });
    assert_eq!(notes, ["0 of 7 1 of 7 2 of 7 "]);
}

#[test]
fn a_full_backlog_makes_connects_wait() {
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        sleep(ms(500)).await;
        let mut held = Vec::new();
        while let Ok(stream) = listener.accept().await {
            held.push(stream);
        }
    };
    let notes = play(steady(), server, vec![], |env, notes| async move {
        for _ in 0..1_030 {
            let (env, notes) = (env.clone(), notes.clone());
            let task = env.clone();
            task.spawn(async move {
                let _held = connect(&env).await.expect("connects");
                notes.stamp("connected");
                std::future::pending::<()>().await;
            });
        }
        sleep(ms(5_000)).await;
    });
    // 1,024 fit; the other six try again after a second (turmoil-net's backlog equals that of Linux and tokio).
    let count = |at: &str| notes.iter().filter(|note| *note == at).count();
    assert_eq!(
        (count("connected at 60"), count("connected at 1065")),
        (1_024, 6),
        "{:?}",
        &notes[1_020..]
    );
}
