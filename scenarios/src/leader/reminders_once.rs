//! Nobody is reminded twice of the same thing.
//!
//! Source: inventory 29, 31. Two leaders are judged by mails sent twice, not by what a replica says about its role.
//!
//! Edges. None: the relay's acceptance of a mail counts, and a job must not send a mail again that the relay may have
//! accepted.

use crate::{
    leader,
    property::{human, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
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
        "at most one reminder is mailed per person and due time".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let mut taken = BTreeMap::new();
        for (index, record) in evidence.history.records.iter().enumerate() {
            let Event::Own(Observation::Leader(leader::Observation::ReminderMailed { address, due_ms })) =
                &record.event
            else {
                continue;
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

    #[test]
    fn rejects_the_same_twice() {
        let story = Story::new()
            .event(10, "mail", reminded("ann", 5))
            .event(9000, "mail", reminded("ann", 5));
        assert_eq!(story.judged_by(&RemindersOnce).unwrap_err().at_ms, 9000);
    }
}
