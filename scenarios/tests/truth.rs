//! The models against the real programs, where these are installed. A longer comparison is
//! `cargo squall truth`.

use scenarios::truth::{Agreement, RealRedis, Unavailable, random, vectors};
use std::ops::ControlFlow;

/// Enough to meet every command several times, on every run of the tests.
const COMMANDS: u64 = 6_000;

/// What was compared; nothing, and loudly so, if the real program is absent.
fn loudly<T>(result: Result<T, Unavailable>) -> Option<T> {
    match result {
        Ok(result) => Some(result),
        Err(Unavailable::Missing(program)) => {
            eprintln!("LEFT OUT, the model is not compared with the real thing: {program} is not installed");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn must_agree(agreement: &Agreement) {
    assert!(agreement.compared > 0, "nothing was compared");
    let differences = agreement.differences.join("\n\n");
    assert!(differences.is_empty(), "the model and redis-server differ:\n{differences}");
}

#[test]
fn golden_replies() {
    if let Some(agreement) = loudly(vectors::compare()) {
        must_agree(&agreement);
    }
}

fn random_commands(stream: bool) {
    let Some(real) = loudly(RealRedis::start(&["--repl-diskless-sync", "no"])) else {
        return;
    };
    let options = random::Options {
        seed: 1,
        commands: COMMANDS,
        stream,
    };
    let agreement = random::compare(real.port(), &options, |_| ControlFlow::Continue(())).expect("it listens");
    must_agree(&agreement);
}

#[test]
fn random_commands_are_answered_alike() {
    random_commands(false);
}

#[test]
fn random_commands_reach_a_replica_alike() {
    random_commands(true);
}
