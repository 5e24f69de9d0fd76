//! What a sweep must have reached, in words that scenarios share.

use crate::{
    people,
    property::{faults, invocations},
    vocabulary::{Event, Fault, MarkView, Mode, Op},
};

/// Whether the service or the world set a mark.
pub(crate) fn marked(name: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| reached.marks.get(name).is_some_and(|count| *count > 0)
}

/// Somebody logged in.
pub(crate) fn somebody_logged_in(reached: &MarkView<'_>) -> bool {
    invocations(reached.history)
        .iter()
        .any(|invocation| *invocation.op == Op::People(people::Op::LogIn) && invocation.ok())
}

/// When another Redis node became master, milliseconds.
pub(crate) fn replaced_ms(reached: &MarkView<'_>) -> Option<u64> {
    let records = &reached.history.records;
    let promoted = records.iter().find(|record| match &record.event {
        Event::Role { host, role } => host != "redis-1" && role == "master",
        _ => false,
    });
    promoted.map(|record| record.at_ms)
}

/// The master was replaced.
pub(crate) fn master_replaced(reached: &MarkView<'_>) -> bool {
    replaced_ms(reached).is_some()
}

/// The master was not replaced though it was down.
pub(crate) fn nobody_promoted(reached: &MarkView<'_>) -> bool {
    !master_replaced(reached) && reached.history.records.iter().any(|record| closed(&record.event))
}

fn closed(event: &Event) -> bool {
    matches!(event, Event::Ready { ready: false, why, .. } if why.contains("degraded"))
}

/// A replica closed its port because it was degraded, and opened it again.
pub(crate) fn port_closed_and_opened(reached: &MarkView<'_>) -> bool {
    let records = &reached.history.records;
    records.iter().enumerate().any(|(index, record)| match &record.event {
        Event::Ready { host, .. } if closed(&record.event) => records[index..]
            .iter()
            .any(|later| matches!(&later.event, Event::Ready { host: other, ready: true, .. } if other == host)),
        _ => false,
    })
}

/// A fault was injected while somebody was doing something.
pub(crate) fn fault_hit_somebody(reached: &MarkView<'_>) -> bool {
    reached.history.records.iter().any(
        |record| matches!(&record.event, Event::Fault { fault, in_flight, .. } if !fault.repairs() && *in_flight > 0),
    )
}

/// From when until when a peer misbehaved.
pub(crate) fn stalled(reached: &MarkView<'_>, mode: impl Fn(&Fault) -> Option<Mode>) -> Option<(u64, u64)> {
    let (from, ..) = faults(reached.history).find(|(.., fault)| mode(fault).is_some_and(|m| m != Mode::Healthy))?;
    let healed = faults(reached.history).find(|(at_ms, _, fault)| *at_ms > from && **fault == Fault::Heal);
    Some((from, healed.map_or(u64::MAX, |(at_ms, ..)| at_ms)))
}

/// Somebody was refused with one of these words.
pub(crate) fn refused_with(told: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| {
        invocations(reached.history)
            .iter()
            .any(|invocation| invocation.failure() == Some(told))
    }
}

/// Somebody was refused with these words.
pub(crate) fn refused_to(who: &'static str, told: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| {
        let invocations = invocations(reached.history);
        invocations
            .iter()
            .any(|invocation| invocation.who == who && invocation.failure() == Some(told))
    }
}
