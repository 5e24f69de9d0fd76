//! The specification before the real service, over real sockets: `idp --dev`, and two replicas behind nginx with Redis and
//! Sentinels, where these are installed. `squall specification --on` does the same and shows more.

mod common;

use conformance::Unavailable;
use scenarios::real_stack::specification::{Judged, Place, Tries, judge};
use std::{io::Write, path::Path};

/// Measured: 3,945 changes of 52 requests. Fewer mean that the lists of changes have become shorter, or that people did not get
/// as far as the last request.
const CHANGED_MIN: usize = 3_800;
const REQUESTS_MIN: usize = 50;
/// Measured: 7,200.
const EXCHANGES_MIN: u64 = 6_000;
/// As in the simulation: one answer is allowed, for so many of a hundred.
const EXACT_MIN: u64 = 99;

/// The verdict; `None` if a real program is not installed.
fn judged(place: Place) -> Option<Judged> {
    let progress = move |requests: u64, tries: &Tries| {
        // The output of a test that passes is swallowed, and nobody can be told of a standard error that is closed.
        let told = format!("{place}: {requests} requests, {} of them changed\n", tries.sent);
        let _ = std::io::stderr().write_all(told.as_bytes());
    };
    match judge(place, Path::new(env!("CARGO_BIN_EXE_squall")), &progress) {
        Ok(judged) => Some(judged),
        Err(Unavailable::Missing(program)) => {
            let why = format!("{program} is not installed; ci/test installs it");
            common::left_out("the specification before the real stack", &why);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn must_agree(judged: &Judged) {
    let (tries, calm) = (&judged.tries, &judged.report.calm);
    assert_eq!(
        tries.unfinished, [""; 0],
        "all changes of what everybody sends were tried"
    );
    assert_eq!(judged.unanswered, 0);
    assert!(judged.exchanges >= EXCHANGES_MIN, "{} exchanges", judged.exchanges);
    assert!(tries.sent >= CHANGED_MIN && tries.requests >= REQUESTS_MIN, "{tries:?}");
    assert!(calm.exact * 100 >= calm.judged * EXACT_MIN, "{calm:?}");
    if !judged.stalls.is_empty() {
        let around = judged.report.troubled.judged;
        let why = format!("the machine had no time for it: {around} answers are judged as while a process is paused");
        common::left_out(&format!("an exact verdict on {}", judged.place), &why);
    }
    assert_eq!(judged.accepted, [""; 0], "wrong answers are rejected");
    assert!(judged.rejected.len() >= 8);
    let wrong: Vec<String> = judged
        .report
        .violations
        .iter()
        .map(|wrong| wrong.what.clone())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} answers are not allowed:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(judged.violations, [""; 0]);
}

#[test]
fn the_program_for_development_answers_as_specified() {
    let judged = judged(Place::Dev).expect("it needs no other program");
    must_agree(&judged);
}

#[test]
fn the_real_stack_answers_as_specified() {
    if let Some(judged) = judged(Place::Stack) {
        must_agree(&judged);
    }
}
