//! A reminder that falls due while nothing is broken arrives.
//!
//! Source: inventory 31 ("and eventually one once healed"), 30 (a service that never gets a leader would send none).
//!
//! Fairness. Nothing breaks from a while before the reminder is due until the bound ends, and some replica runs. The
//! job looks for due reminders once a second, and no reminder was later than 1.4 s (12 to 30 seeds of each scenario).
//!
//! Edges. A reminder whose leader died between claiming and sending it is lost rather than sent twice, and from outside
//! nobody can see which reminders these are. So the property judges only reminders that fall due when nothing has been
//! broken for a while: before the first fault, or after healing. A failed call excuses a reminder only if it was made
//! for the leader, or on the way to Redis or the relay, and then the reminder may only be late: a leader that knows
//! that a mail was not sent gives its claim back. After a mail of unknown outcome nothing is judged, because a second
//! mail would be worse than none. Whose mailbox is full or gone (`world::mail`) gets none. If the relay is out of reach of one
//! replica alone, or its clock alone is wrong, another one has to lead soon: what falls due meanwhile is late by no more than that
//! takes.

use crate::{
    leader, mail,
    property::{
        bound::Bound,
        calm::{CUT_SHORT, first_of},
        human,
        reading::{TroubledTimes, touches_the_leader},
        spans::{Span, spans},
        violation,
    },
    vocabulary::{Event, Evidence, Fault, Kind, Login, Mode, Observation, OwnFault, Property, Violation},
    world::{
        hosts,
        mail::{FULL, GONE},
    },
};
use spec::Settings;
use std::time::Duration;

/// Property: a reminder that falls due while nothing is broken arrives within a bound. See the module.
pub struct RemindersArrive(Bound);

impl RemindersArrive {
    /// The mail arrives within this time after it is due.
    pub fn within(limit: Duration) -> RemindersArrive {
        RemindersArrive(Bound::within(limit, 30_000))
    }

    /// How long the service needs to have a leader again: meanwhile the lease of a dead leader expires.
    pub fn settling(self, settle: Duration) -> RemindersArrive {
        RemindersArrive(self.0.settling(settle))
    }
}

impl Property<Login> for RemindersArrive {
    fn name(&self) -> String {
        "RemindersArrive".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "while nothing is broken, a reminder arrives within {}",
            human(self.0.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let lonely = concerns_one(evidence);
        let lasting = |fault: &Fault| {
            touches_the_leader(fault) && !passes(fault) && !(lonely.is_some() && unfit(fault).is_some())
        };
        let trouble = TroubledTimes::of(evidence.history, self.0.settle_ms, lasting);
        let passing = TroubledTimes::of(evidence.history, self.0.settle_ms, passes);
        let refused = |who: &str| who.starts_with(GONE) || who.starts_with(FULL);
        let reminders = evidence.plan.world.reminders.iter();
        for reminder in reminders.filter(|reminder| !refused(&reminder.who)) {
            let in_time_ms = reminder.due_ms + self.0.within_ms;
            let passed_ms = passing.ends_ms(reminder.due_ms, in_time_ms);
            let mut latest_ms = passed_ms.map_or(in_time_ms, |passed_ms| in_time_ms.max(passed_ms + self.0.within_ms));
            let cut_at_ms = lonely.filter(|(from_ms, until_ms)| *from_ms <= in_time_ms && reminder.due_ms <= *until_ms);
            if cut_at_ms.is_some() {
                latest_ms = latest_ms.max(reminder.due_ms + self.0.within_ms + moves_ms(evidence));
            }
            let excuse = first_of([
                (latest_ms > evidence.plan.lasts_ms, CUT_SHORT),
                (
                    cut_at_ms.is_some_and(|(from_ms, _)| from_ms >= reminder.due_ms),
                    "it may have been on its way when its leader got unfit",
                ),
                (
                    !trouble.spares(reminder.due_ms, latest_ms),
                    "a fault that may keep the leader from its jobs",
                ),
            ]);
            let to = format!("{}@example.com", reminder.who);
            let mut mailed_ms = evidence
                .history
                .records
                .iter()
                .filter_map(|record| match &record.event {
                    Event::Own(Observation::Leader(leader::Observation::ReminderMailed { address, due_ms })) => {
                        (*address == to && *due_ms == EPOCH_MS + reminder.due_ms).then_some(record.at_ms)
                    }
                    _ => None,
                });
            let arrived_ms = mailed_ms.next().unwrap_or(u64::MAX);
            let only_late = (in_time_ms + 1..=latest_ms).contains(&arrived_ms);
            let excuse = excuse.or(only_late.then_some("it had to wait for another try, or for another leader"));
            if evidence.is_violated(arrived_ms > in_time_ms, excuse) {
                let what = format!("{to} was not reminded of what was due at {}", human(reminder.due_ms));
                return Err(violation(&self.name(), latest_ms, vec![], what).because("no-reminder"));
            }
        }
        Ok(())
    }
}

/// Which replica cannot do the jobs because of this fault, while others can: the relay gets out of its reach, or its clock is wrong.
fn unfit(fault: &Fault) -> Option<&str> {
    match fault {
        Fault::ClockOffset { host, .. } | Fault::ClockJump { host, .. } if host.starts_with("idp-") => Some(host),
        Fault::Cut { a, b } if b == hosts::MAIL => Some(a),
        Fault::Cut { a, b } if a == hosts::MAIL => Some(b),
        _ => None,
    }
}

/// From when until when one replica alone cannot do the jobs, milliseconds, if that happens once.
fn concerns_one(evidence: &Evidence<'_>) -> Option<(u64, u64)> {
    let spans = spans(evidence.history);
    let cuts: Vec<(&Span<'_>, &str)> = (spans.iter())
        .filter_map(|span| Some((span, unfit(span.fault)?)))
        .collect();
    let [(cut, _)] = cuts[..] else { return None };
    (evidence.plan.world.replicas > 1).then_some((cut.from_ms, cut.to_ms))
}

/// How long it takes until another replica leads and has sent what was due, milliseconds: the first mail is tried for as long as
/// a mail may take, and so is one that is being tried while the leader gives way; it does so once it has failed for as long as a
/// lease; then the others ask.
fn moves_ms(evidence: &Evidence<'_>) -> u64 {
    let documented = Settings::default();
    let (mail_ms, lease_ms) = (documented.get("mail relay"), evidence.plan.world.lease_ms);
    2 * mail_ms + lease_ms + 3 * documented.get("renewals")
}

/// Whether a reminder must still arrive after a fault, though later: the mail certainly was not sent, or the leader can give
/// back a claim that it may have made. So it is with the failure of a single call, and with a relay that refuses all mails.
fn passes(fault: &Fault) -> bool {
    let call = match fault {
        Fault::Call(call) => call,
        // It refuses each mail before it has taken it (RFC 5321 section 4.2.1), so the claim is given back.
        Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })) => return *mode == Mode::Failing,
        Fault::Own(OwnFault::Mail(mail::Fault::RelayBars { .. })) => return true,
        _ => return false,
    };
    let ends_a_mail = call.call == "mail deliver" && (call.error.ends_with("after-data") || call.error == "550");
    touches_the_leader(fault) && !ends_a_mail
}

/// Wall-clock time at which every run begins, milliseconds since the Unix epoch.
const EPOCH_MS: u64 = 1_790_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::ReminderOption;

    fn due(due_ms: u64) -> Story {
        due_for("ann", due_ms)
    }

    fn due_for(who: &str, due_ms: u64) -> Story {
        let mut story = Story::new();
        story.world.reminders.push(ReminderOption {
            who: who.into(),
            due_ms,
        });
        story
    }

    fn reminded(due_ms: u64) -> Event {
        Event::Own(Observation::Leader(leader::Observation::ReminderMailed {
            address: "ann@example.com".into(),
            due_ms: EPOCH_MS + due_ms,
        }))
    }

    fn claim() -> RemindersArrive {
        RemindersArrive::within(Duration::from_secs(5))
    }

    #[test]
    fn accepts_arrival_and_excuses() {
        let arrived = due(10_000).event(10_900, "mail", reminded(10_000));
        let injected = due(10_000).fault(12_000, Fault::Kill { host: "idp-a".into() });
        for story in [arrived, injected, due(119_000)] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn a_call_that_failed_excuses_only_what_waits_for_it() {
        let leader = || due(10_000).fault(10_100, answer_lost("directory claim_reminder"));
        let late = leader().event(41_000, "mail", reminded(10_000));
        assert_eq!(late.judged_by(&claim()), Ok(()));
        assert!(leader().judged_by(&claim()).is_err(), "nobody gave the claim back");
        let login = due(10_000).fault(9000, answer_lost("directory redeem"));
        assert!(login.judged_by(&claim()).is_err());
    }

    #[test]
    fn a_relay_that_refuses_makes_a_reminder_late() {
        let relay = |mode| Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode }));
        let refused = |mode| due(10_000).fault(8000, relay(mode)).fault(30_000, Fault::Heal);
        let late = refused(Mode::Failing).event(31_000, "mail", reminded(10_000));
        assert_eq!(late.judged_by(&claim()), Ok(()));
        assert!(
            refused(Mode::Failing).judged_by(&claim()).is_err(),
            "nobody gave the claim back"
        );
        assert_eq!(
            refused(Mode::Hanging).judged_by(&claim()),
            Ok(()),
            "it may have been sent"
        );
    }

    #[test]
    fn the_analytics_hook_excuses_nothing() {
        let cut = |b: &str| {
            let (a, b) = ("idp-a".into(), b.into());
            due(10_000).fault(9000, Fault::Cut { a, b }).judged_by(&claim())
        };
        assert!(cut("analytics").is_err());
    }

    /// Another replica leads before long, whose clock is right.
    #[test]
    fn a_wrong_clock_of_one_replica_makes_a_reminder_late() {
        let wrong = |host: &str| Fault::ClockJump {
            host: host.into(),
            by_ms: 13 * 3600 * 1000,
        };
        let one = |due_ms| due(due_ms).fault(9000, wrong("idp-a"));
        let late = one(10_000).event(41_000, "mail", reminded(10_000));
        assert_eq!(late.judged_by(&claim()), Ok(()));
        assert!(one(10_000).judged_by(&claim()).is_err());
        let both = one(10_000).fault(9500, wrong("idp-b"));
        assert_eq!(both.judged_by(&claim()), Ok(()), "nobody leads");
    }

    /// Another replica reaches the relay, and leads before long.
    #[test]
    fn a_relay_out_of_reach_of_one_replica_makes_a_reminder_late() {
        let cut = |a: &str| Fault::Cut {
            a: a.into(),
            b: "mail".into(),
        };
        let one = |due_ms| due(due_ms).fault(9000, cut("idp-a"));
        let late = one(10_000).event(41_000, "mail", reminded(10_000));
        assert_eq!(late.judged_by(&claim()), Ok(()));
        let too_late = one(10_000).event(60_000, "mail", reminded(10_000));
        assert!(too_late.judged_by(&claim()).is_err());
        assert!(one(10_000).judged_by(&claim()).is_err());
        assert_eq!(one(8900).judged_by(&claim()), Ok(()), "it may have been on its way");
        let both = one(10_000).fault(9500, cut("idp-b"));
        assert_eq!(both.judged_by(&claim()), Ok(()), "nobody reaches it");
    }

    #[test]
    fn nobody_is_reminded_whose_mailbox_is_full_or_gone() {
        for who in ["gone-1", "full-1"] {
            assert_eq!(due_for(who, 10_000).tally(&claim()), (0, vec![]), "{who}");
        }
        for who in ["ann", "fulvia", "gonzalo"] {
            assert!(due_for(who, 10_000).judged_by(&claim()).is_err(), "{who}");
        }
    }

    #[test]
    fn rejects_absence_and_lateness() {
        let late = due(10_000).event(15_100, "mail", reminded(10_000));
        let healed = due(70_000)
            .fault(12_000, Fault::Kill { host: "idp-a".into() })
            .fault(30_000, Fault::Heal);
        for story in [late, due(10_000), healed] {
            assert!(story.judged_by(&claim()).is_err());
        }
    }
}
