//! A slow disk stops its process, and keeps the other from the directory.

use super::{plan, setup};
use scenarios::{
    people,
    vocabulary::{Event, Fault, Op, Plan, Run, TimedFault},
};
use sim::run::perform;

const SLOW_MS: u64 = 150;

fn run(replicas: &[&str]) -> Run {
    let slow = |host: &&str| {
        let (host, by_ms) = ((*host).to_owned(), SLOW_MS);
        let lasts_ms = 60_000;
        TimedFault::at(1000, Fault::DiskSlow { host, by_ms, lasts_ms })
    };
    let plan = Plan {
        faults: replicas.iter().map(slow).collect(),
        ..plan(3)
    };
    let [run, again] = [(); 2].map(|()| perform(&plan, &setup()).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(run.history, again.history);
    assert_eq!(run.fingerprint, again.fingerprint);
    run
}

/// How long each login took, milliseconds.
fn logins(run: &Run) -> Vec<u64> {
    let records = run.history.records.iter();
    let took = records.filter_map(|record| match &record.event {
        Event::Ended {
            op: Op::People(people::Op::LogIn),
            took_ms,
            ..
        } => Some(*took_ms),
        _ => None,
    });
    took.collect()
}

#[test]
fn a_commit_takes_as_long_as_the_disk() {
    let (quick, slow) = (logins(&run(&[])), logins(&run(&["idp-a", "idp-b"])));
    assert_eq!((quick.len(), slow.len()), (3, 3));
    for (quick_ms, slow_ms) in quick.iter().zip(&slow) {
        // The links' latencies are drawn anew for packets at other times.
        assert!(slow_ms + 30 >= quick_ms + SLOW_MS, "{quick:?} and {slow:?}");
    }
}

#[test]
fn the_other_replica_meets_a_locked_directory() {
    let busy = |run: &Run| run.marks.get("directory busy").copied().unwrap_or(0);
    assert_eq!(busy(&run(&[])), 0);
    assert!(busy(&run(&["idp-a"])) > 0);
}
