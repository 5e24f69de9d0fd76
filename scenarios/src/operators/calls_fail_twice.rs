//! A call of a replica goes wrong, and so does the next one, which was to make good what the first one had left.
//!
//! A code was taken and cannot be redeemed, and it cannot be put back either; an attempt was counted and not judged, and the note
//! for whoever presses again cannot be written. Runs with consecutive seeds try both calls in all kinds of ways, while people log
//! in, press buttons twice and type wrong codes. (Inventory 7, 25, 54.)

use crate::{
    catalogue::marks::{refused_with, somebody_logged_in},
    property::{
        AttemptsLimited, CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn,
        FailuresEndAtOnce, NoSecretLogged, RightfulCodeHonoured,
    },
    scenario::{Guesser, ImpatientPeople, Logins, Monitor, Probe, Racers, World, hosts::*, ms, secs},
    vocabulary::{Fault, Plan, Scenario, TimedFault, Trigger},
    world::calls::CALLS,
};
use sim::calls::{CallFault, CallOutcome, Moment};

/// Calls of one request, of which the second one is always made if the first one fails, in two sets: in a run no call is there
/// twice. A fault that no call meets in that request would meet another one, at a time of which the plan does not know.
const PAIRS: [[(&str, &str); 4]; 2] = [
    [
        ("directory open_session", "store put auth:email:code"),
        ("directory redeem", "store put auth:oidc:code"),
        ("directory count_attempt", "store put auth:limit:verify"),
        ("mail enqueue", "store release auth:limit:send-once"),
    ],
    [
        ("store take auth:email:code", "directory open_session"),
        ("store take auth:oidc:code", "directory redeem"),
        ("store count auth:limit:login", "store release auth:limit:verify"),
        ("store put auth:email:code", "store put auth:limit:send-once"),
    ],
];
/// One pair after the other, milliseconds.
const EVERY_MS: u64 = 6_000;
/// From here on.
const FROM_MS: u64 = 6_000;
/// When all is well again.
const HEALS_MS: u64 = 40_000;

pub(crate) fn calls_fail_twice() -> Scenario {
    Scenario::new(
        "calls_fail_twice",
        "two calls of one request go wrong, of which the second was to make good the first",
    )
    .covering(&[7, 25, 54])
    .world(World::standard())
    .enumerated_by(seeds())
    .workload(Logins::people(22).from(secs(3)).every(ms(1_700)))
    .workload(ImpatientPeople::clicking(8, 2).from(secs(5)).every(secs(5)))
    .workload(Racers::people(6).from(secs(6)).every(secs(6)))
    .workload(Guesser::of("wendy", 12, ms(1500)).from(secs(8)))
    .workloads(Probe::everything_from(secs(48)))
    .workload(Monitor::every(ms(700)))
    .drawn(draw_calls)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RightfulCodeHonoured)
    .always(AttemptsLimited)
    .always(ErrorsExplained)
    .always(FailuresEndAtOnce)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(45)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(8)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "somebody was told that their mailed code may be used up",
        refused_with("temporarily-in-doubt"),
    )
    .lasts(secs(60))
}

/// Runs with consecutive seeds take the other set, in the next way.
fn draw_calls(seed: u64, plan: &mut Plan) {
    let seed = seed % 1_000_000;
    let set = (seed % 2) as usize;
    for (n, (first, second)) in PAIRS[set].iter().enumerate() {
        let (firsts, seconds) = (ways(first), ways(second));
        let place = (seed / 2) as usize;
        let way = [
            &firsts[place % firsts.len()],
            &seconds[place / firsts.len() % seconds.len()],
        ];
        for host in [IDP_A, IDP_B] {
            let begins = Trigger::at(Moment::Before.event(host, first));
            for fault in way {
                plan.faults.push(TimedFault {
                    at_ms: FROM_MS + n as u64 * EVERY_MS,
                    after: Some(begins.clone()),
                    fault: Fault::Call(CallFault {
                        host: host.into(),
                        ..fault.clone()
                    }),
                });
            }
        }
    }
    plan.faults.push(TimedFault::at(HEALS_MS, Fault::Heal));
}

/// How many seeds are all ways of all pairs.
fn seeds() -> u64 {
    let ways = |(first, second): &(&str, &str)| ways(first).len() * ways(second).len();
    2 * PAIRS.iter().flatten().map(ways).max().unwrap_or(0) as u64
}

/// In which ways a call can go wrong, one of each kind, on no host yet: it is certainly not done; nobody knows, and it is not; nobody
/// knows, and it is.
fn ways(call: &str) -> Vec<CallFault> {
    let site = CALLS.iter().find(|site| site.name == call).expect("it is a call");
    let error = |is_unknown: bool| {
        let errors = site.errors.iter();
        let mut errors: Vec<_> = errors
            .filter(|error| (error.failure)().is_unknown() == is_unknown)
            .collect();
        errors.sort_by_key(|error| error.after_ms);
        errors.first().copied()
    };
    let kinds = [
        (CallOutcome::Fails, false),
        (CallOutcome::Fails, true),
        (CallOutcome::AnswerLost, true),
    ];
    let ways = kinds.into_iter().filter_map(|(outcome, is_unknown)| {
        let error = error(is_unknown)?;
        Some(CallFault {
            host: String::new(),
            call: call.into(),
            outcome,
            error: error.name.into(),
            by_ms: error.after_ms,
        })
    });
    ways.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn consecutive_seeds_try_each_pair_in_every_way() {
        let tried: BTreeSet<String> = (1..=seeds())
            .flat_map(|seed| {
                let faults = calls_fail_twice().plan(seed).faults;
                let on_one = faults.into_iter().filter_map(|timed| match timed.fault {
                    Fault::Call(call) if call.host == IDP_A => Some(format!("{call:?}")),
                    _ => None,
                });
                let calls: Vec<String> = on_one.collect();
                let pairs = calls.chunks(2).map(|pair| pair.join(", then "));
                pairs.collect::<Vec<_>>()
            })
            .collect();
        let all: usize = (PAIRS.iter().flatten())
            .map(|(first, second)| ways(first).len() * ways(second).len())
            .sum();
        assert_eq!(tried.len(), all);
    }

    #[test]
    fn no_call_is_there_twice_in_a_run() {
        for set in PAIRS {
            let calls: BTreeSet<&str> = set.iter().flat_map(|(first, second)| [*first, *second]).collect();
            assert_eq!(calls.len(), 2 * set.len());
        }
    }
}
