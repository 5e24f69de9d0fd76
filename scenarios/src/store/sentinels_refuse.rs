//! Somebody gives the Sentinels a password that the service does not have, and then all connections to Redis end.
//!
//! Redis is well, and nobody can find it. Operators are told why: the answer of the Sentinels. When the password is taken back,
//! everything works again. (Inventory 25, 26, 56.)

use crate::{
    catalogue::marks::{port_closed_and_opened, refused_with, somebody_logged_in},
    property::{
        CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, NoSecretLogged,
        RefusalsNamed, SessionsSurvive,
    },
    scenario::{Logins, Monitor, Probe, Visitors, World, hosts::*, ms, redis_refuses, secs, sentinel_refuses},
    vocabulary::{Faults, Refusal, Scenario},
};

/// How long the Sentinels ask for a password.
const LASTS_S: u64 = 10;

pub(crate) fn sentinels_refuse() -> Scenario {
    let [first, second, third] = SENTINELS;
    let refuses = |host| sentinel_refuses(host, secs(LASTS_S));
    let closes = |node| redis_refuses(node, Refusal::ClosedConnections, ms(100));
    Scenario::new(
        "sentinels_refuse",
        "the Sentinels ask for a password, and the service has to look for the master anew",
    )
    .covering(&[25, 26, 56])
    .world(World::standard())
    .workload(Logins::people(20).from(secs(3)).every(ms(1_300)))
    .workload(Visitors::looking(3, 12, secs(3)).from(secs(1)).every(secs(1)))
    .workload(Logins::people(4).from(secs(38)).every(secs(1)))
    .workloads(Probe::everything_from(secs(40)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .at(secs(5)..secs(6), refuses(first))
            .and(refuses(second))
            .and(refuses(third))
            .at(secs(7)..secs(8), closes(REDIS_1))
            .and(closes(REDIS_2))
            .heal_at(secs(24)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RefusalsNamed)
    .always(NoSecretLogged)
    .always(SessionsSurvive::settling_within(secs(0)))
    .eventually(DegradedIsReported::within(secs(14)).recovers_within(secs(4)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(12)))
    .eventually(EveryReplicaServes::within(secs(12)).settling(secs(12)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "somebody was told to try again",
        refused_with("temporarily-unavailable"),
    )
    .sometimes("a replica closed its port and opened it again", port_closed_and_opened)
    .lasts(secs(58))
}
