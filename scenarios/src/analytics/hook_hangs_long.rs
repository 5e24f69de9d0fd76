//! The analytics hook takes nothing for a while, and more events wait for it than may; later nobody listens there.
//!
//! The oldest are dropped. An operator reads in the log that events are lost, and afterwards how many. (Inventory 53.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{EventsCounted, HealthTells, LatencyBudget},
    scenario::{Logins, Monitor, World, analytics, hosts::ANALYTICS, kill, ms, secs, start},
    vocabulary::{Faults, Mode, Scenario},
};

pub(crate) fn hook_hangs_long() -> Scenario {
    let stalls = [
        analytics(Mode::Hanging),
        analytics(Mode::Failing),
        analytics(Mode::Dropping),
    ];
    Scenario::new(
        "hook_hangs_long",
        "the analytics hook takes nothing for a while, and more events wait than may",
    )
    .covering(&[53])
    .world(World::of_a_developer().analytics_queue(3))
    .workload(Logins::people(20).from(secs(2)).every(ms(150)))
    .workload(Logins::people(4).from(secs(40)).every(secs(1)))
    .workload(Logins::people(4).from(secs(52)).every(secs(1)))
    // One of the events of somebody who is there alone is lost.
    .workload(Logins::people(1).from(secs(62)))
    .workload(Logins::people(2).from(secs(67)).every(secs(1)))
    .workload(Monitor::every(secs(3)))
    .faults(
        Faults::new()
            .one_at(secs(3)..secs(6), stalls)
            .heal_at(secs(25))
            .at(secs(49), kill(ANALYTICS))
            .at(secs(55), start(ANALYTICS))
            .at(ms(61_500), analytics(Mode::Failing))
            .at(ms(62_200)..ms(64_000), analytics(Mode::Healthy)),
    )
    .always(HealthTells)
    .always(EventsCounted)
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .sometimes("more events waited than may", marked("analytics dropped"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(78))
}
