//! Somebody types a wrong code for an address, then its owner logs in, and nothing fails.
//!
//! `squall calls` performs this scenario once more for each call that a replica makes during it, and for each way in
//! which that call can go wrong. A failure that is not counted is a free guess, and a failure that is counted twice
//! locks people out. (Inventory 18, 20, 24.)

use crate::{
    catalogue::marks::{refused_to, somebody_logged_in},
    property::{
        AttemptsLimited, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, NoSecretLogged, NothingFails,
        OneMailPerWindow, ReplicationCatchesUp, SendsLimited,
    },
    scenario::{Guesser, Logins, Probe, World, ms, secs},
    vocabulary::Scenario,
};
use sim::calls::CallStory;

/// How `squall calls` performs the scenario again for each call.
pub(crate) const EVERY_CALL: CallStory = CallStory {
    scenario: "one_wrong_code",
    until_ms: 9_000,
    heals_at_ms: 17_000,
    pause_ms: 6_000,
};

pub(crate) fn one_wrong_code() -> Scenario {
    Scenario::new(
        "one_wrong_code",
        "somebody types wrong codes for an address, then its owner logs in, and nothing fails",
    )
    .covering(&[18, 20, 24])
    .world(World::standard().lease(secs(4)))
    .workload(Guesser::of("ann", 2, ms(400)).from(secs(2)))
    .workload(Logins::of("ann").every(secs(0)).from(secs(4)))
    .workloads(Probe::everything_from(secs(34)))
    .always(NothingFails)
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(15)))
    .eventually(ReplicationCatchesUp::within(secs(15)))
    .sometimes("a wrong code was refused", refused_to("guesser", "wrong-code"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(44))
}
