//! Marks that several scenarios use.

use crate::{
    people,
    property::{faults, invocations},
    vocabulary::{Event, Fault, MarkView, Mode, Op},
};
use sim::history::CLOSED_DEGRADED;

/// Whether the service or the world set a mark.
pub(crate) fn marked(name: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| reached.marks.get(name).is_some_and(|count| *count > 0)
}

/// Whether somebody logged in.
pub(crate) fn somebody_logged_in(reached: &MarkView<'_>) -> bool {
    invocations(reached.history)
        .iter()
        .any(|invocation| *invocation.op == Op::People(people::Op::LogIn) && invocation.ok())
}

/// When another Redis node than the first one became master, milliseconds; `None` if none did.
pub(crate) fn replaced_ms(reached: &MarkView<'_>) -> Option<u64> {
    let records = &reached.history.records;
    let promoted = records.iter().find(|record| match &record.event {
        Event::Role { host, role } => host != "redis-1" && role == "master",
        _ => false,
    });
    promoted.map(|record| record.at_ms)
}

/// Whether the master was replaced.
pub(crate) fn master_replaced(reached: &MarkView<'_>) -> bool {
    replaced_ms(reached).is_some()
}

/// Whether the master was not replaced although it was down.
pub(crate) fn nobody_promoted(reached: &MarkView<'_>) -> bool {
    !master_replaced(reached) && reached.history.records.iter().any(|record| closed(&record.event))
}

fn closed(event: &Event) -> bool {
    matches!(event, Event::Ready { ready: false, why, .. } if why == CLOSED_DEGRADED)
}

/// Whether a replica closed its port because it was degraded, and opened it again.
pub(crate) fn port_closed_and_opened(reached: &MarkView<'_>) -> bool {
    let records = &reached.history.records;
    records.iter().enumerate().any(|(index, record)| match &record.event {
        Event::Ready { host, .. } if closed(&record.event) => records[index..]
            .iter()
            .any(|later| matches!(&later.event, Event::Ready { host: other, ready: true, .. } if other == host)),
        _ => false,
    })
}

/// Whether a fault was injected while an operation was in flight.
pub(crate) fn fault_hit_somebody(reached: &MarkView<'_>) -> bool {
    reached.history.records.iter().any(
        |record| matches!(&record.event, Event::Fault { fault, in_flight, .. } if !fault.repairs() && *in_flight > 0),
    )
}

/// The time from which, and until which, a peer misbehaved, milliseconds.
pub(crate) fn stalled(reached: &MarkView<'_>, mode: impl Fn(&Fault) -> Option<Mode>) -> Option<(u64, u64)> {
    let (from, ..) = faults(reached.history).find(|(.., fault)| mode(fault).is_some_and(|m| m != Mode::Healthy))?;
    let healed = faults(reached.history).find(|(at_ms, _, fault)| *at_ms > from && **fault == Fault::Heal);
    Some((from, healed.map_or(u64::MAX, |(at_ms, ..)| at_ms)))
}

/// Whether somebody was refused with this reason.
pub(crate) fn refused_with(told: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| {
        invocations(reached.history)
            .iter()
            .any(|invocation| invocation.failure() == Some(told))
    }
}

/// Whether this person or attacker was refused with this reason.
pub(crate) fn refused_to(who: &'static str, told: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| {
        let invocations = invocations(reached.history);
        invocations
            .iter()
            .any(|invocation| invocation.who == who && invocation.failure() == Some(told))
    }
}
