//! Mails with codes.

use super::{Observation, judge, told};
use crate::vocabulary::{Event, History, Observation as AnyObservation};
use spec::exchange::Mail;

/// Of the first mail with a code: what may be done to it, and the reason that it is rejected for.
#[test]
fn every_sentence_rejects_a_mail_that_breaks_it() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let place = history
        .records
        .iter()
        .position(|record| mailed(&record.event).is_some())
        .unwrap();
    let reasons = |change: &dyn Fn(&mut History)| {
        let mut history = history.clone();
        change(&mut history);
        let violations = judge(&plan, &history, &operators).violations;
        violations
            .into_iter()
            .map(|violation| violation.reason)
            .collect::<Vec<_>>()
    };
    let with = |history: &mut History, change: &dyn Fn(&mut String, &mut Mail)| {
        let Event::Own(AnyObservation::Exchange(Observation::Mailed { address, mail })) =
            &mut history.records[place].event
        else {
            unreachable!("it was found above")
        };
        change(address, mail);
    };
    type Row<'a> = (&'static str, &'a dyn Fn(&mut History));
    let rows: [Row<'_>; 5] = [
        ("mail-missing", &|history| drop(history.records.remove(place))),
        ("mail-sent-twice", &|history| {
            history.records.insert(place, history.records[place].clone())
        }),
        ("mail-to-a-stranger", &|history| {
            with(history, &|address, _| *address = "nobody@example.com".into())
        }),
        ("mail-differs", &|history| {
            with(history, &|_, mail| {
                mail.text = mail.text.replace("10 minutes", "60 minutes")
            })
        }),
        ("mail-not-asked-for", &|history| {
            history.records.insert(place, history.records[place].clone());
            with(history, &|_, mail| {
                let name = mail.headers.iter_mut().find(|(name, _)| name == "message-id").unwrap();
                name.1 = name.1.replace('<', "<another");
            });
        }),
    ];
    for (reason, change) in rows {
        let found = reasons(change);
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
}

fn mailed(event: &Event) -> Option<&Mail> {
    match event {
        Event::Own(AnyObservation::Exchange(Observation::Mailed { mail, .. })) => mail.code.as_ref().map(|_| &**mail),
        _ => None,
    }
}
