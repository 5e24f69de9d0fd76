//! What a sweep must have reached, in words that scenarios share.

use crate::{
    analytics, leader, mail, mailed_code, people,
    property::{WRONG_CODE, deeds, faults, limits},
    redemption, session,
    vocabulary::{Event, Fault, MarkView, Mode, Observation, Op, OwnFault},
};

/// Whether the service or the world set a mark.
pub(crate) fn marked(name: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| reached.marks.get(name).is_some_and(|count| *count > 0)
}

/// Somebody logged in.
pub(crate) fn somebody_logged_in(reached: &MarkView<'_>) -> bool {
    deeds(reached.history)
        .iter()
        .any(|deed| *deed.op == Op::People(people::Op::LogIn) && deed.ok())
}

/// When another Redis node became master, milliseconds.
fn replaced_ms(reached: &MarkView<'_>) -> Option<u64> {
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

/// A code that had been redeemed was refused after the master was replaced.
pub(crate) fn replay_refused_after_failover(reached: &MarkView<'_>) -> bool {
    let Some(replaced_ms) = replaced_ms(reached) else {
        return false;
    };
    let deeds = deeds(reached.history);
    let redeemed = |wanted| {
        deeds.iter().any(|deed| {
            matches!(deed.op, Op::Redemption(redemption::Op::Redeem { code, .. }) if code == wanted)
                && deed.ok()
                && deed.ended_ms() < replaced_ms
        })
    };
    deeds.iter().any(|deed| match deed.op {
        Op::Redemption(redemption::Op::Redeem { code, .. }) if deed.began_ms > replaced_ms => {
            deed.failure() == Some("invalid_grant") && redeemed(code)
        }
        _ => false,
    })
}

/// A fault struck while somebody was doing something.
pub(crate) fn fault_hit_somebody(reached: &MarkView<'_>) -> bool {
    reached.history.records.iter().any(
        |record| matches!(&record.event, Event::Fault { fault, in_flight, .. } if !fault.repairs() && *in_flight > 0),
    )
}

/// Somebody pressed a button while the mail relay did not answer.
pub(crate) fn send_pressed_while_mail_stalled(reached: &MarkView<'_>) -> bool {
    stalled(reached, |fault| match fault {
        Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })) => Some(*mode),
        _ => None,
    })
    .is_some_and(|(from, to)| {
        deeds(reached.history).iter().any(|deed| {
            matches!(deed.op, Op::MailedCode(mailed_code::Op::SendCode { .. }))
                && deed.ok()
                && (from..to).contains(&deed.began_ms)
        })
    })
}

/// Somebody logged in from beginning to end while the analytics hook misbehaved.
pub(crate) fn login_while_hook_stalled(reached: &MarkView<'_>) -> bool {
    stalled(reached, |fault| match fault {
        Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode })) => Some(*mode),
        _ => None,
    })
    .is_some_and(|(from, to)| {
        let within = |began, ended| from <= began && ended <= to;
        deeds(reached.history).iter().any(|deed| {
            *deed.op == Op::People(people::Op::LogIn) && deed.ok() && within(deed.began_ms, deed.ended_ms())
        })
    })
}

/// From when until when a peer misbehaved.
fn stalled(reached: &MarkView<'_>, mode: impl Fn(&Fault) -> Option<Mode>) -> Option<(u64, u64)> {
    let (from, ..) = faults(reached.history).find(|(.., fault)| mode(fault).is_some_and(|m| m != Mode::Healthy))?;
    let healed = faults(reached.history).find(|(at_ms, _, fault)| *at_ms > from && **fault == Fault::Heal);
    Some((from, healed.map_or(u64::MAX, |(at_ms, ..)| at_ms)))
}

/// Somebody was refused with one of these words.
pub(crate) fn refused_with(told: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| deeds(reached.history).iter().any(|deed| deed.failure() == Some(told))
}

/// Somebody was refused with these words.
pub(crate) fn refused_to(who: &'static str, told: &'static str) -> impl Fn(&MarkView<'_>) -> bool + Send + Sync {
    move |reached| {
        let deeds = deeds(reached.history);
        deeds.iter().any(|deed| deed.who == who && deed.failure() == Some(told))
    }
}

/// More guesses were looked at in the guesser's first window than its limit, because the master was replaced:
/// the documented edge.
pub(crate) fn failover_gave_another_limit(reached: &MarkView<'_>) -> bool {
    let deeds = deeds(reached.history);
    let mut looked_at = deeds
        .iter()
        .filter(|deed| deed.who == "guesser" && deed.failure() == Some(WRONG_CODE));
    let Some(first) = looked_at.next() else { return false };
    let until_ms = first.began_ms + reached.plan.world.limit_window_s * 1000;
    let more = looked_at.filter(|deed| deed.ended_ms() < until_ms).count() as u64;
    master_replaced(reached) && 1 + more > limits().login_attempts
}

/// A limit refused a guess, or a mail with a code to guess, after the master was replaced.
pub(crate) fn limited_after_failover(reached: &MarkView<'_>) -> bool {
    let Some(replaced_ms) = replaced_ms(reached) else {
        return false;
    };
    deeds(reached.history).iter().any(|deed| {
        deed.who == "guesser"
            && deed.began_ms > replaced_ms
            && deed.failure().is_some_and(|told| told.starts_with("too-many"))
    })
}

/// The leader was paused, and reminders were mailed before it resumed.
pub(crate) fn reminded_while_paused(reached: &MarkView<'_>) -> bool {
    let mut paused = false;
    for record in &reached.history.records {
        match &record.event {
            Event::Fault {
                fault: Fault::Pause { .. },
                ..
            } => paused = true,
            Event::Fault {
                fault: Fault::Resume { .. } | Fault::Heal,
                ..
            } => paused = false,
            Event::Own(Observation::Leader(leader::Observation::ReminderMailed { .. })) if paused => return true,
            _ => {}
        }
    }
    false
}

/// A visit succeeded after the first fault.
pub(crate) fn visited_after_fault(reached: &MarkView<'_>) -> bool {
    let Some((struck_ms, ..)) = faults(reached.history).next() else {
        return false;
    };
    let visits = deeds(reached.history);
    visits
        .iter()
        .any(|deed| matches!(deed.op, Op::Session(session::Op::Visit { .. })) && deed.ok() && deed.began_ms > struck_ms)
}

/// A visit met an error, and the session lived on.
pub(crate) fn visit_met_an_error(reached: &MarkView<'_>) -> bool {
    let visits = deeds(reached.history);
    visits
        .iter()
        .any(|deed| matches!(deed.op, Op::Session(session::Op::Visit { .. })) && deed.end.is_some() && !deed.ok())
}
