//! The directory keeps what it must, and no longer than documented.
//!
//! Source: inventory 24 (what expires is deleted), 27 (a row is judged by what it says), 31 (what was sent is recorded);
//! `core/LIMITS.md`: sweeps.
//!
//! Fairness. Judged by what an operator reads there. Rows that have ended must be gone after one interval of sweeps, and what
//! was mailed must be recorded as sent, if nothing was broken meanwhile. At any time: rows that have not ended stay, but for
//! sessions that somebody has ended; nothing is recorded as sent that no relay has taken; nothing is claimed before it is
//! due; reminders stay for longer than a run.
//!
//! Edges. The leader looks at its own clock, and its sweep takes a moment.

use super::{Observation as Seen, ReminderRow};
use crate::{
    exchange, leader,
    property::{calm::Calm, human, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
};
use sim::world::EPOCH;
use spec::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// Property: the directory keeps what it must and nothing else. See the module.
pub struct DirectoryKept;

/// How long after healing there may be no leader, milliseconds.
const SETTLES_MS: u64 = 15_000;
/// How late a sweep, or the record of a mail, may be, milliseconds.
const LATE_MS: u64 = 2_000;
/// Rows of these tables are deleted as soon as a sweep finds that they have ended. The ledger is kept for longer.
const SWEPT: [&str; 2] = ["sessions", "tokens"];

impl Property<Login> for DirectoryKept {
    fn name(&self) -> String {
        "DirectoryKept".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "the directory keeps what it must, and no longer than documented".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let asked_for = evidence.plan.world.reminders.iter();
        let asked_for = asked_for.map(|reminder| (&reminder.who, reminder.due_ms));
        let mut judging = Judging {
            name: self.name(),
            evidence,
            calm: Calm::of(evidence, SETTLES_MS),
            late_ms: Settings::default().get("sweeps") + LATE_MS,
            reminders: asked_for.collect::<BTreeSet<_>>().len(),
            mailed_ms: BTreeMap::new(),
            logouts: 0,
            replaced: 0,
            before: None,
        };
        for (index, record) in evidence.history.records.iter().enumerate() {
            match &record.event {
                Event::Own(Observation::Leader(leader::Observation::ReminderMailed { address, due_ms })) => {
                    let reminder = (address.as_str(), due_ms.saturating_sub(EPOCH.millis()));
                    judging.mailed_ms.entry(reminder).or_insert(record.at_ms);
                }
                Event::Own(Observation::Exchange(exchange::Observation::Asked { request, .. })) => {
                    let signs_out =
                        ["/logout", "/end-session", "/end-session/confirm"].contains(&request.path.as_str());
                    judging.logouts += usize::from(signs_out);
                    // A session that takes the place of another one ends it at some time later.
                    let held = request.cookies.iter().any(|(name, _)| name.ends_with("session"));
                    judging.replaced += usize::from(held && request.path == "/login/verify");
                }
                Event::Own(Observation::Directory(seen)) => judging.look(record.at_ms, index, seen)?,
                _ => {}
            }
        }
        Ok(())
    }
}

struct Judging<'a, 'e> {
    name: String,
    evidence: &'a Evidence<'e>,
    calm: Calm,
    /// How long after its end a row must be gone.
    late_ms: u64,
    /// How many reminders there are.
    reminders: usize,
    /// When each reminder was mailed, by address and time.
    mailed_ms: BTreeMap<(&'a str, u64), u64>,
    /// How often somebody asked to be logged out.
    logouts: usize,
    /// How often somebody who had a session asked to be logged in.
    replaced: usize,
    /// What was there at the look before, and how often somebody had asked to be logged out.
    before: Option<(&'a BTreeMap<String, Vec<u64>>, usize)>,
}

impl<'a> Judging<'a, '_> {
    fn look(&mut self, at_ms: u64, index: usize, seen: &'a Seen) -> Result<(), Violation> {
        let Seen::Read { ends_ms, reminders } = seen;
        let wrong = |reason: &str, what: String| violation(&self.name, at_ms, vec![index], what).because(reason);
        for table in SWEPT {
            let Some(oldest_ms) = ends_ms.get(table).and_then(|ends| ends.first()) else {
                continue;
            };
            let excuse = self.calm.excuse(*oldest_ms, at_ms);
            if self.evidence.is_violated(oldest_ms + self.late_ms < at_ms, excuse) {
                let what = format!("a row of {table} ended at {} and is still there", human(*oldest_ms));
                return Err(wrong("not-swept", what));
            }
        }
        if let Some((table, lost)) = self.lost(at_ms, ends_ms) {
            return Err(wrong(
                "swept-too-early",
                format!("{lost} rows of {table} are gone before their end"),
            ));
        }
        self.before = Some((ends_ms, self.logouts));
        if self.evidence.is_violated(reminders.len() != self.reminders, None) {
            let what = format!("{} reminders are there, of {}", reminders.len(), self.reminders);
            return Err(wrong("reminder-lost", what));
        }
        for reminder in reminders {
            let (was_wrong, excuse) = self.reminder(at_ms, reminder);
            if self.evidence.is_violated(was_wrong.is_some(), excuse) {
                let why = was_wrong.unwrap_or_default();
                let what = format!(
                    "what is due to {} at {} {why}",
                    reminder.address,
                    human(reminder.due_ms)
                );
                return Err(wrong("reminder-recorded-wrongly", what));
            }
        }
        Ok(())
    }

    /// Rows that were there before, have not ended, and are gone, but for sessions that somebody ended.
    fn lost(&self, at_ms: u64, now: &BTreeMap<String, Vec<u64>>) -> Option<(&'a str, usize)> {
        let (before, logouts) = self.before?;
        for (table, ends) in before {
            let count = |of: &[u64], end: &u64| of.iter().filter(|other| *other == end).count();
            let now = now.get(table).map_or(&[][..], Vec::as_slice);
            let mut lasting: Vec<u64> = ends.iter().copied().filter(|end| *end > at_ms + LATE_MS).collect();
            lasting.dedup();
            let gone = lasting
                .iter()
                .map(|end| count(ends, end).saturating_sub(count(now, end)));
            let gone: usize = gone.sum();
            let ended = match table.as_str() {
                "sessions" => self.logouts - logouts.min(self.logouts) + self.replaced,
                // A browser that is seen again is known for longer: the row has another end.
                "known_browsers" => now.iter().filter(|end| count(ends, end) < count(now, end)).count(),
                _ => 0,
            };
            if self.evidence.is_violated(gone > ended, None) {
                return Some((table, gone));
            }
        }
        None
    }

    /// What is wrong with the row of a reminder, and why that is not judged.
    fn reminder(&self, at_ms: u64, row: &ReminderRow) -> (Option<&'static str>, Option<&'static str>) {
        let mailed_ms = self.mailed_ms.get(&(row.address.as_str(), row.due_ms)).copied();
        match mailed_ms {
            None if row.sent => (Some("is recorded as sent, and no relay has taken it"), None),
            None if row.claimed && row.due_ms > at_ms + LATE_MS => (Some("is claimed before it is due"), None),
            Some(mailed_ms) if mailed_ms + LATE_MS < at_ms => {
                let is_wrong = !row.claimed || !row.sent;
                let wrong = is_wrong.then_some("was mailed, and is not recorded as sent");
                (wrong, self.calm.excuse(mailed_ms, at_ms))
            }
            _ => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::*,
        vocabulary::{Fault, ReminderOption},
    };

    /// One reminder, due at 10 s.
    fn story() -> Story {
        let mut story = Story::new();
        story.world.reminders.push(ReminderOption {
            who: "ann".into(),
            due_ms: 10_000,
        });
        story
    }

    fn mailed_at(story: Story, at_ms: u64) -> Story {
        let mailed = leader::Observation::ReminderMailed {
            address: "ann@example.com".into(),
            due_ms: EPOCH.millis() + 10_000,
        };
        story.event(at_ms, "mail", Event::Own(Observation::Leader(mailed)))
    }

    /// A session and an entry of the ledger with these ends; the reminder is claimed and sent, or not.
    fn look(story: Story, at_ms: u64, ends: [u64; 2], (claimed, sent): (bool, bool)) -> Story {
        let seen = Seen::Read {
            ends_ms: BTreeMap::from([("sessions".into(), vec![ends[0]]), ("spent".into(), vec![ends[1]])]),
            reminders: vec![ReminderRow {
                address: "ann@example.com".into(),
                due_ms: 10_000,
                claimed,
                sent,
            }],
        };
        story.event(at_ms, "operator", Event::Own(Observation::Directory(seen)))
    }

    fn reason(story: Story) -> Result<(), String> {
        story.judged_by(&DirectoryKept).map_err(|violation| violation.reason)
    }

    const LIVE: [u64; 2] = [100_000, 200_000];

    #[test]
    fn accepts_what_is_kept_and_swept() {
        let mut story = look(story(), 5_000, LIVE, (false, false));
        story = look(mailed_at(story, 10_500), 13_000, LIVE, (true, true));
        assert_eq!(reason(look(story, 115_000, [160_000, 200_000], (true, true))), Ok(()));
    }

    #[test]
    fn rejects_rows_that_stay_and_rows_that_go() {
        assert_eq!(
            reason(look(story(), 90_000, [20_000, 200_000], (false, false))),
            Err("not-swept".into())
        );
        let gone = look(story(), 5_000, LIVE, (false, false));
        let gone = look(gone, 6_000, [100_000, 300_000], (false, false));
        assert_eq!(reason(gone), Err("swept-too-early".into()));
    }

    /// Signing out, and a session that takes the place of another one.
    #[test]
    fn sessions_that_somebody_ended_may_go() {
        let gone_after = |path: &str, cookies: Vec<(String, spec::Secret)>| {
            let request = spec::exchange::Request {
                method: "POST".into(),
                path: path.into(),
                cookies,
                ..spec::exchange::Request::default()
            };
            let asked = exchange::Observation::Asked {
                number: 1,
                door: "balancer".into(),
                request: Box::new(request),
            };
            let story = look(story(), 5_000, LIVE, (false, false));
            let story = story.event(5_500, "ann", Event::Own(Observation::Exchange(asked)));
            reason(look(story, 6_000, [300_000, 200_000], (false, false)))
        };
        let session = vec![("__Host-session".to_owned(), spec::Secret::of("x"))];
        assert_eq!(gone_after("/logout", session.clone()), Ok(()));
        assert_eq!(gone_after("/end-session", session.clone()), Ok(()));
        assert_eq!(gone_after("/login/verify", session.clone()), Ok(()));
        let too_early = Err("swept-too-early".to_owned());
        assert_eq!(gone_after("/login/verify", vec![]), too_early);
        assert_eq!(gone_after("/", session), too_early);
    }

    #[test]
    fn rejects_wrong_records_of_reminders() {
        let wrong = Err("reminder-recorded-wrongly".to_owned());
        assert_eq!(reason(look(story(), 5_000, LIVE, (true, false))), wrong);
        assert_eq!(reason(look(story(), 12_000, LIVE, (true, true))), wrong);
        assert_eq!(
            reason(look(mailed_at(story(), 10_500), 13_000, LIVE, (true, false))),
            wrong
        );
        let died = mailed_at(story(), 10_500).fault(10_600, Fault::Kill { host: "idp-a".into() });
        assert_eq!(reason(look(died, 13_000, LIVE, (true, false))), Ok(()));
        let lost = Seen::Read {
            ends_ms: BTreeMap::new(),
            reminders: vec![],
        };
        let lost = story().event(5_000, "operator", Event::Own(Observation::Directory(lost)));
        assert_eq!(reason(lost), Err("reminder-lost".into()));
    }
}
