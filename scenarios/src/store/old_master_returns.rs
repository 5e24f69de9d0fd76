//! The old master comes back and does not know that it was replaced.
//!
//! It was killed or paused. A few seconds later it is there again; for a while it considers itself the master and
//! accepts writes that will be lost. Nobody may be told that such a write was done. (Inventory 39; measured on Redis
//! 7.0.15: up to 10.2 s.)

use crate::{
    catalogue::marks::{fault_hit_somebody, master_replaced, somebody_logged_in},
    property::{
        CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, RemindersArrive,
        ReplicationCatchesUp, StolenCodesUseless,
    },
    scenario::{CodeThief, Logins, Probe, World, hosts::*, kill, ms, pause, power_loss, resume, secs, start},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn old_master_returns() -> Scenario {
    Scenario::new(
        "old_master_returns",
        "the old master comes back and does not know that it was replaced",
    )
    .covering(&[37, 39])
    .world(
        World::standard()
            .reminder_at(secs(84))
            .replication_takes(ms(1)..ms(20))
            .links_take_up_to(ms(10)..ms(30)),
    )
    .workload(Logins::people(16).from(secs(6)).every(ms(400)))
    .workload(Logins::people(20).from(secs(13)).every(ms(1200)))
    .workload(Logins::people(3).from(secs(62)).every(secs(1)))
    .workload(CodeThief::replays_after(&[secs(3), secs(9), secs(15)]))
    .workloads(Probe::everything_from(secs(68)))
    .faults(
        Faults::new()
            .one_at(secs(9)..secs(11), [kill(REDIS_1), pause(REDIS_1), power_loss(REDIS_1)])
            .then(secs(5)..secs(12), start(REDIS_1))
            .and(resume(REDIS_1))
            .heal_at(secs(42)),
    )
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(30)).after_last_fault(secs(12)))
    .eventually(DegradedIsReported::within(secs(14)).recovers_within(secs(30)))
    .eventually(EveryReplicaServes::within(secs(10)).settling(secs(20)))
    .eventually(ReplicationCatchesUp::within(secs(20)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("the master died on somebody", fault_hit_somebody)
    .sometimes("the master was replaced", master_replaced)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(92))
}
