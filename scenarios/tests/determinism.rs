//! Equal plans give equal runs. Without this no other failure could be debugged, so look here first.

mod common;

use scenarios::vocabulary::{Fault, Plan, TimedFault};
use sim::{
    engine::{ArrivalOrder, Order},
    judge::{JudgeOptions, judge},
};
use std::fs;

/// The harshest mix, with every way to stop a host in it, whatever the scenario draws. Plans of even seeds have random
/// orders of tasks and of arrivals.
fn harsh(seed: u64) -> Plan {
    let mut plan = common::scenario("swarm").plan(seed);
    if seed.is_multiple_of(2) {
        plan.order = [Order::Shuffled, Order::Priorities][(seed / 2 % 2) as usize];
        plan.arrival_order = ArrivalOrder::Shuffled;
    }
    plan.world.replicas = plan.world.replicas.max(2);
    let host = |name: &str| name.to_owned();
    let stops = [
        (10_000, Fault::Pause { host: host("idp-a") }),
        (13_500, Fault::Resume { host: host("idp-a") }),
        (15_000, Fault::Kill { host: host("redis-1") }),
        (19_000, Fault::Start { host: host("redis-1") }),
        (22_000, Fault::PowerLoss { host: host("idp-b") }),
        (25_000, Fault::Start { host: host("idp-b") }),
        (27_000, Fault::Pause { host: host("redis-2") }),
        (31_000, Fault::Resume { host: host("redis-2") }),
        (32_000, Fault::Kill { host: host("balancer") }),
        (33_000, Fault::Start { host: host("balancer") }),
    ];
    let healed = plan.healed_at_ms().unwrap_or(plan.lasts_ms);
    plan.faults.extend(
        stops
            .into_iter()
            .filter(|(at_ms, _)| *at_ms < healed)
            .map(|(at_ms, fault)| TimedFault::at(at_ms, fault)),
    );
    plan.faults.sort_by_key(|fault| fault.at_ms);
    assert!(
        plan.faults
            .iter()
            .any(|timed| matches!(timed.fault, Fault::Kill { .. })),
        "a crash"
    );
    assert!(
        plan.faults
            .iter()
            .any(|timed| matches!(timed.fault, Fault::Pause { .. })),
        "a pause"
    );
    plan
}

#[test]
fn twice_in_one_process() {
    let swarm = common::scenario("swarm");
    for seed in 1..=3 {
        let plan = harsh(seed);
        let first = common::perform(&swarm, &plan, None);
        // Another run in between leaves nothing behind that could matter.
        let calm = common::scenario("calm_day");
        common::perform(&calm, &calm.plan(seed), None);
        let second = common::perform(&swarm, &plan, None);
        assert_eq!(first.history, second.history, "seed {seed}");
        assert_eq!(first.marks, second.marks, "seed {seed}");
        assert_eq!(
            first.fingerprint.to_string(),
            second.fingerprint.to_string(),
            "seed {seed}"
        );
    }
}

#[test]
fn another_seed_is_another_run() {
    let swarm = common::scenario("swarm");
    let [one, other] = [1, 2].map(|seed| common::perform(&swarm, &harsh(seed), None));
    assert_ne!(one.fingerprint.to_string(), other.fingerprint.to_string());
}

#[test]
fn at_two_log_levels_and_with_messages() {
    let swarm = common::scenario("swarm");
    let plan = harsh(4);
    let quiet = common::perform(&swarm, &plan, None);
    assert!(quiet.log.is_empty());
    let options = JudgeOptions {
        keep_log: true,
        keep_messages: true,
        log_filter: Some("trace".into()),
        ..JudgeOptions::default()
    };
    let loud = judge(&swarm, &plan, None, &options).expect("the harness works");
    assert!(!loud.log.is_empty(), "there was something to log");
    assert!(!loud.messages.is_empty(), "there was something to send");
    assert_eq!(quiet.history, loud.history);
    assert!(!quiet.operators.log.is_empty(), "the replicas had something to say");
    assert_eq!(quiet.operators, loud.operators);
    assert_eq!(quiet.fingerprint.to_string(), loud.fingerprint.to_string());
}

#[test]
fn in_two_processes() {
    let swarm = common::scenario("swarm");
    for seed in [5, 6] {
        let plan = harsh(seed);
        let file = common::scratch(&format!("harsh-{seed}.toml"));
        plan.write(&file).expect("the plan can be written");
        let path = file.to_str().expect("a readable path");
        let [first, second] = [["replay", path, "--json"], ["replay", path, "--json"]].map(|args| {
            let output = common::squall(&args);
            serde_json::from_slice::<serde_json::Value>(&output.stdout)
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
        });
        fs::remove_file(&file).expect("the plan can be removed");
        assert_eq!(first, second, "seed {seed}");
        let here = common::perform(&swarm, &plan, None);
        assert_eq!(first["fingerprint"], here.fingerprint.to_string(), "seed {seed}");
    }
}

#[test]
fn a_replay_names_the_orders_that_are_not_the_defaults() {
    let (calm, path) = (common::scenario("calm_day"), common::scratch("in-random-orders.toml"));
    let told = |plan: &Plan| {
        plan.write(&path).expect("the plan can be written");
        let output = common::squall(&["replay", path.to_str().expect("a readable path")]);
        String::from_utf8(output.stdout).expect("text")
    };
    let mut plan = calm.plan(1);
    assert!(!told(&plan).contains("Order: "));
    plan.arrival_order = ArrivalOrder::Shuffled;
    let told = told(&plan);
    let expected =
        "Order: packets that arrive in the same millisecond are delivered in a random order that TCP permits";
    assert!(told.lines().any(|line| line == expected), "{told}");
    fs::remove_file(&path).expect("the plan can be removed");
}
