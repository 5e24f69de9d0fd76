//! Clients leave before they are answered, and ask again: a double click while the first is under way, a reload, a client's
//! library that repeats its request. The balancer leaves, too, when its own time is over.
//!
//! Redis is some milliseconds away, so most of those who leave do so between two steps of their request. What has begun runs
//! to its end all the same: whoever is told that a mail is on its way gets it, and a code that is right is not called wrong.
//! Latency excuses nothing of that. (Inventory 3, 4.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        AnyCodeVerifies, AttemptsLimited, CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn,
        MailArrives, OneMailPerWindow, RightfulCodeHonoured,
    },
    scenario::{HastyPeople, Logins, Probe, World, hosts::*, latency, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn clients_leave() -> Scenario {
    Scenario::new(
        "clients_leave",
        "clients leave before they are answered and ask again, and Redis is far away",
    )
    .covering(&[3, 4])
    .world(World::standard())
    .workload(HastyPeople::waiting(8, 10, 60).every(secs(2)))
    .workload(HastyPeople::waiting(8, 20, 200).every(secs(2)))
    .workload(Logins::people(4).every(secs(3)))
    .workloads(Probe::everything_from(secs(45)))
    .faults(
        Faults::new()
            .at(secs(1)..secs(8), latency(IDP_A, REDIS_1, ms(5)))
            .and(latency(IDP_B, REDIS_1, ms(20)))
            .heal_at(secs(35)),
    )
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(AnyCodeVerifies)
    .always(RightfulCodeHonoured)
    .always(AttemptsLimited)
    .always(OneMailPerWindow)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(5)))
    .eventually(MailArrives::within(secs(6)).settling(secs(5)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "a request went on without its client",
        marked("a request went on without its client"),
    )
    .sometimes("a repeated verification shared the outcome of the first", |reached| {
        [
            "a repeated verification met its own session",
            "a twin of a verification shared its outcome",
        ]
        .iter()
        .any(|name| reached.marks.get(name).is_some_and(|count| *count > 0))
    })
    .lasts(secs(60))
}
