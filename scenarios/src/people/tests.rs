//! The whole workload in a world without faults: the operations of people succeed, those of attackers do not.

use crate::{
    limits, mailed_code, people,
    property::limits as default_limits,
    redemption, session,
    vocabulary::{Behaviour, Event, Observation, Op, Operation, Plan, Run, Seen, Setup},
};
use sim::run::perform;

fn performed(lasts_ms: u64, operations: &[(u64, &str, Behaviour)]) -> Run {
    let plan = Plan {
        operations: operations
            .iter()
            .map(|(at_ms, who, does)| Operation {
                at_ms: *at_ms,
                who: (*who).into(),
                does: does.clone(),
            })
            .collect(),
        ..Plan::new("workload", 7, lasts_ms)
    };
    let run = perform(&plan, &Setup::default()).unwrap();
    assert!(run.violations.is_empty(), "{:?}", run.violations);
    run
}

fn ended(run: &Run) -> impl Iterator<Item = (&str, &Op, &Seen)> {
    run.history.records.iter().filter_map(|record| match &record.event {
        Event::Ended { op, seen, .. } => Some((record.who.as_str(), op, seen)),
        _ => None,
    })
}

fn count(run: &Run, wanted: impl Fn(&str, &Op, &Seen) -> bool) -> usize {
    ended(run).filter(|(who, op, seen)| wanted(who, op, seen)).count()
}

fn told(seen: &Seen, text: &str) -> bool {
    matches!(seen, Seen::Fail(what) if what == text)
}

#[test]
fn people_log_in_in_their_several_ways() {
    let run = performed(
        40_000,
        &[
            (1000, "ann", Behaviour::MailedCode(mailed_code::Behaviour::LogIn)),
            (
                1000,
                "bob",
                Behaviour::MailedCode(mailed_code::Behaviour::LogInImpatiently { clicks: 6 }),
            ),
            (1500, "cat", Behaviour::Redemption(redemption::Behaviour::RaceCode)),
            (1500, "dan", Behaviour::Redemption(redemption::Behaviour::BurnCode)),
            (
                2000,
                "eve",
                Behaviour::Session(session::Behaviour::StayLoggedIn {
                    every_ms: 2000,
                    looks: 5,
                }),
            ),
            (20_000, "ann", Behaviour::MailedCode(mailed_code::Behaviour::LogIn)),
        ],
    );
    assert_eq!(
        count(&run, |_, op, seen| *op == Op::People(people::Op::LogIn)
            && *seen == Seen::Ok),
        6
    );
    assert_eq!(count(&run, |_, op, _| *op == Op::People(people::Op::LogIn)), 6);
    // Only the expected operations failed: one redemption of the race, and the burner's.
    let wrong: Vec<_> = ended(&run).filter(|(_, _, seen)| **seen != Seen::Ok).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    for (who, op, seen) in wrong {
        assert!(
            matches!(op, Op::Redemption(redemption::Op::Redeem { .. })) && told(seen, "invalid_grant"),
            "{who} {op:?} {seen:?}"
        );
        assert!(who == "cat" || who == redemption::burn::BURNER);
    }
    assert_eq!(
        count(&run, |who, op, _| who == "bob"
            && matches!(op, Op::MailedCode(mailed_code::Op::SendCode { .. }))),
        6
    );
    assert_eq!(
        count(&run, |who, op, _| who == "bob"
            && matches!(op, Op::MailedCode(mailed_code::Op::VerifyCode { .. }))),
        2
    );
    assert_eq!(
        count(&run, |who, op, _| who == "eve"
            && matches!(op, Op::Session(session::Op::Visit { .. }))),
        5
    );
}

#[test]
fn attackers_get_nothing_but_refusals() {
    let run = performed(
        60_000,
        &[
            (
                0,
                "thief",
                Behaviour::Redemption(redemption::Behaviour::StealCodes {
                    after_ms: vec![500, 5000],
                }),
            ),
            (1000, "ann", Behaviour::MailedCode(mailed_code::Behaviour::LogIn)),
            (
                1000,
                "lurker",
                Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail {
                    victim: "ann".into(),
                    after_ms: 4000,
                }),
            ),
            (
                2000,
                "mallory",
                Behaviour::Limits(limits::Behaviour::Guess {
                    victim: "bob".into(),
                    guesses: 30,
                    every_ms: 500,
                    in_one_place: false,
                    known_as: None,
                }),
            ),
            (
                2000,
                "trudy",
                Behaviour::Limits(limits::Behaviour::Flood {
                    victim: "cat".into(),
                    sends: 20,
                    every_ms: 200,
                    in_one_place: false,
                }),
            ),
        ],
    );
    assert_eq!(
        count(&run, |_, op, seen| *op == Op::People(people::Op::LogIn)
            && *seen == Seen::Ok),
        1
    );
    assert_eq!(
        count(&run, |who, op, _| who == "thief"
            && matches!(op, Op::Redemption(redemption::Op::Redeem { .. }))),
        7
    );
    assert_eq!(
        count(&run, |who, _, seen| who == "thief" && told(seen, "invalid_grant")),
        7
    );
    // The token lives until the code was presented with all that binds it.
    let asked = |expected: &dyn Fn(&Seen) -> bool| {
        count(&run, |who, op, seen| {
            who == "thief" && matches!(op, Op::Redemption(redemption::Op::UserInfo { .. })) && expected(seen)
        })
    };
    assert_eq!(asked(&|seen| *seen == Seen::Ok), 1);
    assert_eq!(asked(&|seen| told(seen, "invalid_token")), 3);

    assert_eq!(
        count(&run, |who, op, seen| {
            who == "lurker"
                && matches!(op, Op::MailedCode(mailed_code::Op::VerifyCode { .. }))
                && told(seen, "wrong-code")
        }),
        2
    );

    let limits = default_limits();
    let admitted = count(&run, |who, _, seen| who == "mallory" && told(seen, "wrong-code")) as u64;
    assert!(
        admitted > 0 && admitted <= limits.login_attempts,
        "{admitted} guesses were admitted"
    );
    assert_eq!(
        count(&run, |who, op, seen| {
            who == "mallory" && matches!(op, Op::MailedCode(mailed_code::Op::VerifyCode { .. })) && *seen == Seen::Ok
        }),
        0
    );
    let mails =
        run.history.records.iter().filter(
            |record| matches!(&record.event, Event::Own(Observation::MailedCode(mailed_code::Observation::CodeMailed { address, .. })) if address == "cat@example.com"),
        );
    assert_eq!(mails.count() as u64, limits.sends);
    assert_eq!(
        count(&run, |who, _, seen| who == "trudy" && told(seen, "too-many-mails")),
        15
    );
}

#[test]
fn equal_plans_give_equal_runs() {
    let operations = [
        (
            500,
            "ann",
            Behaviour::MailedCode(mailed_code::Behaviour::LogInImpatiently { clicks: 3 }),
        ),
        (500, "bob", Behaviour::Redemption(redemption::Behaviour::RaceCode)),
        (600, "cat", Behaviour::Redemption(redemption::Behaviour::BurnCode)),
    ];
    let fingerprint = || performed(15_000, &operations).fingerprint;
    assert_eq!(fingerprint(), fingerprint());
}
