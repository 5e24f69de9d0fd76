//! The swarm where the relay, Redis and the Sentinels want passwords, over TLS, and where something may be wrong with that, too.
//!
//! A scenario of its own, so that the seeds of the other one keep their plans. (All rows of the inventory that concern a running
//! system.)

use super::{claimed_of, faults, of_everybody, options};
use crate::{catalogue::marks::marked, property::NoSecretInClear, vocabulary::Scenario, world::mail};
use sim::world::CERTIFICATE_REFUSED;

pub(crate) fn guarded_swarm() -> Scenario {
    let swarm = of_everybody()
        .options(options::guarded)
        .plain_options(options::guarded_default)
        .faults(faults::OF_ACCESS);
    let swarm = Scenario::new(
        "guarded_swarm",
        "everything at random where passwords and TLS are asked for, and then everything heals",
    )
    .swarm(swarm);
    // Four round trips more: a handshake and a password at a Sentinel, and at Redis.
    claimed_of(swarm, 20)
        .always(NoSecretInClear)
        .sometimes("the relay let a replica in", marked(mail::LET_IN))
        .sometimes_one_in(90, "a replica refused a certificate", marked(CERTIFICATE_REFUSED))
        .sometimes_one_in(90, "the relay refused a password", marked(mail::PASSWORD_REFUSED))
}
