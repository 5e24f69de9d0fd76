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

/// From when on, for how long each time it refuses, and for how long it works before the next, milliseconds. Looks that succeed
/// before and after a short time must not be added up.
const FROM_MS: u64 = 8_000;
const REFUSES_MS: [u64; 8] = [8_000, 3_000, 3_500, 8_000, 2_500, 3_000, 8_000, 8_000];
const WORKS_MS: u64 = 1_500;

pub(crate) fn store_flaps() -> Scenario {
    let mut from_ms = FROM_MS;
    let faults = REFUSES_MS.into_iter().fold(Faults::new(), |faults, lasts_ms| {
        let [first, second] = [REDIS_1, REDIS_2].map(|node| refuses(node, Refusal::Permission, ms(lasts_ms)));
        let at = ms(from_ms);
        from_ms += lasts_ms + WORKS_MS;
        faults.at(at, first).and(second)
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
