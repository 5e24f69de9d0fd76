//! Redis refuses everything for some seconds, answers for a moment, and refuses again: a node that runs out of something, or a
//! path that comes and goes.
//!
//! It works for too short a time to log in, so the ports stay closed until it works again. (Inventory 25, 26.)

use crate::{
    catalogue::marks::{port_closed_and_opened, somebody_logged_in},
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryoneCanLogIn, PortsDoNotFlap},
    scenario::{Logins, Monitor, World, hosts::*, ms, redis_refuses as refuses, secs},
    vocabulary::{Faults, Refusal, Scenario},
};

/// How often, from when on, and for how long of each time it refuses, milliseconds.
const TIMES: u64 = 6;
const FROM_MS: u64 = 8_000;
const EVERY_MS: u64 = 9_500;
const REFUSES_MS: u64 = 8_000;

pub(crate) fn store_flaps() -> Scenario {
    let faults = (0..TIMES).fold(Faults::new(), |faults, n| {
        let [first, second] = [REDIS_1, REDIS_2].map(|node| refuses(node, Refusal::Permission, ms(REFUSES_MS)));
        faults.at(ms(FROM_MS + n * EVERY_MS), first).and(second)
    });
    Scenario::new(
        "store_flaps",
        "Redis refuses everything for some seconds, and works for one, again and again",
    )
    .covering(&[25, 26])
    .world(World::standard())
    .workload(Logins::people(30).from(secs(3)).every(ms(1_900)))
    .workload(Logins::people(4).from(secs(84)).every(secs(1)))
    .workload(Monitor::every(secs(3)))
    .faults(faults.heal_at(secs(70)))
    .always(PortsDoNotFlap)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(12)))
    .sometimes("a replica closed its port and opened it again", port_closed_and_opened)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(104))
}
