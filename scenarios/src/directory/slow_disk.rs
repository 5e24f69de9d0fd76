//! The disk under the directory is slow, and one replica is far from its Redis.
//!
//! A commit takes long; the other replica meets a locked directory, and so do others at the same replica. Then the link
//! from one replica to Redis becomes slow as well, so that this replica waits often and long. Anyone at the other
//! replica waits for a few commits at most, and whoever only looks at a page for none. (Inventory 27, 28.)

use crate::{
    catalogue::marks::{fault_hit_somebody, marked, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, NoSecretLogged,
        RightfulCodeHonoured, SessionsSurvive, StallsBounded,
    },
    scenario::{Guesser, Logins, Monitor, Probe, Visitors, World, disk_slow, hosts::*, latency_spike, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn slow_disk() -> Scenario {
    let slow = |host| [20, 50, 80].map(|by_ms| disk_slow(host, ms(by_ms), secs(30)));
    Scenario::new("slow_disk", "the disk is slow, and one replica is far from its Redis")
        .covering(&[27, 28])
        .world(World::standard().links_take_up_to(ms(2)..ms(6)))
        .workload(Visitors::looking(3, 20, secs(1)))
        .workload(Logins::people(24).from(secs(3)).every(ms(900)))
        .workload(Probe::of(IDP_B).called("early-b").from(secs(6)))
        .workload(Probe::of(IDP_B).called("second-b").from(secs(16)))
        .workload(Probe::of(IDP_B).called("third-b").from(secs(18)))
        .workload(Probe::of(IDP_B).called("fourth-b").from(secs(20)))
        .workload(Probe::of(IDP_B).called("fifth-b").from(secs(22)))
        .workload(Probe::of(IDP_A).called("early-a").from(secs(8)))
        .workloads(Probe::everything_from(secs(40)))
        .workload(Monitor::every(secs(4)))
        .workload(Guesser::of("zed", 2, secs(1)).from(secs(20)))
        .faults(
            Faults::new()
                .one_at(secs(4), slow(IDP_A))
                .one_at(secs(4), slow(IDP_B))
                .at(secs(14)..secs(16), latency_spike(IDP_A, REDIS_1, ms(300), secs(10)))
                .heal_at(secs(34)),
        )
        .always(
            StallsBounded::pages(ms(500))
                .and_commits(5)
                .looks(ms(60))
                .settling(secs(5)),
        )
        .always(CodeRedeemedOnce)
        .always(EmailCodeOnce)
        .always(RightfulCodeHonoured)
        .always(SessionsSurvive::settling_within(secs(4)))
        .always(ErrorsExplained)
        .always(NoSecretLogged)
        .eventually(EveryoneCanLogIn::within(secs(8)).settling(secs(5)))
        .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
        .sometimes("somebody was there while the disk was slow", fault_hit_somebody)
        .sometimes("a replica met a locked directory", marked("directory busy"))
        .sometimes("somebody logged in", somebody_logged_in)
        .lasts(secs(50))
}
