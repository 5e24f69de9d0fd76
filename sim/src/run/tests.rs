//! What holds in every run, whatever its scenario claims.

use super::*;
use crate::{
    plan::Operation,
    testing::{Does, Mistake, Shop},
};

fn performed(bug: Option<Mistake>) -> Run<Shop> {
    let plan = Plan {
        operations: vec![Operation {
            at_ms: 1_000,
            who: "ann".into(),
            does: Does::Shop,
        }],
        bug: bug.map(|_| "loops".to_owned()),
        ..Plan::new("calm", 1, 5_000)
    };
    let setup = Setup {
        bug,
        ..Setup::default()
    };
    perform(&plan, &setup).expect("the harness works")
}

#[test]
fn a_process_that_loops_without_waiting_violates_run_ends() {
    assert_eq!(performed(None).violations, []);
    let run = performed(Some(Mistake::Loops));
    let [violation] = &run.violations[..] else {
        panic!("{:?}", run.violations);
    };
    assert_eq!(
        (violation.property.as_str(), violation.reason.as_str()),
        (RUN_ENDS, "livelock")
    );
    assert!(
        violation.what.starts_with("shop-1 loops without waiting"),
        "{violation:?}"
    );
    assert!(
        (1_000..1_100).contains(&violation.at_ms),
        "after the first sale: {violation:?}"
    );
    assert!(!run.history.records.is_empty(), "what happened before is kept");
}
