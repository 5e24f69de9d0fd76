//! What operators did about addresses, and what they were told, as the specification reads it.

use crate::{
    limits::{self, NOBODY},
    property::{invocations, reading::Invocation},
    vocabulary::{Event, History, Observation, Op, Seen},
};
use spec::{Asks, Command, Fact, Timed, Told};

/// All commands, in the order in which they were given.
pub(super) fn commands(history: &History) -> Vec<Timed<'_>> {
    let mut facts = vec![];
    for invocation in invocations(history) {
        let Op::Limits(op) = invocation.op else { continue };
        let (asks, address) = match op {
            limits::Op::ShowFailures { address } => (Asks::Failures, address),
            limits::Op::Unlock { address } => (Asks::Unlock, address),
        };
        facts.push(Timed {
            at_ms: invocation.ended_ms(),
            record: invocation.end.map_or(invocation.began_at, |end| end.at),
            fact: Fact::Command(Command {
                sent_ms: invocation.began_ms,
                given: invocation.began_at,
                asks,
                address,
                told: told(history, &invocation, asks),
            }),
        });
    }
    facts
}

fn told<'a>(history: &'a History, invocation: &Invocation<'a>, asks: Asks) -> Told<'a> {
    let failed = |why, in_doubt| Told::Failed { why, in_doubt };
    match (invocation.end.map(|end| end.seen), asks) {
        (Some(Seen::Ok), Asks::Unlock) => Told::Unlocked,
        (Some(Seen::Ok), Asks::Failures) => shown(history, invocation).unwrap_or(failed("nothing was shown", false)),
        (Some(Seen::Fail(why)), _) if why == NOBODY => Told::Nobody,
        (Some(Seen::Fail(why)), _) => failed(why, false),
        (Some(Seen::Unknown(why)), _) => failed(why, true),
        (None, _) => failed("the run ended before it did", true),
    }
}

/// What the operator was shown before the command ended.
fn shown<'a>(history: &'a History, invocation: &Invocation<'a>) -> Option<Told<'a>> {
    let during = &history.records[invocation.began_at..invocation.end?.at];
    let own = during.iter().rev().filter(|record| record.who == invocation.who);
    let mut shown = own.filter_map(|record| match &record.event {
        Event::Own(Observation::Limits(limits::Observation::FailuresShown {
            wrong_codes, locked, ..
        })) => Some(Told::Failures {
            wrong_codes: *wrong_codes,
            locked: *locked,
        }),
        _ => None,
    });
    shown.next()
}
