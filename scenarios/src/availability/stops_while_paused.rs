//! A replica's machine stands still for a moment, and meanwhile the replica is asked to end.
//!
//! When it goes on, it finds both: that it is to end, and what people have sent meanwhile, who have been told by nobody that this
//! replica ends. It stops in order as any other. (Inventory 1, 34.)

use crate::{
    catalogue::marks::somebody_logged_in,
    limits,
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, RemindersOnce, StopsInOrder},
    scenario::{Logins, Probe, Visitors, World, hosts::*, ms, pause, resume, secs, start, stop},
    vocabulary::{Faults, Plan, Scenario, Workload},
};
use sim::engine::Order;

/// When each replica's turn is, milliseconds, and when it is started again.
const TURNS_MS: [(&str, u64); 4] = [(IDP_A, 10_000), (IDP_B, 30_000), (IDP_A, 50_000), (IDP_B, 70_000)];
const STARTS_AFTER_MS: u64 = 4_000;

pub(crate) fn stops_while_paused() -> Scenario {
    let faults = TURNS_MS.into_iter().fold(Faults::new(), |faults, (host, at_ms)| {
        faults
            .at(ms(at_ms), pause(host))
            .at(ms(at_ms + 100)..ms(at_ms + 300), stop(host))
            .at(ms(at_ms + 400)..ms(at_ms + 600), resume(host))
            .at(ms(at_ms + STARTS_AFTER_MS), start(host))
    });
    Scenario::new(
        "stops_while_paused",
        "a replica is asked to end while its machine stands still for a moment",
    )
    .covering(&[1, 34])
    .world(World::standard())
    .workload(Logins::people(60).from(secs(3)).every(ms(1_200)))
    .workload(Visitors::looking(6, 300, ms(250)))
    // Somebody who asks the replica itself.
    .workload(crawler().from(secs(9)))
    .workloads(Probe::everything_from(secs(90)))
    .faults(faults.heal_at(secs(80)))
    // Whether a process that goes on looks first at its signals or at its port nobody promises.
    .drawn(|_, plan: &mut Plan| plan.order = Order::Shuffled)
    .always(StopsInOrder)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(10)))
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(8)))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(110))
}

fn crawler() -> Workload {
    let does = limits::Behaviour::BeginLogins {
        logins: 700,
        every_ms: 100,
        state_bytes: 0,
        from_many_places: false,
    };
    Workload::named("crawler", does.into())
}
