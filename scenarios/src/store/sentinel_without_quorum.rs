//! The master dies, and there are not enough Sentinels to replace it.
//!
//! Nobody can log in. The service reports it, accepts nothing into memory instead, and recovers when the Sentinels or
//! the master come back. (Inventory 37, 38.)

use crate::{
    catalogue::marks::{marked, nobody_promoted, port_closed_and_opened, somebody_logged_in},
    property::{
        CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, NoLocalSuccess,
        RemindersArrive, ReplicationCatchesUp,
    },
    scenario::{Logins, Probe, World, hosts::*, kill, ms, power_loss, secs},
    store::history::WRITE_LOST,
    vocabulary::{Faults, Scenario},
};

pub(crate) fn sentinel_without_quorum() -> Scenario {
    let [_, second, third] = SENTINELS;
    Scenario::new(
        "sentinel_without_quorum",
        "the Redis master dies and too few Sentinels are left to replace it",
    )
    .covering(&[37, 38])
    .world(World::standard().reminder_at(secs(56)).links_take_up_to(ms(15)..ms(35)))
    .workload(Logins::people(14).from(secs(4)).every(ms(500)))
    .workload(Logins::people(6).from(secs(14)).every(secs(3)))
    .workload(Logins::people(4).from(secs(44)).every(secs(1)))
    .workloads(Probe::everything_from(secs(46)))
    .faults(
        Faults::new()
            .at(secs(6)..secs(8), kill(second))
            .and(kill(third))
            .one_at(secs(10)..secs(12), [kill(REDIS_1), power_loss(REDIS_1)])
            .heal_at(secs(35)..secs(38)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(NoLocalSuccess)
    .eventually(DegradedIsReported::within(secs(14)).recovers_within(secs(4)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(12)).settling(secs(5)))
    .eventually(ReplicationCatchesUp::within(secs(34)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("nobody was promoted", nobody_promoted)
    .sometimes("a replica closed its port and opened it again", port_closed_and_opened)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(WRITE_LOST, marked(WRITE_LOST))
    .lasts(secs(76))
}
