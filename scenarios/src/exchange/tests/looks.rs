//! Reminders of one look.

use super::{Observation, judge, told};
use crate::vocabulary::{Event, History, Observation as AnyObservation};

/// Places of the mails that are reminders.
fn reminders(history: &History) -> Vec<usize> {
    let records = history.records.iter().enumerate();
    let is_reminder = |event: &Event| match event {
        Event::Own(AnyObservation::Exchange(Observation::Mailed { mail, .. })) => mail.code.is_none(),
        _ => false,
    };
    records
        .filter(|(_, record)| is_reminder(&record.event))
        .map(|(place, _)| place)
        .collect()
}

#[test]
fn too_many_too_few_and_the_wrong_order_are_rejected() {
    let (plan, history, operators) = told("leader_at_work", 1);
    let places = reminders(&history);
    let rejected = |change: &dyn Fn(&mut History)| {
        let mut history = history.clone();
        change(&mut history);
        let violations = judge(&plan, &history, &operators).violations;
        let found = violations.iter().any(|other| other.reason == "reminders-of-a-look");
        assert!(found, "{violations:?}");
    };
    // Twenty fall due at once, and eight are sent after one look.
    rejected(&|history| history.records[places[8]].at_ms = history.records[places[7]].at_ms + 10);
    rejected(&|history| history.records[places[7]].at_ms = history.records[places[8]].at_ms);
    rejected(&|history| {
        let first = history.records[places[0]].event.clone();
        history.records[places[0]].event = history.records[places[1]].event.clone();
        history.records[places[1]].event = first;
    });
}
