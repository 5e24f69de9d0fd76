//! What may become of a call, in the harness's own shop: it notes each sale, and then sells a seat.

use super::*;
use crate::{
    engine::Caller,
    fault::{Fault, TimedFault},
    nemesis::{self, Triggers},
    plan::{Operation, Plan},
    run::{Run, Setup, perform},
    testing::{CALLS, Does, Shop, plan},
    trigger::Trigger,
};
use seams::Cause;
use std::path::Path;

/// Three seats are sold from 1 s on, one after the other.
fn three_sales(faults: Vec<TimedFault<Shop>>) -> Plan<Shop> {
    let mut plan = plan(5000);
    plan.operations = vec![Operation {
        at_ms: 1000,
        who: "ann".into(),
        does: Does::BuySeats { seats: 3, every_ms: 1 },
    }];
    plan.faults = faults;
    plan
}

fn run(faults: Vec<TimedFault<Shop>>) -> Run<Shop> {
    perform(&three_sales(faults), &Setup::default()).expect("the plan is sound")
}

/// At the second sale.
fn at_second(moment: Moment, fault: Fault<Shop>) -> Vec<TimedFault<Shop>> {
    let event = moment.event("shop-1", "note sale");
    let after = Some(Trigger {
        nth: 2,
        ..Trigger::at(event)
    });
    vec![TimedFault { at_ms: 0, fault, after }]
}

fn becomes(outcome: CallOutcome, error: &str, by_ms: u64) -> Fault<Shop> {
    Fault::Call(CallFault {
        host: "shop-1".into(),
        call: "note sale".into(),
        outcome,
        error: error.into(),
        by_ms,
    })
}

/// How many sales were noted, and how many seats sold.
fn counts(run: &Run<Shop>) -> (u64, u64) {
    let count = |mark| run.marks.get(mark).copied().unwrap_or_default();
    (count("a sale was noted"), count("a seat was sold"))
}

#[test]
fn calls_are_numbered() {
    let run = run(vec![]);
    assert_eq!(counts(&run), (3, 3));
    let calls: Vec<_> = run
        .calls
        .iter()
        .map(|call| (&*call.host, call.call, call.nth))
        .collect();
    assert_eq!(calls, [1, 2, 3].map(|nth| ("shop-1", "note sale", nth)));
    let afters: Vec<_> = run.calls.iter().map(|call| call.after).collect();
    assert_eq!(afters, [None, Some("note sale"), Some("note sale")]);
    assert!(run.calls.iter().all(|call| call.answered == Some(book::Answered::Well)));
}

#[test]
fn a_call_fails_or_is_done_and_leaves_a_doubt() {
    let of = |fault| counts(&run(at_second(Moment::Before, fault)));
    assert_eq!(of(becomes(CallOutcome::Fails, "full", 0)), (2, 2), "it was not done");
    assert_eq!(of(becomes(CallOutcome::Fails, "reset", 0)), (2, 2), "nor was it now");
    assert_eq!(
        of(becomes(CallOutcome::AnswerLost, "reset", 0)),
        (3, 2),
        "it was, and nobody knows"
    );
}

#[test]
fn a_call_is_late() {
    let sold_ms = |fault| {
        let run = run(at_second(Moment::Before, fault));
        let of = |name| run.mark_records.iter().filter(move |record| record.mark == name).nth(1);
        let at = |name| of(name).expect("three of each").at_ms;
        (at("a sale was noted"), at("a seat was sold"))
    };
    let (noted_ms, late_ms) = sold_ms(becomes(CallOutcome::Late, "", 70));
    assert_eq!(noted_ms, late_ms);
    let (in_time_ms, answered_ms) = sold_ms(becomes(CallOutcome::AnswerLate, "", 70));
    assert_eq!((in_time_ms + 70, noted_ms), (answered_ms, in_time_ms + 70));
}

/// Not a millisecond before or after: the call stands still until the fault has been injected.
#[test]
fn a_process_is_killed_exactly_before_or_after_a_call() {
    let kill = || Fault::Kill { host: "shop-1".into() };
    let before = run(at_second(Moment::Before, kill()));
    let after = run(at_second(Moment::After, kill()));
    assert_eq!((counts(&before), counts(&after)), ((1, 1), (2, 1)));
    assert_eq!(
        before.calls.last().map(|call| call.answered),
        Some(None),
        "nobody got an answer"
    );
    assert!(before.triggered.values().all(Option::is_some));
}

#[test]
fn a_process_that_is_paused_at_a_call_makes_it_when_it_resumes() {
    let mut faults = at_second(Moment::Before, Fault::Pause { host: "shop-1".into() });
    let mut resume = at_second(Moment::Before, Fault::Resume { host: "shop-1".into() });
    resume[0].after.as_mut().expect("it has a trigger").offset_ms = 900;
    faults.append(&mut resume);
    let run = run(faults);
    assert_eq!(counts(&run), (3, 3));
    let second = run
        .mark_records
        .iter()
        .filter(|record| record.mark == "a sale was noted")
        .nth(1);
    assert!(second.expect("three").at_ms >= 1900, "{second:?}");
}

#[test]
fn without_a_trigger_the_next_call_is_meant_and_healing_takes_that_back() {
    let fails = becomes(CallOutcome::Fails, "full", 0);
    assert_eq!(counts(&run(vec![TimedFault::at(500, fails.clone())])), (2, 2));
    let healed = vec![TimedFault::at(500, fails), TimedFault::at(600, Fault::Heal)];
    assert_eq!(counts(&run(healed)), (3, 3));
}

#[test]
fn the_same_plan_is_the_same_run_and_a_plan_file_says_it_all() {
    let plan = three_sales(at_second(Moment::Before, becomes(CallOutcome::AnswerLost, "reset", 5)));
    let again = Plan::from_text(&plan.to_text(), Path::new("here")).expect("it was written here");
    assert_eq!(plan, again);
    let run = |plan| perform(plan, &Setup::default()).expect("the plan is sound").fingerprint;
    assert_eq!(run(&plan), run(&again));
    assert_ne!(run(&plan), run(&three_sales(vec![])));
}

#[test]
fn what_cannot_become_of_a_call_is_refused_with_its_reason() {
    let refused = |change: fn(&mut CallFault)| {
        let Fault::Call(mut call) = becomes(CallOutcome::AnswerLost, "reset", 0) else {
            unreachable!("it is one")
        };
        change(&mut call);
        let plan = three_sales(vec![TimedFault::at(1, Fault::Call(call))]);
        nemesis::check(&plan).expect_err("unsound").to_string()
    };
    for (error, expected) in [
        (refused(|call| call.call = "note sales".into()), "near it are note sale"),
        (refused(|call| call.error = "empty".into()), "but with full, reset"),
        (refused(|call| call.error = "full".into()), "was not done"),
        (refused(|call| call.outcome = CallOutcome::Late), "leave `error` out"),
        (
            refused(|call| (call.outcome, call.error) = (CallOutcome::Late, String::new())),
            "set `by_ms`",
        ),
        (refused(|call| call.host = "printer".into()), "those are shop-1, shop-2"),
    ] {
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
    }
}

fn calls(seed: u64, pauses: CallPauses) -> Calls {
    let caller = Caller::new(Arc::default());
    let triggers = Triggers::new::<Shop>(&[], caller.clone());
    Calls::new("shop-1", seed, CallBook::new(CALLS, triggers, caller), pauses)
}

/// How long each of twenty calls took, milliseconds.
async fn twenty(calls: &Calls) -> Vec<u128> {
    let mut took = vec![];
    for _ in 0..20 {
        let began = tokio::time::Instant::now();
        calls
            .around("note sale", async { Ok(()) })
            .await
            .expect("nothing fails");
        took.push(began.elapsed().as_millis());
    }
    took
}

#[tokio::test(start_paused = true)]
async fn time_passes_before_calls_where_the_world_has_it() {
    let pauses = CallPauses { percent: 50, ms_max: 8 };
    let took = twenty(&calls(1, pauses)).await;
    assert!(took.contains(&0) && took.iter().any(|ms| *ms > 0), "{took:?}");
    assert!(took.iter().all(|ms| *ms <= 9), "{took:?}");
    assert_eq!(took, twenty(&calls(1, pauses)).await);
    assert_ne!(took, twenty(&calls(2, pauses)).await);
    for none in [CallPauses::default(), CallPauses { percent: 50, ms_max: 0 }] {
        assert_eq!(twenty(&calls(1, none)).await, [0; 20]);
    }
}

/// How long the process waits counts, and not what time has passed before.
#[tokio::test(start_paused = true)]
async fn a_call_that_takes_longer_than_promised_is_a_violation() {
    for (work_ms, at_ms) in [(50, None), (60, Some(50))] {
        let calls = calls(
            1,
            CallPauses {
                percent: 100,
                ms_max: 90,
            },
        );
        let work = async {
            sleep(Duration::from_millis(work_ms)).await;
            Ok(())
        };
        let limit = Duration::from_millis(200);
        let asked = tokio::time::timeout(limit, calls.around("note sale", work)).await;
        assert!(matches!(asked, Ok(Ok(()))), "it goes on");
        let late = too_long(CALLS, &calls.book.records());
        assert_eq!(late.as_ref().map(|late| late.at_ms), at_ms, "{late:?}");
        assert!(late.is_none_or(|late| late.property == CALLS_IN_TIME && late.reason == "note-sale"));
    }
    let calls = calls(1, CallPauses::default());
    let never = calls.around("note sale", std::future::pending::<Outcome<()>>());
    drop(tokio::time::timeout(Duration::from_millis(60), never).await);
    assert!(
        too_long(CALLS, &calls.book.records()).is_some(),
        "whoever gave up had waited"
    );
}

/// A commit takes as long as its disk does, if that is slow meanwhile, and no longer.
#[tokio::test(start_paused = true)]
async fn a_call_that_commits_waits_for_a_slow_disk_and_for_no_other() {
    const COMMITS: &[CallSite] = &[CallSite::new("note sale", &[]).within_ms(50).commits()];
    for (work_ms, until_ms, is_late) in [
        (80, 0, false),
        (90, 0, true),
        (160, 1, false),
        (170, 1, true),
        (160, 0, true),
    ] {
        let caller = Caller::new(Arc::default());
        let triggers = Triggers::new::<Shop>(&[], caller.clone());
        let book = CallBook::new(COMMITS, triggers, caller);
        book.disk_takes("shop-1", 100, until_ms);
        book.disk_takes("shop-1", 20, until_ms + 1); // before the first time is over
        book.disk_takes("shop-2", 900, 1);
        let calls = Calls::new("shop-1", 1, book, CallPauses::default());
        let work = async {
            sleep(Duration::from_millis(work_ms)).await;
            Ok(())
        };
        calls.around("note sale", work).await.expect("it ends");
        let late = too_long(COMMITS, &calls.book.records()).is_some();
        assert_eq!(late, is_late, "{work_ms} ms, slow until {until_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no call is named \"note sales\"")]
async fn a_call_that_is_not_declared_is_a_mistake() {
    let failure = Failure::Fail(Cause::NoMaster);
    let asked = async { Err::<(), _>(failure) };
    drop(calls(1, CallPauses::default()).around("note sales", asked).await);
}
