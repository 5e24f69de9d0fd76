//! A mail with a code that the relay refuses is tried again, after the pauses and as often as `core/LIMITS.md` says, and not
//! later than its code ends.
//!
//! Source: inventory 1, 3 (a relay that is away for a moment loses nobody's mail; nobody is sent a code that has ended).
//!
//! Fairness. The tries of a mail follow from the press of "Send" that promised it, and from the pauses. One that begins and
//! ends while the relay refuses all mails is in vain; the first that finds it healthy succeeds. Judged are presses whose
//! tries no other fault can touch.
//!
//! Edges. A try that begins near the end of such a time may succeed or not. If people press several times for one address,
//! a press is judged only if the tries of the one before are over.

use super::conversations::{conversations, first_other_ms, is_barred, promises, refusing, spans};
use crate::{
    property::{
        calm::{CUT_SHORT, first_of},
        human,
        reading::{Invocation, TroubledTimes, mails},
        violation,
    },
    vocabulary::{Evidence, Kind, Login, Mode, Property, Violation},
};
use spec::Settings;
use std::collections::BTreeMap;

/// Property: a mail that was refused is tried again, and no mail comes too late to be of use. See the module.
pub struct MailsTriedAgain;

/// How long the world needs after other faults, milliseconds: their mails may still be on the way.
const SETTLES_MS: u64 = 20_000;

/// How lines begin that tell of a mail that nobody tries to send any more.
const LOST: [&str; 3] = [
    "a mail waited until it was of no use",
    "a mail may or may not have been sent",
    "a mail was not sent; giving up",
];

/// So much longer than its window a press may keep the next one from sending a mail, milliseconds.
const WINDOW_SLACK_MS: u64 = 2_000;

const OTHER_FAULT: &str = "another fault than a relay that refuses";
const SEVERAL: &str = "pressed again before the tries for the first press were over";

impl Property<Login> for MailsTriedAgain {
    fn name(&self) -> String {
        "MailsTriedAgain".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a mail that the relay refused is tried again as documented, and none is sent after its code has ended".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let judging = Judging {
            name: self.name(),
            evidence,
            starts_ms: starts_ms(&Settings::default()),
            // A whole conversation takes some ten ways there and back.
            takes_ms: 25 * evidence.plan.world.latency_ms_max.max(evidence.exact_to_ms),
            refusing: refusing(evidence.history),
            others: TroubledTimes::of(evidence.history, SETTLES_MS, |fault| {
                !is_barred(fault) && !matches!(super::conversations::mode(fault), Some(Mode::Failing))
            }),
        };
        judging.lengths()?;
        let promises = promises(evidence.plan, evidence.history);
        judging.losses(&promises)?;
        for (address, presses) in promises {
            for (n, press) in presses.iter().enumerate() {
                let before = n.checked_sub(1).map(|n| &presses[n]);
                judging.tries(address, press, before, presses.get(n + 1))?;
            }
            judging.use_of(address, &presses)?;
        }
        Ok(())
    }
}

/// When each try begins after the press, if none takes any time.
fn starts_ms(documented: &Settings) -> Vec<u64> {
    let tries = documented.get("tries of a mail");
    let mut starts_ms = vec![0];
    for pause in 1..tries {
        let earlier = starts_ms.last().copied().unwrap_or(0);
        starts_ms.push(earlier + documented.get(&format!("pause after try {pause}")));
    }
    starts_ms
}

struct Judging<'a, 'e> {
    name: String,
    evidence: &'a Evidence<'e>,
    starts_ms: Vec<u64>,
    takes_ms: u64,
    refusing: Vec<(u64, u64)>,
    others: TroubledTimes,
}

impl Judging<'_, '_> {
    fn tries(
        &self,
        address: &str,
        press: &Invocation<'_>,
        before: Option<&Invocation<'_>>,
        after: Option<&Invocation<'_>>,
    ) -> Result<(), Violation> {
        // When each may begin, and when it has certainly ended.
        let tries: Vec<(u64, u64)> = (self.starts_ms.iter().enumerate())
            .map(|(n, ms)| {
                let slack_ms = (n as u64 + 1) * self.takes_ms;
                (press.began_ms + ms, press.ended_ms() + ms + slack_ms)
            })
            .collect();
        let is_refused =
            |(from_ms, to_ms): &(u64, u64)| self.refusing.iter().any(|span| span.0 < *from_ms && *to_ms < span.1);
        let is_taken =
            |(from_ms, to_ms): &(u64, u64)| self.refusing.iter().all(|span| span.1 <= *from_ms || *to_ms <= span.0);
        let taken = tries.iter().position(is_taken);
        let last = taken.unwrap_or(tries.len() - 1);
        let perhaps: Vec<(u64, u64)> = (tries[..=last].iter().copied())
            .filter(|one| !is_refused(one))
            .collect();
        let decided_ms = tries[last].1;
        let whole_ms = self.starts_ms.last().copied().unwrap_or(0) + self.starts_ms.len() as u64 * self.takes_ms;
        let excuse = first_of([
            (!self.others.spares(press.began_ms, decided_ms), OTHER_FAULT),
            (
                before.is_some_and(|before| press.began_ms <= before.ended_ms() + whole_ms),
                SEVERAL,
            ),
            (after.is_some_and(|after| after.began_ms <= decided_ms), SEVERAL),
            (decided_ms > self.evidence.plan.lasts_ms, CUT_SHORT),
        ]);
        let until_ms = after.map_or(u64::MAX, |after| after.began_ms);
        let mut came = mails(self.evidence.history)
            .filter(|(at_ms, _, to, _)| *to == address && (press.began_ms..until_ms).contains(at_ms));
        let came = came.next();
        let is_in_time = |at_ms: u64| {
            perhaps
                .iter()
                .any(|(from_ms, to_ms)| (*from_ms..=*to_ms).contains(&at_ms))
        };
        let wrong = match came {
            Some((at_ms, ..)) if !is_in_time(at_ms) => {
                Some(("tried-at-another-time", format!("came at {}", human(at_ms))))
            }
            None if taken.is_some() => Some(("not-tried-again", "has not come".to_owned())),
            _ => None,
        };
        let (reason, how) = wrong.clone().unwrap_or_default();
        if self.evidence.is_violated(wrong.is_some(), excuse) {
            let when: Vec<String> = perhaps.iter().map(|(from_ms, _)| human(*from_ms)).collect();
            let what = format!(
                "the mail to {address}, promised at {}, {how}, and may come of tries from: {}",
                human(press.ended_ms()),
                when.join(", ")
            );
            let mut evidence = press.records();
            evidence.extend(came.map(|(_, index, ..)| index));
            return Err(violation(&self.name, decided_ms, evidence, what).because(reason));
        }
        Ok(())
    }

    /// One try takes no longer than documented, and gives a relay that hangs all of that time.
    fn lengths(&self) -> Result<(), Violation> {
        let deadline_ms = Settings::default().get("mail relay");
        let hanging = spans(self.evidence.history, |mode| mode == Mode::Hanging);
        let until_ms = first_other_ms(self.evidence.history, |_| true);
        for one in conversations(self.evidence.history) {
            // A relay that is slow has its mail, and does not see that the client has gone.
            let Some(ended_ms) = one.ended_ms.filter(|ms| one.took.is_empty() && *ms < until_ms) else {
                continue;
            };
            let took_ms = ended_ms - one.began_ms;
            let hung = hanging.iter().any(|span| span.0 < one.began_ms && ended_ms < span.1);
            let least_ms = if hung { deadline_ms - self.takes_ms } else { 0 };
            let is_wrong = !(least_ms..=deadline_ms + self.takes_ms).contains(&took_ms);
            if self.evidence.is_violated(is_wrong, None) {
                let what = format!(
                    "a try of a mail took {}, instead of {}",
                    human(took_ms),
                    human(deadline_ms)
                );
                return Err(violation(&self.name, ended_ms, vec![one.began_at], what).because("another-length"));
            }
        }
        Ok(())
    }

    /// Of each mail that was promised and has not come the log says why not.
    fn losses(&self, promises: &BTreeMap<&str, Vec<Invocation<'_>>>) -> Result<(), Violation> {
        let (world, deadline_ms) = (&self.evidence.plan.world, Settings::default().get("mail relay"));
        let lives_ms = world.email_code_ttl_s * 1000 + 2 * deadline_ms;
        let window_ms = world.send_once_s * 1000 + WINDOW_SLACK_MS;
        // However the relay fails, what becomes of a mail is known.
        let is_of_relay = |fault: &_| is_barred(fault) || super::conversations::mode(fault).is_some();
        let others = TroubledTimes::of(self.evidence.history, SETTLES_MS, |fault| !is_of_relay(fault));
        let (mut lost, mut pressed) = (0, vec![]);
        for (address, presses) in promises {
            let Some((first, last)) = presses.first().zip(presses.last()) else {
                continue;
            };
            let over_ms = last.ended_ms().saturating_add(lives_ms);
            if over_ms > self.evidence.plan.lasts_ms || !others.spares(first.began_ms, over_ms) {
                continue;
            }
            // A press within the window of another one promises no further mail.
            let after_the_window =
                |pair: &&[Invocation<'_>]| pair[0].ended_ms().saturating_add(window_ms) < pair[1].began_ms;
            let promised = 1 + presses.windows(2).filter(after_the_window).count();
            let came = mails(self.evidence.history)
                .filter(|(_, _, to, _)| to == address)
                .count();
            if came < promised {
                lost += promised - came;
                pressed.push(first.began_at);
            }
        }
        let log = self.evidence.operators.log.iter().map(|written| &written.line);
        let told = log
            .filter(|line| LOST.iter().any(|says| line.text.starts_with(says)))
            .count();
        if self.evidence.is_violated(told < lost, None) {
            let what = format!("{lost} mails that were promised have not come, and the log tells of {told}");
            return Err(violation(&self.name, self.evidence.plan.lasts_ms, pressed, what).because("loss-untold"));
        }
        Ok(())
    }

    /// A code that has ended is not sent: the last try begins before its end. Of several presses each explains one mail.
    fn use_of(&self, address: &str, presses: &[Invocation<'_>]) -> Result<(), Violation> {
        let lives_ms = self.evidence.plan.world.email_code_ttl_s * 1000 + Settings::default().get("mail relay");
        let ends_ms = |press: &Invocation<'_>| press.ended_ms().saturating_add(lives_ms);
        // A relay that is slow has a mail for longer than its client waits.
        let until_ms = first_other_ms(self.evidence.history, |mode| !matches!(mode, Mode::Slow { .. }));
        let came: Vec<(u64, usize)> = mails(self.evidence.history)
            .filter(|(_, _, to, _)| *to == address)
            .map(|(at_ms, index, ..)| (at_ms, index))
            .collect();
        for (n, (at_ms, index)) in came.iter().enumerate() {
            let later = came.len() - n;
            let excuse = (*at_ms >= until_ms).then_some(OTHER_FAULT);
            let of_use = presses.iter().filter(|press| *at_ms <= ends_ms(press)).count();
            if self.evidence.is_violated(later > of_use, excuse) {
                let what = format!(
                    "{later} mails came to {address} from {} on, and codes of {of_use} had not ended",
                    human(*at_ms)
                );
                return Err(violation(&self.name, *at_ms, vec![*index], what).because("of-no-use"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mail, mailed_code,
        property::testing::*,
        vocabulary::{Fault, Operation, OwnFault, Seen},
    };

    fn relay(mode: Mode) -> Fault {
        Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode }))
    }

    /// Ann presses at 10 s; the relay refuses from 8 s until a time.
    fn refused_until(ms: u64) -> Story {
        let mut story = Story::new();
        story.operations.push(Operation {
            at_ms: 0,
            who: "ann".into(),
            does: mailed_code::Behaviour::LogIn.into(),
        });
        story
            .fault(8000, relay(Mode::Failing))
            .op((10_000, 10_020), "ann", send("f1", "ann"), Seen::Ok)
            .fault(ms, relay(Mode::Healthy))
    }

    fn reason(story: Story) -> Result<(), String> {
        story.judged_by(&MailsTriedAgain).map_err(|violation| violation.reason)
    }

    #[test]
    fn the_documented_pauses_add_up() {
        assert_eq!(starts_ms(&Settings::default()), [0, 500, 1500, 3500, 7500, 15_500]);
    }

    #[test]
    fn a_mail_comes_with_the_first_try_that_can_succeed() {
        let came = |at_ms| reason(refused_until(12_000).event(at_ms, "mail", mailed("ann", "c1")));
        assert_eq!(came(13_560), Ok(()));
        assert_eq!(came(12_500), Err("tried-at-another-time".into()));
        assert_eq!(came(17_600), Err("tried-at-another-time".into()));
        assert_eq!(reason(refused_until(12_000)), Err("not-tried-again".into()));
    }

    #[test]
    fn after_the_last_try_none_comes() {
        assert_eq!(reason(refused_until(40_000)), Ok(()));
        let late = refused_until(40_000).event(41_500, "mail", mailed("ann", "c1"));
        assert_eq!(reason(late), Err("tried-at-another-time".into()));
    }

    #[test]
    fn other_faults_excuse() {
        let story = refused_until(12_000).fault(12_500, Fault::Kill { host: "idp-a".into() });
        assert_eq!(reason(story), Ok(()));
    }

    #[test]
    fn a_code_that_has_ended_is_of_no_use() {
        let mut story = Story::new().fault(1000, relay(Mode::Hanging));
        story.world.email_code_ttl_s = 60;
        story.operations = refused_until(1).operations;
        let story = story
            .op((10_000, 10_020), "ann", send("f1", "ann"), Seen::Ok)
            .fault(75_000, relay(Mode::Healthy));
        let came = |story: Story, at_ms| reason(story.event(at_ms, "mail", mailed("ann", "c1")));
        assert_eq!(came(story, 80_100), Err("of-no-use".into()));
    }

    #[test]
    fn a_mail_that_nobody_tries_any_more_is_told() {
        let ends = |email_code_ttl_s: u64, line: &str| {
            let mut story = refused_until(60_000).logged_at(41_000, "ERROR", line);
            story.world.email_code_ttl_s = email_code_ttl_s;
            reason(story)
        };
        let told = "a mail was not sent; giving up cause=not done: refused: 451 later";
        assert_eq!(ends(60, told), Ok(()));
        assert_eq!(ends(60, "ready"), Err("loss-untold".into()));
        assert_eq!(ends(600, "ready"), Ok(()), "it may come yet");
    }
}
