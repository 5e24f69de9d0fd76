//! The models against the real programs, where these are installed. A longer comparison is
//! `cargo squall truth`.

mod common;

use scenarios::planted;
use scenarios::truth::{
    Agreement, RealRedis, Unavailable, anomalies, balance, house, random, report::Report, timeline, vectors,
};
use std::ops::ControlFlow;

/// Enough to meet every command several times, on every run of the tests.
const COMMANDS: u64 = 6_000;

/// What was compared; nothing, and loudly so, if the real program is absent.
fn loudly<T>(result: Result<T, Unavailable>) -> Option<T> {
    match result {
        Ok(result) => Some(result),
        Err(Unavailable::Missing(program)) => {
            let why = format!("{program} is not installed; ci/test installs it");
            common::left_out("the model is not compared with the real thing", &why);
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
        "the model and redis-server differ:\n{differences}"
    );
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

/// Does the same to each, all at once: on real stacks nearly all of it is waiting.
fn at_once<T: Sync, R: Send>(what: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = what.iter().map(|one| scope.spawn(|| each(one))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

/// The simulation tells the same stories in a test of its own, which needs no real program.
#[test]
fn anomalies_of_the_real_stack() {
    let told = at_once(anomalies::STORIES, anomalies::real);
    let agreements: Vec<Agreement> = told.into_iter().filter_map(loudly).collect();
    if let Some(all) = agreements.into_iter().reduce(Agreement::and) {
        must_agree(&all);
    }
}

#[test]
fn failovers_step_by_step() {
    let real: Vec<_> = at_once(&[(); 4], |()| timeline::real())
        .into_iter()
        .filter_map(loudly)
        .collect();
    if real.is_empty() {
        return;
    }
    let report = Report {
        real_failovers: real,
        simulated_failovers: timeline::simulated(1..101).expect("the engine goes on"),
        ..Report::default()
    };
    assert!(
        report.holds(),
        "{:#?}\nsame order: {}",
        report.timeline(),
        report.same_order()
    );
}

#[test]
fn requests_through_nginx() {
    let mut sequences = balance::rows();
    sequences.extend(balance::random(1, 16));
    let compared = at_once(&sequences, |sequence| match balance::compare(sequence) {
        Ok(agreement) => Some(agreement),
        Err(balance::Failure::Unavailable(absent)) => loudly(Err(absent)),
        Err(error) => panic!("{}: {error}", sequence.name),
    });
    if let Some(all) = compared.into_iter().flatten().reduce(Agreement::and) {
        must_agree(&all);
    }
}

/// Inventory 7, 29, 39: real Redis gives the code back, and the ledger refuses it all the same.
#[test]
fn the_ledger_holds_on_the_real_stack() {
    if let Some(agreement) = loudly(house::compare(None)) {
        must_agree(&agreement);
    }
}

/// The bug that is planted in the simulation is convicted for real, by the same property.
#[test]
fn without_the_ledger_the_real_stack_redeems_twice() {
    let bug = planted::find("redemption_without_ledger").expect("planted");
    if let Some(agreement) = loudly(house::compare(Some(&bug))) {
        must_agree(&agreement);
    }
}
