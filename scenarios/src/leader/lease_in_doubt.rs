//! All replicas start anew, and the first calls by which one of them becomes the leader fail, or their answers are lost.
//!
//! A lease that may have been granted is renewed, and one without an epoch is given back: soon there is a leader, long before
//! a lease would run out. (Inventory 29, 30, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{EveryoneCanLogIn, NoLeaseNoJobs, RemindersArrive, RemindersOnce},
    scenario::{Logins, Monitor, Probe, World, answer_lost, call_fails, hosts::*, kill, ms, secs, start},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn lease_in_doubt() -> Scenario {
    let in_doubt = |host| {
        [
            answer_lost(host, "store put_if_absent auth:leader", "reset"),
            call_fails(host, "directory begin_epoch", "SQLITE_IOERR"),
            answer_lost(host, "directory begin_epoch", "SQLITE_IOERR_FSYNC"),
        ]
    };
    Scenario::new(
        "lease_in_doubt",
        "all replicas start anew, and the calls by which one becomes the leader fail",
    )
    .covering(&[29, 30, 31])
    .world(World::standard().reminders(3, secs(36)..secs(37)).reminder_at(secs(52)))
    .workload(Logins::people(6).from(secs(2)).every(ms(3_200)))
    .workload(Logins::people(4).from(secs(40)).every(secs(2)))
    .workloads(Probe::everything_from(secs(50)))
    .workload(Monitor::every(secs(4)))
    .faults(
        Faults::new()
            .at(secs(18), kill(IDP_A))
            .and(kill(IDP_B))
            .one_at(secs(31), in_doubt(IDP_A))
            .one_at(secs(31), in_doubt(IDP_B))
            .at(secs(32), start(IDP_A))
            .then(ms(0)..ms(900), start(IDP_B))
            .heal_at(secs(34)),
    )
    .always(RemindersOnce)
    .always(NoLeaseNoJobs)
    .eventually(RemindersArrive::within(secs(5)).settling(secs(1)))
    .eventually(EveryoneCanLogIn::within(secs(12)).settling(secs(5)))
    .sometimes("a leader was elected", marked("leader elected"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(60))
}
