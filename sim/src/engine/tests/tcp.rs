//! What TCP does under each fault, beside Linux's where they differ.

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
            "Some(HostUnreachable)",
            "by address in 10"
        ]
    );
}
