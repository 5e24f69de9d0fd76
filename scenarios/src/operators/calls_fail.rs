//! Of the calls that the replicas make, one after the other goes wrong, each in one way; in between all is well.
//!
//! Runs with consecutive seeds try all calls in all ways, so that a wrong turn in any of them is taken, while people log in,
//! press buttons twice, type wrong codes and are reminded. (Inventory 25, 54, 56.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, FailuresEndAtOnce,
        NoSecretLogged, RemindersOnce, RightfulCodeHonoured,
    },
    scenario::{Guesser, ImpatientPeople, Logins, Monitor, Probe, Racers, SignsOut, World, hosts::*, ms, secs},
    vocabulary::{Fault, Plan, Scenario, TimedFault, Trigger},
    world::calls::CALLS,
};
use sim::calls::{CallFault, CallOutcome, Moment};

/// How many calls go wrong in one run.
const MANY: u64 = 26;
/// One after the other, milliseconds.
const EVERY_MS: u64 = 2_000;
/// From here on.
const FROM_MS: u64 = 6_000;
/// When all is well again.
const HEALS_MS: u64 = 63_000;
pub(crate) fn calls_fail() -> Scenario {
    Scenario::new(
        "calls_fail",
        "one call of a replica after the other goes wrong, each in one way",
    )
    .covering(&[25, 54, 56])
    .world(World::standard().lease(secs(4)).reminders(8, secs(5)..secs(60)))
    .enumerated_by(seeds())
    .workload(Logins::people(30).from(secs(4)).every(secs(2)))
    .workload(ImpatientPeople::clicking(12, 2).from(secs(5)).every(secs(5)))
    .workload(Racers::people(10).from(secs(6)).every(secs(6)))
    .workload(SignsOut::of("olive").from(secs(12)))
    .workload(SignsOut::of("oscar").from(secs(25)))
    .workload(SignsOut::of("opal").from(secs(45)))
    .workload(Guesser::of("wendy", 8, ms(1500)).from(secs(10)))
    .workload(
        Guesser::of("victor", 8, ms(1500))
            .called("second-guesser")
            .from(secs(40)),
    )
    .workloads(Probe::everything_from(secs(72)))
    .workload(Monitor::every(ms(700)))
    .drawn(draw_calls)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RightfulCodeHonoured)
    .always(RemindersOnce)
    .always(ErrorsExplained)
    .always(FailuresEndAtOnce)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(45)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(8)))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(85))
}

/// Runs with consecutive seeds take the next calls, each in the next way. No call is there twice in a run: two faults that wait
/// for the same call would meet two calls, at times of which the plan does not know.
fn draw_calls(seed: u64, plan: &mut Plan) {
    let calls = ways();
    for n in 0..MANY {
        let place = (seed % 1_000_000) * MANY + n;
        let ways = &calls[place as usize % calls.len()];
        let way = &ways[place as usize / calls.len() % ways.len()];
        for host in [IDP_A, IDP_B] {
            let call = CallFault {
                host: host.into(),
                ..way.clone()
            };
            plan.faults.push(TimedFault {
                at_ms: FROM_MS + n * EVERY_MS,
                after: Some(Trigger::at(Moment::Before.event(host, &call.call))),
                fault: Fault::Call(call),
            });
        }
    }
    plan.faults.push(TimedFault::at(HEALS_MS, Fault::Heal));
}

/// How many seeds are all calls in all ways.
fn seeds() -> u64 {
    let ways = ways();
    let most = ways.iter().map(Vec::len).max().unwrap_or(0);
    (ways.len() * most) as u64 / MANY + 1
}

/// For each call all ways in which it can go wrong, on no host yet.
fn ways() -> Vec<Vec<CallFault>> {
    let ways = CALLS.iter().map(|site| {
        let errors = site.errors.iter().flat_map(|error| {
            let fault = |outcome| CallFault {
                host: String::new(),
                call: site.name.into(),
                outcome,
                error: error.name.into(),
                by_ms: error.after_ms,
            };
            let lost = (error.failure)().is_unknown().then(|| fault(CallOutcome::AnswerLost));
            [fault(CallOutcome::Fails)].into_iter().chain(lost)
        });
        errors.collect()
    });
    ways.filter(|ways: &Vec<CallFault>| !ways.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn consecutive_seeds_try_every_call_in_every_way() {
        let ways = ways();
        let tried: BTreeSet<String> = (1..=seeds())
            .flat_map(|seed| calls_fail().plan(seed).faults)
            .filter_map(|timed| match timed.fault {
                Fault::Call(call) if call.host == IDP_A => Some(format!("{call:?}")),
                _ => None,
            })
            .collect();
        assert_eq!(tried.len(), ways.concat().len());
        assert!(ways.len() as u64 >= MANY, "no call twice");
    }
}
