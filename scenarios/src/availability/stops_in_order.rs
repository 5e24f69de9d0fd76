//! A replica that is asked to end finishes what has begun, and another one does the rest: whoever restarts replicas one after
//! the other harms nobody.
//!
//! Source: inventory 34 (a deployment is a fault that comes every day), 1 (who was told that a mail comes gets one), 29 and 30
//! (the lease); `core/LIMITS.md`: stopping. From the moment at which the process is asked to end:
//!
//! - it ends by itself, within its deadline, whatever it depends on does; if it needs all of that, it says what is lost;
//! - no request that it had begun is cut off, each answer says that its connection closes, and no request through the balancer fails that another replica could serve;
//! - whoever was promised a mail gets it, although it waited in the outbox;
//! - the lease is given back: another replica leads after its next question, not when the lease is over.
//!
//! Fairness. Another replica serves all the while, and the balancer knows that; nothing else is broken. A mail relay that is
//! slow breaks nothing, for it takes what is handed to it; neither does a link that is a little slower.
//!
//! Edges. A process that is asked once more ends at once, as a kill would end it; what it had answered before is judged.
//! A request that is sent in the moment in which the replica closes connections on which it has no request may arrive too
//! late, and a balancer must not repeat a POST. One that its client did not wait for, or that takes longer than requests may
//! take at a stop, is not judged. A second press within the window sends no second mail.

mod closing;
mod losses;

use crate::{
    mail, mailed_code,
    property::{
        calm::{CUT_SHORT, first_of},
        human, invocations,
        reading::{Exchanged, TroubledTimes, exchanged, mails, only_slows},
        spans::spans,
        stops::{Stopped, stops},
        violation,
    },
    vocabulary::{Evidence, Fault, Kind, LogLine, Login, Mode, Op, OwnFault, Property, Violation},
    world::hosts,
};
use sim::history::RETURNED;
use spec::{
    Settings,
    exchange::{Answered, Body},
};
use std::collections::BTreeMap;

/// Property: a stop harms nobody. See the module.
pub struct StopsInOrder;

/// How much later than its deadline something may be seen, milliseconds.
const SLACK_MS: u64 = 1_000;
/// How long the world needs after other faults, milliseconds.
const SETTLES_MS: u64 = 20_000;
/// How many ways through the network there may be between the question for the lease and the word of its new holder: the
/// connection, the question and the new epoch.
const LEASE_WAYS: u64 = 20;

const HALTED: &str = "it was killed, paused or had no power";
const OTHER_FAULT: &str = "something else was broken";
const NOBODY_ELSE: &str = "no other replica served";
const NOT_OPEN: &str = "its port was not open";
const ASKED_AGAIN: &str = "its end was interrupted, for it was asked once more";
const IN_THE_MOMENT: &str = "sent in the moment in which connections were closed";
const TOO_LONG: &str = "it took longer than requests may take at a stop";
const NOT_LEADING: &str = "it did not lead";
const PRESSED_BEFORE: &str = "pressed within the window of an earlier press";

impl Property<Login> for StopsInOrder {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a replica that is asked to end finishes what has begun, sends its mails, gives the lease back, and ends in time".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let stops = stops(evidence.history);
        if stops.is_empty() {
            return Ok(());
        }
        let documented = Settings::default();
        let judging = Judging {
            name: self.name(),
            evidence,
            stop_ms: documented.get("stop"),
            work_ms: documented.get("work at a stop"),
            others: TroubledTimes::of(evidence.history, SETTLES_MS, is_trouble),
        };
        for stop in &stops {
            judging.ends(stop)?;
            judging.finishes(stop)?;
            judging.says_that_it_closes(stop)?;
            judging.gives_the_lease_back(stop)?;
            judging.has_lost_what_it_says(stop)?;
            judging.cuts_off_what_it_says(stop)?;
        }
        judging.mails(&stops)
    }
}

/// Whether a fault may harm somebody although replicas stop in order.
fn is_trouble(fault: &Fault) -> bool {
    let is_slow_relay = matches!(
        fault,
        Fault::Own(OwnFault::Mail(mail::Fault::Mail {
            mode: Mode::Slow { .. }
        }))
    );
    !is_slow_relay && !only_slows(fault) && !matches!(fault, Fault::Stop { .. })
}

struct Judging<'a, 'e> {
    name: String,
    evidence: &'a Evidence<'e>,
    stop_ms: u64,
    work_ms: u64,
    others: TroubledTimes,
}

impl Judging<'_, '_> {
    fn violated(&self, at_ms: u64, records: Vec<usize>, what: String, reason: &str) -> Violation {
        violation(&self.name, at_ms, records, what).because(reason)
    }

    fn is_troubled(&self, from_ms: u64, to_ms: u64) -> bool {
        !self.others.spares(from_ms, to_ms)
    }

    /// Whether something else than its own end stood in the way of the process.
    fn was_halted(&self, stop: &Stopped<'_>, until_ms: u64) -> bool {
        let halts = |fault: &Fault| matches!(fault, Fault::Kill { host } | Fault::PowerLoss { host } | Fault::Pause { host, .. } if host == stop.host);
        let mut spans = spans(self.evidence.history).into_iter();
        spans.any(|span| halts(span.fault) && span.from_ms <= until_ms && stop.from_ms <= span.to_ms)
    }

    /// It ends by itself, and in time, whatever it depends on.
    fn ends(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let deadline_ms = stop.from_ms + self.stop_ms + SLACK_MS;
        let in_time = (stop.ended).is_some_and(|(at_ms, how)| at_ms <= deadline_ms && how == RETURNED);
        let excuse = first_of([
            (deadline_ms > self.evidence.plan.lasts_ms, CUT_SHORT),
            (stop.interrupted_ms().is_some(), ASKED_AGAIN),
            (!stop.served, NOT_OPEN),
            (self.was_halted(stop, deadline_ms), HALTED),
        ]);
        if !self.evidence.is_violated(!in_time, excuse) {
            return self.tells_what_is_lost(stop);
        }
        let instead = match stop.ended {
            Some((at_ms, how)) => format!("ended at {}: {how}", human(at_ms)),
            None => "has not ended".into(),
        };
        let what = format!(
            "{} was asked to end at {}, and {instead}",
            stop.host,
            human(stop.from_ms)
        );
        Err(self.violated(deadline_ms, vec![stop.place], what, "does-not-end"))
    }

    /// Whatever it had begun is answered, and whatever others can serve is served.
    fn finishes(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let evidence = self.evidence;
        let world = &evidence.plan.world;
        let ended_ms = stop.ended.map_or(stop.from_ms + self.stop_ms, |(at_ms, _)| at_ms);
        // An end that is on its way to the client, through the balancer.
        let until_ms = ended_ms + 4 * world.latency_ms_max;
        let closings = stop.closings(evidence.plan);
        for exchanged in exchanged(evidence.history) {
            let Exchanged {
                sent_ms, door, answer, ..
            } = exchanged;
            let ended = exchanged.ended_ms;
            let met = (stop.from_ms..=until_ms).contains(&ended);
            if !met || !(door == hosts::BALANCER || door == stop.host) {
                continue;
            }
            let failed = failure(answer, door == hosts::BALANCER);
            let is_in = |(from_ms, to_ms): &(u64, u64)| (*from_ms..=*to_ms).contains(&sent_ms);
            let excuse = first_of([
                (!stop.served, NOT_OPEN),
                (stop.interrupted_ms().is_some_and(|at_ms| at_ms <= ended), ASKED_AGAIN),
                (!stop.another_serves, NOBODY_ELSE),
                (self.is_troubled(sent_ms, ended), OTHER_FAULT),
                (closings.iter().any(is_in), IN_THE_MOMENT),
                (sent_ms < stop.from_ms && sent_ms + self.work_ms < ended, TOO_LONG),
            ]);
            if !evidence.is_violated(failed.is_some(), excuse) {
                continue;
            }
            let what = format!(
                "{} at {door}, sent at {}, {}, while {} stopped from {} on",
                exchanged.request.path,
                human(sent_ms),
                failed.unwrap_or_default(),
                stop.host,
                human(stop.from_ms)
            );
            let records = vec![stop.place, exchanged.sent_at, exchanged.ended_at];
            return Err(self.violated(ended, records, what, "cut-off"));
        }
        Ok(())
    }

    /// Another process leads after its next question: of another replica, or of this one, if it is started again at once.
    fn gives_the_lease_back(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let world = &self.evidence.plan.world;
        let deadline_ms = stop.from_ms
            + world.renewal_ms()
            + LEASE_WAYS * world.latency_ms_max
            + 4 * world.call_pause_ms_max
            + SLACK_MS;
        let log = || self.evidence.operators.log.iter().map(|written| &written.line);
        let before = log().filter(|line| line.host == stop.host && line.at_ms < stop.from_ms);
        let led = before.fold(false, |leads, line| match &line.text {
            text if text.starts_with("leading epoch=") => true,
            text if text.starts_with("no longer leading ") => false,
            _ => leads,
        });
        let after = || log().filter(|line| (stop.from_ms..=deadline_ms).contains(&line.at_ms));
        let ended = after().find(|line| line.host == stop.host && line.text == "stopped");
        let is_other = |line: &&LogLine| line.host != stop.host || ended.is_some_and(|ended| ended.at_ms <= line.at_ms);
        let leads = after()
            .filter(is_other)
            .any(|line| line.text.starts_with("leading epoch="));
        let excuse = first_of([
            (!led, NOT_LEADING),
            (deadline_ms > self.evidence.plan.lasts_ms, CUT_SHORT),
            (stop.interrupted_ms().is_some(), ASKED_AGAIN),
            (!stop.another_serves, NOBODY_ELSE),
            (self.is_troubled(stop.from_ms, deadline_ms), OTHER_FAULT),
        ]);
        if !self.evidence.is_violated(!leads, excuse) {
            return Ok(());
        }
        let what = format!(
            "{} led when it was asked to end at {}, and by {} nobody leads instead",
            stop.host,
            human(stop.from_ms),
            human(deadline_ms)
        );
        Err(self.violated(deadline_ms, vec![stop.place], what, "lease-kept"))
    }

    /// Whoever was promised a mail before a replica ended gets it.
    fn mails(&self, stops: &[Stopped<'_>]) -> Result<(), Violation> {
        let evidence = self.evidence;
        let window_ms = evidence.plan.world.send_once_s * 1000 + SLACK_MS;
        let mut pressed: BTreeMap<_, Vec<(u64, u64)>> = BTreeMap::new();
        for press in invocations(evidence.history) {
            let Op::MailedCode(mailed_code::Op::SendCode { flow, address }) = press.op else {
                continue;
            };
            let before = pressed.entry((flow, address)).or_default();
            let is_again = before
                .iter()
                .any(|(_, ended_ms)| press.began_ms < ended_ms.saturating_add(window_ms));
            before.push((press.began_ms, press.ended_ms()));
            // Only what may have been in the outbox of a replica that ended.
            let waited = stops.iter().find(|stop| {
                let ended_ms = stop.ended.map_or(0, |(at_ms, _)| at_ms);
                press.ended_ms() <= ended_ms && stop.from_ms < press.ended_ms() + self.stop_ms
            });
            let (true, Some(stop)) = (press.ok(), waited) else {
                continue;
            };
            let deadline_ms = press.ended_ms() + self.stop_ms + SLACK_MS;
            let came = mails(evidence.history)
                .any(|(at_ms, _, to, _)| to == address && (press.began_ms..=deadline_ms).contains(&at_ms));
            let excuse = first_of([
                (deadline_ms > evidence.plan.lasts_ms, CUT_SHORT),
                (is_again, PRESSED_BEFORE),
                (stop.interrupted_ms().is_some(), ASKED_AGAIN),
                (self.is_troubled(press.began_ms, deadline_ms), OTHER_FAULT),
            ]);
            if !evidence.is_violated(!came, excuse) {
                continue;
            }
            let what = format!(
                "{} was told at {} that a code is on its way to {address}, {} stopped from {} on, and no mail came by {}",
                press.who,
                human(press.ended_ms()),
                stop.host,
                human(stop.from_ms),
                human(deadline_ms)
            );
            let records = press.records().into_iter().chain([stop.place]).collect();
            return Err(self.violated(deadline_ms, records, what, "no-mail"));
        }
        Ok(())
    }
}

/// What became of a request that was not served; `None` if it was, or if nobody waited for it.
fn failure(answer: &Answered, through_balancer: bool) -> Option<String> {
    match answer {
        Answered::With(answer) if through_balancer && answer.status >= 500 => Some(match &answer.body {
            Body::Json(json) => format!("was answered {} {json}", answer.status),
            _ => format!("was answered {}", answer.status),
        }),
        Answered::Unknown(why) => Some(format!("got no answer: {why}")),
        // Whoever asks one replica alone finds its port closed.
        Answered::NotSent(why) if through_balancer => Some(format!("could not be sent: {why}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
