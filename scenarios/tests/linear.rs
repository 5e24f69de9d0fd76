//! The store that the replicas share, as they saw it: one store without a failover, less than that through one.

mod common;

use scenarios::{
    store::history::{COUNTED_BACK, LEASE_LOST, TAKEN_CAME_BACK, UNEXPLAINED, WRITE_LOST, listen},
    vocabulary::Setup,
};
use sim::{linear::Verdict, run::perform};

#[test]
fn on_a_calm_day_the_store_is_linearizable() {
    let scenario = common::scenario("calm_day");
    for seed in 1..=3 {
        let (_, account) = listen(&scenario.plan(seed), None).expect("the harness works");
        assert!(account.operations.len() > 100, "seed {seed}: {account}");
        assert!(account.verdicts.linearizable(), "seed {seed}: {account}");
    }
}

/// No claim of the service's, but what the claims are for: acknowledged writes are taken back, and every answer is
/// explained by that.
#[test]
fn a_failover_takes_back_what_was_acknowledged() {
    let scenario = common::scenario("failover_mid_redemption");
    let mut undone = 0;
    for seed in 1..=4 {
        let (_, account) = listen(&scenario.plan(seed), None).expect("the harness works");
        assert_eq!(account.verdicts.unexplained(), 0, "seed {seed}: {account}");
        undone += account.verdicts.losses(&account.operations).values().sum::<usize>();
    }
    assert!(undone > 0, "a failover that loses nothing tests nothing");
}

/// A take in two steps lets two racers have the value, with no fault at all.
#[test]
fn a_take_in_two_steps_is_noticed() {
    let scenario = common::scenario("code_race");
    let bug = common::bug("get_then_del");
    let (_, right) = listen(&scenario.plan(1), None).expect("the harness works");
    assert!(right.verdicts.linearizable(), "{right}");
    let (_, wrong) = listen(&scenario.plan(1), Some(&bug)).expect("the harness works");
    let broken = |(key, verdict): (&String, &Verdict)| key.contains(":code:") && *verdict != Verdict::Linearizable;
    assert!(wrong.verdicts.keys.iter().any(broken), "{wrong}");
}

/// Every judged run is listened to: what its store took back is among its marks, and in nothing else.
#[test]
fn what_the_store_took_back_is_a_mark() {
    let scenario = common::scenario("failover_mid_redemption");
    for seed in 1..=3 {
        let plan = scenario.plan(seed);
        let (bare, judged) = (
            perform(&plan, &Setup::default()).expect("the harness works"),
            common::perform(&scenario, &plan, None),
        );
        assert_eq!(bare.fingerprint, judged.fingerprint, "seed {seed}");
        let (_, account) = listen(&plan, None).expect("the harness works");
        let taken_back: usize = account.verdicts.losses(&account.operations).values().sum();
        let told = [WRITE_LOST, TAKEN_CAME_BACK, COUNTED_BACK, LEASE_LOST].map(|name| judged.marks.get(name).copied());
        assert_eq!(
            told.into_iter().flatten().sum::<u64>(),
            taken_back as u64,
            "seed {seed}"
        );
        assert_eq!(judged.marks.get(UNEXPLAINED), None, "seed {seed}");
    }
}

#[test]
fn listening_changes_nothing() {
    for name in ["failover_mid_redemption", "swarm"] {
        let scenario = common::scenario(name);
        let plan = scenario.plan(2);
        let alone = perform(&plan, &Setup::default()).expect("the harness works");
        let (heard, first) = listen(&plan, None).expect("the harness works");
        let (_, second) = listen(&plan, None).expect("the harness works");
        assert_eq!(alone.history, heard.history, "{name}");
        assert_eq!(alone.fingerprint, heard.fingerprint, "{name}");
        assert_eq!(first.operations, second.operations, "{name}");
        assert_eq!(first.verdicts, second.verdicts, "{name}");
    }
}

#[test]
fn replay_says_by_how_much_the_store_is_not_one() {
    let output = common::squall(&["replay", "calm_day", "--seed", "1", "--account"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("\n  linearizable"), "{told}");
    let output = common::squall(&["replay", "failover_mid_redemption", "--seed", "5", "--account"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("not linearizable; taken back, at least:"), "{told}");
}
