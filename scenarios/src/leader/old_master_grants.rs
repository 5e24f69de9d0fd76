//! The leader and the Redis master are paused together; the next leader holds the lease on the master that was promoted. When
//! both wake up, the old master, which nobody has demoted yet, grants the lease to the old leader once more.
//!
//! From then on the epoch of the leader whose lease counts is fenced, permanently, and somebody has to notice that. (Inventory
//! 29, 30, 39.)

use crate::{
    catalogue::marks::marked,
    property::{EveryoneCanLogIn, RemindersArrive, RemindersOnce},
    scenario::{Logins, Monitor, World, hosts::*, ms, pause, resume, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn old_master_grants() -> Scenario {
    Scenario::new(
        "old_master_grants",
        "an old leader gets the lease from an old master, beside a leader who has it from the new one",
    )
    .covering(&[29, 30, 39])
    .world(
        World::standard()
            .reminders(3, secs(4)..secs(25))
            .reminders(4, secs(30)..secs(50)),
    )
    .workload(Logins::people(24).from(ms(300)).every(ms(700)))
    .workload(Logins::people(4).from(secs(30)).every(secs(4)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .one_at(secs(1)..ms(1_400), [pause(IDP_A), pause(IDP_B)])
            .at(secs(2)..ms(2_500), pause(REDIS_1))
            .at(secs(13)..ms(13_500), resume(REDIS_1))
            .and(resume(IDP_A))
            .and(resume(IDP_B))
            .heal_at(secs(16)),
    )
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(4)).settling(secs(15)))
    .eventually(EveryoneCanLogIn::within(secs(10)).settling(secs(10)))
    .sometimes("a fenced leader noticed it", marked("lease lost"))
    .lasts(secs(70))
}
