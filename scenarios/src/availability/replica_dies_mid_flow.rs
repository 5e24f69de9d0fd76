//! A replica dies while people are between two pages of a login.
//!
//! It is killed, loses power, or is paused, and comes back later. Anyone who was in the middle of a login completes it
//! at the other replica, which also leads the background jobs. (Inventory 6, 9, 30, 34.)

use crate::{
    catalogue::marks::{fault_hit_somebody, marked, somebody_logged_in},
    property::{
        AnalyticsArrive, CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, MailArrives,
        OneMailPerWindow, RemindersArrive, RemindersOnce, ReplicationCatchesUp,
    },
    scenario::{Logins, Monitor, Probe, World, hosts::*, kill, ms, pause, power_loss, resume, secs, start},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn replica_dies_mid_flow() -> Scenario {
    let dies = [
        kill(IDP_A),
        kill(IDP_B),
        power_loss(IDP_A),
        power_loss(IDP_B),
        pause(IDP_A),
        pause(IDP_B),
    ];
    Scenario::new(
        "replica_dies_mid_flow",
        "a replica dies while people are between its pages",
    )
    .covering(&[6, 9, 30, 34])
    .world(
        World::standard()
            .links_take_up_to(ms(10)..ms(30))
            .reminders(4, secs(9)..secs(11))
            .reminders(3, secs(60)..secs(62)),
    )
    .workload(Logins::people(24).every(ms(600)))
    .workloads(Probe::everything_from(secs(50)))
    .workload(Monitor::every(secs(4)))
    .faults(
        Faults::new()
            .one_at(secs(8)..secs(11), dies)
            .then(secs(6)..secs(12), start(IDP_A))
            .and(start(IDP_B))
            .and(resume(IDP_A))
            .and(resume(IDP_B))
            .heal_at(secs(26)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(OneMailPerWindow)
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(3)))
    .eventually(EveryoneCanLogIn::within(secs(60)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(15)))
    .eventually(ReplicationCatchesUp::within(secs(6)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .eventually(AnalyticsArrive::within(secs(3)).settling(secs(5)))
    .sometimes("the replica died on somebody", fault_hit_somebody)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "the balancer turned to the other replica",
        marked("the balancer turned to the next replica"),
    )
    .lasts(secs(80))
}
