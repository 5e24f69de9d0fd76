//! Redis refuses everything for some seconds, and then works for a while: each time too short to close a port.
//!
//! A replica that adds up what has failed closes its port at the second or third time, and so does the other one. (Inventory 25,
//! 26.)

use crate::{
    catalogue::marks::{fault_hit_somebody, somebody_logged_in},
    property::{CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce, EveryoneCanLogIn, HealthTells},
    scenario::{Logins, Monitor, Visitors, World, hosts::*, ms, redis_refuses as refuses, secs},
    vocabulary::{Faults, Refusal, Scenario},
};

/// How often, and how far apart, milliseconds: Redis works for much longer than a replica takes to notice it.
const TIMES: u64 = 3;
const EVERY_MS: u64 = 14_000;

pub(crate) fn store_blips() -> Scenario {
    let why = [Refusal::Permission, Refusal::Password, Refusal::WritesPaused];
    let faults = (0..TIMES).fold(Faults::new(), |faults, n| {
        let why = why[n as usize % why.len()];
        let [first, second] = [REDIS_1, REDIS_2].map(|node| refuses(node, why, ms(4_000)));
        let from = ms(8_000 + n * EVERY_MS);
        faults.at(from..from + ms(1_500), first).and(second)
    });
    Scenario::new(
        "store_blips",
        "Redis refuses everything for some seconds now and then, each time too short to close a port",
    )
    .covering(&[25, 26])
    // Requests take some time, so that faults meet them.
    .world(World::standard().calls_wait(50, ms(40)))
    .workload(Logins::people(40).from(secs(2)).every(ms(1_100)))
    .workload(Visitors::looking(8, 200, ms(250)))
    .workload(Logins::people(4).from(secs(56)).every(secs(1)))
    .workload(Monitor::every(secs(2)))
    .faults(faults.heal_at(secs(50)))
    .always(HealthTells)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .eventually(DegradedIsReported::within(secs(14)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(12)))
    .sometimes("a fault struck while somebody was doing something", fault_hit_somebody)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(84))
}
