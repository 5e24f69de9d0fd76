//! The models compared with the real programs, where these are installed. `cargo squall conformance` compares for longer.

use conformance::{
    Agreement, Unavailable, nginx,
    redis::{RedisProcess, acknowledgement, cases, random, vectors},
    stack::{anomalies, losses, timeline},
};
use std::{io::Write, ops::ControlFlow};

/// Enough for every command to come several times.
const COMMANDS: u64 = 6_000;

/// The result; `None`, with a message, if the real program is not installed.
fn available<T>(result: Result<T, Unavailable>) -> Option<T> {
    match result {
        Ok(result) => Some(result),
        Err(Unavailable::Missing(program)) => {
            let why = format!("{program} is not installed; ci/test installs it");
            // `eprintln!` is swallowed when a test passes; if standard error is closed, there is no one to notify.
            let _ = writeln!(
                std::io::stderr(),
                "\n!! LEFT OUT: a comparison with the real program: {why}\n"
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn must_agree(agreement: &Agreement) {
    assert!(agreement.compared > 0, "nothing was compared");
    let differences = agreement.differences.join("\n\n");
    assert!(
        differences.is_empty(),
        "the model and the real program differ:\n{differences}"
    );
}

#[test]
fn golden_replies() {
    if let Some(agreement) = available(vectors::compare()) {
        must_agree(&agreement);
    }
}

/// All of them are compared before the first difference fails the test.
#[test]
fn single_behaviours() {
    let compared = at_once(&cases::all(), cases::compare);
    let agreements: Vec<Agreement> = compared.into_iter().filter_map(available).collect();
    if let Some(all) = agreements.into_iter().reduce(Agreement::and) {
        must_agree(&all);
    }
}

#[test]
fn an_acknowledgement_is_that_of_a_real_replica() {
    if let Some(agreement) = available(acknowledgement::compare()) {
        must_agree(&agreement);
    }
}

fn random_commands(stream: bool) {
    let Some(real) = available(RedisProcess::start(&["--repl-diskless-sync", "no"])) else {
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
fn random_commands_get_the_same_replies() {
    random_commands(false);
}

#[test]
fn random_commands_reach_a_replica_in_the_same_way() {
    random_commands(true);
}

/// Applies `each` to all at once: on real stacks nearly all of the time is waiting.
fn at_once<T: Sync, R: Send>(what: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = what.iter().map(|one| scope.spawn(|| each(one))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

/// A unit test runs the same scripts in the simulation, and needs no real program.
#[test]
fn anomalies_of_the_real_stack() {
    let results = at_once(&anomalies::scripts(), anomalies::real);
    let agreements: Vec<Agreement> = results.into_iter().filter_map(available).collect();
    if let Some(all) = agreements.into_iter().reduce(Agreement::and) {
        must_agree(&all);
    }
}

#[test]
fn failovers_step_by_step() {
    let turns = [0, 0, 0, 0, 1, 1, 1, 1];
    let results = at_once(&turns, |fault| (*fault, timeline::real(&timeline::FAULTS[*fault])));
    let real: Vec<_> = results
        .into_iter()
        .filter_map(|(fault, real)| Some((fault, available(real)?)))
        .collect();
    for (nth, fault) in timeline::FAULTS.iter().enumerate() {
        let real = real.iter().filter(|(of, _)| *of == nth);
        let failovers = timeline::Failovers {
            fault,
            real: real.map(|(_, failover)| failover.clone()).collect(),
            simulated: timeline::simulated(fault, 1..101).expect("the engine runs"),
        };
        assert!(
            failovers.real.is_empty() || failovers.agree(),
            "the master is {}: {:#?}\nsame order: {}, same states: {}",
            fault.name,
            failovers.steps(),
            failovers.same_order(),
            failovers.same_states()
        );
    }
}

/// When a master dies, the simulation loses as much acknowledged work as the real programs, within a factor of three.
#[test]
fn losses_with_a_master() {
    // What a kill loses does not depend on the link: one of the two latencies is enough here.
    for death in &losses::DEATHS[1..] {
        let death = *death;
        let (deaths, simulated) = match death.cause {
            losses::Cause::Kill => (8, 600),
            losses::Cause::PowerLoss => (5, 10),
        };
        let results = at_once(&vec![(); deaths], |()| losses::real(death));
        let real: Vec<_> = results.into_iter().filter_map(available).collect();
        let rate = losses::LossRate {
            death,
            simulated: losses::simulated(death, 1..simulated + 1).expect("the engine runs"),
            real,
        };
        assert!(
            rate.real.is_empty() || rate.agrees(),
            "{death:?}, ms: {} for real, {} in the simulation",
            rate.figure_ms(&rate.real),
            rate.figure_ms(&rate.simulated)
        );
    }
}

#[test]
fn requests_through_nginx() {
    let mut sequences = nginx::named_sequences();
    sequences.extend(nginx::random_sequences(1, 16));
    let compared = at_once(&sequences, |sequence| match nginx::compare(sequence) {
        Ok(agreement) => Some(agreement),
        Err(nginx::Failure::Unavailable(absent)) => available(Err(absent)),
        Err(error) => panic!("{}: {error}", sequence.name),
    });
    if let Some(all) = compared.into_iter().flatten().reduce(Agreement::and) {
        must_agree(&all);
    }
}
