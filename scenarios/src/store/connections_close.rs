//! Redis closes the connections of all its clients, again and again: an operator cleans up, a firewall forgets, `timeout` is
//! set. It serves everybody who connects anew.
//!
//! A connection that has ended is noticed when it ends, and not by the next person's request. Only what is under way at that
//! moment may fail. (Inventory 25, 37.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, NoSecretLogged, RemindersOnce},
    scenario::{Logins, Monitor, Probe, Racers, World, cut, hosts::*, ms, redis_refuses, secs},
    vocabulary::{Faults, Refusal, Scenario},
};

/// How often.
const TIMES: u64 = 24;
/// By then its clients have noticed: twice a packet's longest way.
const NOTICED_MS: u64 = 40;

pub(crate) fn connections_close() -> Scenario {
    let mut faults = Faults::new();
    for n in 0..TIMES {
        let from = ms(4_000 + n * 1_300);
        let closes = |node| redis_refuses(node, Refusal::ClosedConnections, ms(NOTICED_MS));
        faults = faults.at(from..from + ms(1_000), closes(REDIS_1)).and(closes(REDIS_2));
    }
    // At the end one replica finds no Sentinel either that would say where to connect.
    for sentinel in SENTINELS {
        faults = faults.at(secs(35), cut(IDP_A, sentinel));
    }
    Scenario::new(
        "connections_close",
        "Redis closes all connections again and again, and serves whoever connects anew",
    )
    .covering(&[25, 37])
    .world(World::standard().reminders(3, secs(6)..secs(30)))
    .workload(Logins::people(40).from(secs(3)).every(ms(800)))
    .workload(Racers::people(5).from(secs(5)).every(secs(5)))
    .workload(Logins::people(2).from(secs(48)).every(secs(1)))
    .workloads(Probe::everything_from(secs(50)))
    .workload(Monitor::every(secs(2)))
    .faults(faults.heal_at(secs(40)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(40)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(5)).settling(secs(5)))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(90))
}
