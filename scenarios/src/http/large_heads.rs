//! A stranger sends what is allowed at its largest, and clients have long `state` and `nonce`, also in scripts that need more
//! than one byte for a letter.
//!
//! Nothing is broken. The balancer has nginx's default buffers, and takes an answer that does not fit into one for a failure
//! of the replica. People log in meanwhile, and nobody notices anything. (Inventory 33.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{
        AnyCodeVerifies, CodeRedeemedOnce, EveryReplicaServes, EveryoneCanLogIn, MailArrives, NobodyHarmed,
        NothingFails, RightfulCodeHonoured, invocations,
    },
    scenario::{Clients, Logins, Probe, Stranger, World, ms, secs},
    vocabulary::{Event, MarkView, Observation, Scenario},
};

pub(crate) fn large_heads() -> Scenario {
    Scenario::new(
        "large_heads",
        "a stranger sends what is allowed at its largest, and clients have long states",
    )
    .covering(&[33])
    .world(World::standard())
    .workload(Logins::people(10).every(secs(2)))
    .workload(Clients::with_state("a", 2_000).every(secs(3)))
    .workload(Clients::with_state("{", 900).every(secs(3)))
    .workload(Clients::with_state("\u{dfc}\u{65e5}", 150).every(secs(3)))
    .workload(Stranger::sends_largest(72, ms(250)).from(secs(3)))
    .workloads(Probe::everything_from(secs(30)))
    .always(NobodyHarmed)
    .always(NothingFails)
    .always(CodeRedeemedOnce)
    .always(AnyCodeVerifies)
    .always(RightfulCodeHonoured)
    .eventually(EveryoneCanLogIn::within(secs(6)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(0)))
    .eventually(MailArrives::within(secs(6)).settling(secs(0)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a stranger's request met somebody else's", stranger_met_somebody)
    .lasts(secs(45))
}

/// Whether an attacker's request was sent while somebody else was doing something.
fn stranger_met_somebody(reached: &MarkView<'_>) -> bool {
    let attackers = reached.plan.attackers();
    let mut sent = reached.history.records.iter().filter_map(|record| {
        let is_request = matches!(&record.event, Event::Own(Observation::Exchange(exchange)) if exchange.is_request());
        (is_request && attackers.contains(record.who.as_str())).then_some(record.at_ms)
    });
    let others: Vec<(u64, u64)> = invocations(reached.history)
        .iter()
        .filter(|invocation| !attackers.contains(invocation.who))
        .map(|invocation| (invocation.began_ms, invocation.ended_ms()))
        .collect();
    sent.any(|at_ms| {
        others
            .iter()
            .any(|(from_ms, to_ms)| (*from_ms..=*to_ms).contains(&at_ms))
    })
}
