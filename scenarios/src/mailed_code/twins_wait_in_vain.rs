//! Every press of "Sign in" is a double click, and the replica that judges the first one stops for seconds in the middle.
//!
//! The second of two identical requests waits for the outcome of the first, but not for ever: then its person is told to try
//! again, while the first goes on. Nothing is judged twice at once, and a wrong code counts as often as it was judged.
//! (Inventory 4, 18.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    mailed_code,
    property::{AttemptsLimited, CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes},
    scenario::{ImpatientPeople, Probe, World, call_late, hosts::*, ms, secs},
    vocabulary::{Behaviour, Faults, Scenario, Workload},
};

/// The calls between which the judgement of a code can be interrupted.
const CALLS: [&str; 3] = [
    "store take auth:email:code",
    "store get auth:email:code",
    "directory count_attempt",
];
/// Two of them are longer than a twin waits, and three of them in one request are over before the balancer gives up.
const STOPS_MS: u64 = 1_450;

/// Somebody who types so many wrong codes in each of some logins, and double-clicks for each.
fn mistypes(name: &'static str, logins: u32, codes: u32) -> Workload {
    let does = mailed_code::Behaviour::Mistype {
        logins,
        codes,
        clicks: 2,
        every_ms: 900,
    };
    Workload::named(name, Behaviour::MailedCode(does))
}

pub(crate) fn twins_wait_in_vain() -> Scenario {
    let mut faults = Faults::new();
    for second in 0..10 {
        let call = CALLS[second % CALLS.len()];
        let by = ms(STOPS_MS);
        faults = faults
            .at(secs(6 + 3 * second as u64), call_late(IDP_A, call, by))
            .and(call_late(IDP_B, call, by));
    }
    Scenario::new(
        "twins_wait_in_vain",
        "every press of a button is a double click, and a replica stops for seconds while it judges a code",
    )
    .covering(&[4, 18])
    .world(World::standard())
    .workload(ImpatientPeople::clicking(12, 2).from(secs(2)).every(secs(2)))
    .workload(mistypes("mia", 2, 7).from(secs(4)))
    .workload(mistypes("max", 4, 4).from(secs(5)))
    .workloads(Probe::everything_from(secs(60)))
    .faults(faults.heal_at(secs(45)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(AttemptsLimited)
    .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "a twin waited in vain",
        marked("a twin of a verification waited in vain"),
    )
    .sometimes(
        "a twin of a verification shared its outcome",
        marked("a twin of a verification shared its outcome"),
    )
    .lasts(secs(90))
}
