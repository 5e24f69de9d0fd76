//! TCP when a process or a host dies, and when it comes back.

use super::*;

fn kill(engine: &Engine) {
    engine.kill(SERVER);
}

fn start(engine: &Engine) {
    engine.start(SERVER);
}

fn power_loss(engine: &Engine) {
    engine.power_loss(SERVER);
}

#[test]
fn a_killed_idle_peer_is_an_end_then_a_reset() {
    let notes = play(
        steady(),
        echo,
        vec![(1_000, kill), (6_000, start)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            notes.stamp(read_once(&mut stream, 60_000).await);
            for _ in 0..2 {
                notes.note(format!(
                    "{:?}",
                    stream.write_all(b"late").await.map_err(|error| error.kind())
                ));
                sleep(ms(50)).await;
            }
            notes.note(try_connect(&env, 9, 1_000).await);
            sleep(ms(6_000)).await;
            notes.note(try_connect(&env, 9, 1_000).await);
            notes.note(read_once(&mut stream, 1_000).await);
        },
    );
    assert_eq!(
        notes,
        [
            "end at 1005",
            "Ok(())",
            "Err(ConnectionReset)",
            "ConnectionRefused in 10",
            "connected in 10",
            "ConnectionReset"
        ]
    );
}

#[test]
fn a_peer_killed_with_unread_data_resets() {
    let deaf = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let _stream = listener.accept().await;
        std::future::pending::<()>().await;
    };
    let notes = play(steady(), deaf, vec![(1_000, kill)], |env, notes| async move {
        let mut stream = connect(&env).await.expect("connects");
        stream.write_all(b"unread").await.expect("writes");
        notes.stamp(read_once(&mut stream, 60_000).await);
    });
    assert_eq!(notes, ["ConnectionReset at 1005"]);
}

#[test]
fn what_a_killed_process_has_sent_still_arrives() {
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let mut stream = listener.accept().await.expect("accepts");
        sleep(ms(933)).await; // accepted at 65 ms
        stream.write_all(b"last words").await.expect("writes");
        std::future::pending::<()>().await;
    };
    let notes = play(
        steady(),
        server,
        vec![(1_000, kill), (1_001, start)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            notes.stamp(read_once(&mut stream, 60_000).await);
            notes.stamp(read_once(&mut stream, 60_000).await);
        },
    );
    assert_eq!(notes, ["last words at 1003", "end at 1005"]);
}

#[test]
fn what_a_host_has_sent_is_lost_with_its_power() {
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let mut stream = listener.accept().await.expect("accepts");
        for word in ["arrives", "does not"] {
            stream.write_all(word.as_bytes()).await.expect("writes");
            sleep(ms(933)).await; // accepted at 65 ms
        }
        std::future::pending::<()>().await;
    };
    let faults: Faults = vec![(1_000, power_loss), (1_001, start)];
    let notes = play(steady(), server, faults, |env, notes| async move {
        let mut stream = connect(&env).await.expect("connects");
        notes.stamp(read_once(&mut stream, 60_000).await);
        notes.note(read_once(&mut stream, 1_000).await);
    });
    assert_eq!(notes, ["arrives at 70", "nothing"]);
}

#[test]
fn a_host_without_power_is_silent_and_resets_once_it_is_back() {
    let notes = play(
        steady(),
        echo,
        vec![(1_000, power_loss), (5_000, start)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            sleep(ms(1_000)).await;
            notes.note(read_once(&mut stream, 500).await);
            notes.note(try_connect(&env, 9, 500).await);
            notes.note(round_trip(&mut stream, "anybody?", 60_000).await);
            notes.stamp("known");
            notes.note(try_connect(&env, 9, 1_000).await);
        },
    );
    // Written at 2060; retransmitted 200 ms, 600 ms, 1.4 s, 3 s later. The last of these is the first after the boot.
    assert_eq!(
        notes,
        [
            "nothing",
            "pending after 500",
            "ConnectionReset in 3010",
            "known at 5070",
            "connected in 10"
        ]
    );
}

#[test]
fn a_server_learns_of_a_client_without_power_when_it_writes() {
    let server = |env: Env, notes: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let mut stream = listener.accept().await.expect("accepts");
        sleep(ms(4_940)).await;
        notes.note(round_trip(&mut stream, "hi", 20_000).await);
        notes.stamp("known");
    };
    let faults: Faults = vec![
        (1_000, |engine| engine.power_loss(CLIENT)),
        (2_000, |engine| engine.start(CLIENT)),
    ];
    let notes = play(steady(), server, faults, |env, _| async move {
        if env.clock.monotonic() < ms(1_000) {
            let _stream = connect(&env).await;
            std::future::pending::<()>().await;
        }
        sleep(ms(6_000)).await;
    });
    assert_eq!(notes, ["ConnectionReset in 10", "known at 5015"]);
}

#[test]
fn a_request_in_flight_when_the_power_goes_is_lost_with_what_was_buffered() {
    let notes = play(
        steady(),
        echo,
        vec![(1_000, power_loss), (2_000, start)],
        |env, notes| async move {
            let mut stream = connect(&env).await.expect("connects");
            sleep(ms(937)).await;
            for _ in 0..3 {
                stream.write_all(b"q").await.expect("accepted by our own kernel");
                sleep(ms(2)).await;
            }
            notes.stamp(read_once(&mut stream, 60_000).await);
            notes.note(try_connect(&env, 9, 1_000).await);
        },
    );
    // The third write, at 1001, is the first packet to be lost. It is retransmitted 200 ms, 600 ms and 1.4 s later.
    assert_eq!(notes, ["ConnectionReset at 2411", "connected in 10"]);
}

#[test]
fn fifty_kills_and_restarts_never_find_the_port_taken() {
    let server = |env: Env, notes: Notes| async move {
        if env.network.listen(9).await.is_err() {
            notes.note("port taken");
        }
        echo(env, notes).await;
    };
    let mut faults: Faults = Vec::new();
    for i in 0..50 {
        faults.push((1_000 + i * 100, kill));
        faults.push((1_000 + i * 100 + i % 3, start));
    }
    let notes = play(steady(), server, faults, |env, notes| async move {
        let (mut held, mut refused) = (Vec::new(), 0);
        while env.clock.monotonic() < ms(6_500) {
            match connect(&env).await {
                Ok(mut stream) => {
                    let _ = stream.write_all(b"unread answer").await;
                    held.push(stream);
                }
                Err(_) => refused += 1,
            }
            sleep(ms(30)).await;
        }
        notes.note(if held.len() > 100 && refused < 20 {
            "fine".into()
        } else {
            format!("{} {refused}", held.len())
        });
    });
    assert_eq!(notes, ["fine"]);
}

#[test]
fn a_kill_behind_a_partition_is_learnt_when_it_ends() {
    let faults: Faults = vec![(1_000, cut), (1_100, kill), (1_500, start), (2_500, mend)];
    let notes = play(steady(), echo, faults, |env, notes| async move {
        let mut stream = connect(&env).await.expect("connects");
        notes.stamp(read_once(&mut stream, 60_000).await);
        notes.note(try_connect(&env, 9, 1_000).await);
    });
    // The FIN of 1100 ms is retransmitted 200 ms, 600 ms, 1.4 s later.
    assert_eq!(notes, ["end at 2505", "connected in 10"]);
}

#[test]
fn data_for_a_stream_that_was_dropped_is_answered_with_a_reset() {
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        drop(listener.accept().await);
        std::future::pending::<()>().await;
    };
    let notes = play(steady(), server, vec![], |env, notes| async move {
        let mut stream = connect(&env).await.expect("connects");
        sleep(ms(100)).await;
        notes.note(format!(
            "{:?}",
            stream.write_all(b"one").await.map_err(|error| error.kind())
        ));
        sleep(ms(50)).await;
        notes.note(format!(
            "{:?}",
            stream.write_all(b"two").await.map_err(|error| error.kind())
        ));
        sleep(ms(50)).await;
        drop(stream);
        sleep(ms(50)).await;
        let left: usize = ["10.0.0.1", "10.0.0.2"]
            .iter()
            .map(|ip| turmoil_net::netstat(*ip).entries.len())
            .sum();
        notes.note(format!("{left} socket left"));
    });
    assert_eq!(notes, ["Ok(())", "Err(ConnectionReset)", "1 socket left"]);
}

#[test]
fn a_port_that_is_shut_refuses_and_can_be_opened_again_while_its_connections_live() {
    let server = |env: Env, _: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let first = listener.accept().await.expect("accepts");
        env.spawn(echo_one(first));
        sleep(ms(440)).await;
        drop(listener); // at 505 ms, with one connection waiting to be accepted
        sleep(ms(500)).await;
        echo(env, Notes::default()).await;
    };
    let notes = play(steady(), server, vec![], |env, notes| async move {
        let mut first = connect(&env).await.expect("connects");
        let mut waiting = connect(&env).await.expect("connects");
        sleep(ms(435)).await;
        let mut on_its_way = Box::pin(connect(&env)); // its SYN arrives at 510 ms
        assert!(timeout(ms(1), &mut on_its_way).await.is_err());
        notes.stamp(read_once(&mut waiting, 1_000).await);
        notes.note(format!("{:?}", on_its_way.await.map_err(|error| error.kind()).err()));
        notes.note(try_connect(&env, 9, 1_000).await);
        notes.note(round_trip(&mut first, "still here", 1_000).await);
        sleep(ms(600)).await;
        notes.note(try_connect(&env, 9, 1_000).await);
        let mut again = connect(&env).await.expect("connects");
        notes.note(round_trip(&mut again, "again", 1_000).await);
        notes.note(round_trip(&mut first, "still here", 1_000).await);
    });
    assert_eq!(
        notes,
        [
            "ConnectionReset at 510",
            "Some(ConnectionRefused)",
            "ConnectionRefused in 10",
            "still here in 10",
            "connected in 10",
            "again in 10",
            "still here in 10"
        ]
    );
}

#[test]
fn a_handshake_that_meets_a_shut_port_is_reset_and_never_accepted() {
    let server = |env: Env, notes: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        sleep(ms(57)).await; // the SYN came at 55 ms, the ACK comes at 65 ms
        drop(listener);
        sleep(ms(100)).await;
        let listener = env.network.listen(9).await.expect("port 9 can be opened again");
        while listener.accept().await.is_ok() {
            notes.stamp("accepted");
        }
    };
    let notes = play(steady(), server, vec![], |env, notes| async move {
        let mut stream = connect(&env).await.expect("the SYN-ACK is under way already");
        notes.stamp(read_once(&mut stream, 1_000).await);
        sleep(ms(200)).await;
        notes.note(try_connect(&env, 9, 1_000).await);
    });
    assert_eq!(notes[..2], ["ConnectionReset at 70", "connected in 10"]);
    assert_eq!(
        notes.len(),
        2,
        "the second connection ends with the test, before it is accepted: {notes:?}"
    );
}

#[test]
fn a_port_that_is_listened_on_is_taken() {
    let notes = play(steady(), echo, vec![], |env, notes| async move {
        let _first = env.network.listen(7).await.expect("port 7 is free");
        notes.note(format!(
            "{:?}",
            env.network.listen(7).await.map_err(|error| error.kind()).err()
        ));
    });
    assert_eq!(notes, ["Some(AddrInUse)"]);
}

#[test]
fn a_paused_host_accepts_and_buffers_in_its_kernel() {
    let faults: Faults = vec![
        (1_000, |engine| engine.pause(SERVER)),
        (4_000, |engine| engine.resume(SERVER)),
    ];
    let notes = play(steady(), echo, faults, |env, notes| async move {
        let mut stream = connect(&env).await.expect("connects");
        sleep(ms(1_000)).await;
        stream.write_all(b"p").await.expect("writes");
        notes.note(try_connect(&env, 9, 1_000).await);
        notes.stamp(read_once(&mut stream, 60_000).await);
    });
    assert_eq!(notes, ["connected in 10", "p at 4005"]);
}
