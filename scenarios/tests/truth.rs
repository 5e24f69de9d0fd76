//! The models against the real programs, where these are installed. A longer comparison is
//! `cargo squall truth`.

mod common;

use scenarios::planted;
use scenarios::truth::{
    Agreement, RealRedis, Unavailable, anomalies, balance, house, random, rates, timeline, vectors,
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
    let told = at_once(&anomalies::stories(), anomalies::real);
    let agreements: Vec<Agreement> = told.into_iter().filter_map(loudly).collect();
    if let Some(all) = agreements.into_iter().reduce(Agreement::and) {
        must_agree(&all);
    }
}

#[test]
fn failovers_step_by_step() {
    let turns = [0, 0, 0, 0, 1, 1, 1, 1];
    let told = at_once(&turns, |fault| (*fault, timeline::real(&timeline::FAULTS[*fault])));
    let real: Vec<_> = told
        .into_iter()
        .filter_map(|(fault, real)| Some((fault, loudly(real)?)))
        .collect();
    for (nth, fault) in timeline::FAULTS.iter().enumerate() {
        let real = real.iter().filter(|(of, _)| *of == nth);
        let failovers = timeline::Failovers {
            fault,
            real: real.map(|(_, failover)| failover.clone()).collect(),
            simulated: timeline::simulated(fault, 1..101).expect("the engine goes on"),
        };
        assert!(
            failovers.real.is_empty() || failovers.agree(),
            "the master is {}: {:#?}\nsame order: {}",
            fault.name,
            failovers.steps(),
            failovers.same_order()
        );
    }
}

/// A death takes back as much acknowledged work in the simulation as for real, within a factor of three.
#[test]
fn what_a_death_takes_back() {
    // What a kill takes back does not hang on the link: one of the two is enough here.
    for kind in &rates::KINDS[1..] {
        let kind = *kind;
        let (deaths, simulated) = match kind.way {
            rates::Way::Killed => (8, 600),
            rates::Way::WithoutPower => (5, 10),
        };
        let told = at_once(&vec![(); deaths], |()| rates::real(kind));
        let real: Vec<_> = told.into_iter().filter_map(loudly).collect();
        let rate = rates::Rate {
            kind,
            simulated: rates::simulated(kind, 1..simulated + 1).expect("the engine goes on"),
            real,
        };
        assert!(
            rate.real.is_empty() || rate.agrees(),
            "{kind:?}, ms: {} for real, {} in the simulation",
            rate.figure(&rate.real),
            rate.figure(&rate.simulated)
        );
    }
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

/// Inventory 7, 29, 31, 39: real Redis gives a code back and has two leaders, and no code is redeemed twice and nobody
/// reminded twice all the same. The bugs that are planted in the simulation are convicted for real, by the same properties.
#[test]
fn the_login_service_on_the_real_stack() {
    let bug = |name| planted::find(name).expect("planted");
    let (no_ledger, no_fence) = (bug("redemption_without_ledger"), bug("unfenced_leader"));
    type Compare = fn(Option<&planted::Planted>) -> Result<Agreement, Unavailable>;
    let comparisons: [(Compare, Option<&planted::Planted>); 4] = [
        (house::compare, None),
        (house::compare, Some(&no_ledger)),
        (house::compare_leaders, None),
        (house::compare_leaders, Some(&no_fence)),
    ];
    let told = at_once(&comparisons, |(compare, bug)| compare(*bug));
    let agreements: Vec<Agreement> = told.into_iter().filter_map(loudly).collect();
    if let Some(all) = agreements.into_iter().reduce(Agreement::and) {
        must_agree(&all);
    }
}
