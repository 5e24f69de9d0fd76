//! The master and one Sentinel are cut off from the other node and the other Sentinels, and not from the service.
//!
//! The other Sentinels elect a new master. The old one works on, does not know of it, and is reached by everybody who had a
//! connection to it. When the links are mended it is demoted, and what it was told meanwhile is lost. Nobody is harmed by that
//! if the service has followed the Sentinels long before. (Inventory 37, 39; measured on Redis 7.0.15.)

use crate::{
    catalogue::marks::{marked, master_replaced, somebody_logged_in},
    property::{
        CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, RemindersArrive,
        ReplicationCatchesUp, SessionsSurvive,
    },
    scenario::{Logins, Probe, World, cut, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};
use std::{ops::Range, time::Duration};

pub(crate) fn master_cut_off() -> Scenario {
    Scenario::new(
        "master_cut_off",
        "the Redis master is cut off from most Sentinels, is replaced, and does not know it",
    )
    .covering(&[37, 39])
    .world(World::standard().reminder_at(secs(88)).links_take_up_to(ms(5)..ms(20)))
    .workload(Logins::people(30).from(secs(8)).every(ms(1_200)))
    .workload(Logins::people(40).from(secs(40)).every(ms(500)))
    .workload(Logins::people(4).from(secs(70)).every(secs(1)))
    .workloads(Probe::everything_from(secs(74)))
    .faults(cut_off(secs(10)..secs(12)).heal_at(secs(42)..secs(45)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .eventually(EveryoneCanLogIn::within(secs(30)).settling(secs(12)))
    .eventually(DegradedIsReported::within(secs(14)).recovers_within(secs(30)))
    .eventually(EveryReplicaServes::within(secs(10)).settling(secs(20)))
    .eventually(ReplicationCatchesUp::within(secs(28)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("the master was replaced", master_replaced)
    .sometimes(LEFT, marked(LEFT))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(96))
}

/// The first master and the first Sentinel are cut off from the other node and the other Sentinels.
pub(super) fn cut_off(when: Range<Duration>) -> Faults {
    let [first, second, third] = SENTINELS;
    Faults::new()
        .at(when, cut(REDIS_1, REDIS_2))
        .and(cut(REDIS_1, second))
        .and(cut(REDIS_1, third))
        .and(cut(first, REDIS_2))
        .and(cut(first, second))
        .and(cut(first, third))
}

/// A replica has left a master that worked for the one that most Sentinels name.
const LEFT: &str = "the master was left for another";
