//! Nobody is reminded twice of the same thing, and nobody whose address the relay has refused for good is tried again.
//!
//! Source: inventory 29, 31; `core/LIMITS.md`, "reminders of a look". Two leaders are judged by mails sent twice, not by what a
//! replica says about its role.
//!
//! Edges. None: the relay's acceptance of a mail counts, and a job must not send a mail again that the relay may have
//! accepted. A refusal may be lost on its way if something is broken; so what follows the first fault is not judged by refusals.

use crate::{
    leader, mail,
    property::{faults, human, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
    world::mail::GONE,
};
use std::collections::BTreeMap;

/// Property: at most one mail for each reminder. See the module.
pub struct RemindersOnce;

impl Property<Login> for RemindersOnce {
    fn name(&self) -> String {
        "RemindersOnce".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "at most one reminder is mailed per person and due time, and none is tried again that was refused for good"
            .into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let (mut taken, mut refused) = (BTreeMap::new(), BTreeMap::new());
        let broke_ms = faults(evidence.history).next().map(|(at_ms, ..)| at_ms);
        for (index, record) in evidence.history.records.iter().enumerate() {
            let (address, due_ms) = match &record.event {
                Event::Own(Observation::Leader(leader::Observation::ReminderMailed { address, due_ms })) => {
                    (address, due_ms)
                }
                Event::Own(Observation::Mail(mail::Observation::ConversationEnded { refused: now, .. })) => {
                    let broke = broke_ms.is_some_and(|broke_ms| broke_ms <= record.at_ms);
                    for address in now.iter().filter(|address| address.starts_with(GONE)) {
                        let Some(first) = refused.insert(address, index) else {
                            continue;
                        };
                        if evidence.is_violated(true, broke.then_some("something was broken")) {
                            let what = format!("the relay refused {address} for good, and was asked again");
                            let evidence = vec![first, index];
                            return Err(violation(&self.name(), record.at_ms, evidence, what).because("tried-in-vain"));
                        }
                    }
                    continue;
                }
                _ => continue,
            };
            evidence.judged(1);
            if let Some((first, at_ms)) = taken.insert((address, due_ms), (index, record.at_ms)) {
                let what = format!("{address} was reminded of one thing at {} and again", human(at_ms));
                return Err(violation(&self.name(), record.at_ms, vec![first, index], what).because("reminded-twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;

    fn reminded(who: &str, due_ms: u64) -> Event {
        Event::Own(Observation::Leader(leader::Observation::ReminderMailed {
            address: format!("{who}@example.com"),
            due_ms,
        }))
    }

    #[test]
    fn accepts_different_people_and_times() {
        let story = Story::new()
            .event(10, "mail", reminded("ann", 5))
            .event(11, "mail", reminded("ben", 5))
            .event(12, "mail", reminded("ann", 6));
        assert_eq!(story.judged_by(&RemindersOnce), Ok(()));
    }

    fn refused(story: Story, at_ms: u64, who: &str) -> Story {
        let ended = mail::Observation::ConversationEnded {
            number: at_ms,
            took: vec![],
            refused: vec![who.to_owned()],
            quit_ms: None,
        };
        story.event(at_ms, "mail", Event::Own(Observation::Mail(ended)))
    }

    #[test]
    fn whoever_is_gone_is_tried_once() {
        let once = || refused(Story::new(), 10, "gone-1@example.com");
        assert_eq!(
            refused(once(), 20, "gone-2@example.com").judged_by(&RemindersOnce),
            Ok(())
        );
        let twice = refused(once(), 20, "gone-1@example.com").judged_by(&RemindersOnce);
        assert_eq!(twice.unwrap_err().reason, "tried-in-vain");
        let broken = once().fault(15, crate::scenario::kill("idp-a"));
        assert_eq!(
            refused(broken, 20, "gone-1@example.com").judged_by(&RemindersOnce),
            Ok(())
        );
        let people = refused(refused(Story::new(), 10, "ann@example.com"), 20, "ann@example.com");
        assert_eq!(people.judged_by(&RemindersOnce), Ok(()), "somebody presses again");
    }

    #[test]
    fn rejects_the_same_twice() {
        let story = Story::new()
            .event(10, "mail", reminded("ann", 5))
            .event(9000, "mail", reminded("ann", 5));
        assert_eq!(story.judged_by(&RemindersOnce).unwrap_err().at_ms, 9000);
    }
}
