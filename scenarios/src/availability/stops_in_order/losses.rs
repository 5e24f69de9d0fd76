//! What a process that ends says that it leaves undone: all of it, and no more.

use super::{HALTED, Judging, OTHER_FAULT, SLACK_MS};
use crate::{
    exchange, mail, mailed_code,
    property::{
        human, invocations,
        reading::{Invocation, mails},
        stops::Stopped,
    },
    vocabulary::{Event, LogLine, Observation, Op, Violation},
    world::hosts,
};
use spec::{Settings, exchange::Answered};
use std::collections::BTreeSet;

/// What a process says that could not finish.
const LEFT: [&str; 3] = [
    "mails are lost, or were sent and not answered",
    "analytics has lost events",
    "requests or jobs did not end in time",
];

impl Judging<'_, '_> {
    /// One that took all the time that it had leaves something behind, and says so. The time of one that was paused passed without
    /// it.
    pub(super) fn tells_what_is_lost(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let Some((ended_ms, _)) = stop.ended.filter(|(at_ms, _)| at_ms - stop.from_ms >= self.stop_ms) else {
            return Ok(());
        };
        let excuse = self.was_halted(stop, ended_ms).then_some(HALTED);
        let mut log = self.evidence.operators.log.iter().map(|written| &written.line);
        let told = log.any(|line| {
            line.host == stop.host
                && (stop.from_ms..=ended_ms).contains(&line.at_ms)
                && LEFT.iter().any(|left| line.text.starts_with(left))
        });
        if !self.evidence.is_violated(!told, excuse) {
            return Ok(());
        }
        let what = format!(
            "{} was asked to end at {}, took until {}, and does not say what it has left undone",
            stop.host,
            human(stop.from_ms),
            human(ended_ms)
        );
        Err(self.violated(ended_ms, vec![stop.place], what, "loss-untold"))
    }

    /// What it says is lost has not come.
    pub(super) fn has_lost_what_it_says(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let ended_ms = stop.ended.map_or(u64::MAX, |(at_ms, _)| at_ms);
        let log = self.evidence.operators.log.iter().map(|written| &written.line);
        let says = |line: &&LogLine| line.host == stop.host && (stop.from_ms..=ended_ms).contains(&line.at_ms);
        for line in log.filter(says) {
            let lost = line
                .text
                .strip_prefix(LEFT[0])
                .and_then(|rest| rest.strip_prefix(" mails="));
            let Some(lost) = lost.and_then(|lost| lost.parse::<usize>().ok()) else {
                continue;
            };
            let outstanding = self.outstanding(line.at_ms);
            let excuse = self.is_troubled(stop.from_ms, line.at_ms).then_some(OTHER_FAULT);
            if self.evidence.is_violated(outstanding < lost, excuse) {
                let what = format!(
                    "{} says that {lost} mails are lost or not answered, and {outstanding} at most have not come",
                    stop.host
                );
                return Err(self.violated(line.at_ms, vec![stop.place], what, "loss-untrue"));
            }
        }
        Ok(())
    }

    /// What it says that it cuts off is there: a request, perhaps one whose client has left, or a job, which mails.
    pub(super) fn cuts_off_what_it_says(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let ended_ms = stop.ended.map_or(u64::MAX, |(at_ms, _)| at_ms);
        let log = self.evidence.operators.log.iter().map(|written| &written.line);
        let says = |line: &&LogLine| line.host == stop.host && (stop.from_ms..=ended_ms).contains(&line.at_ms);
        for line in log.filter(says).filter(|line| line.text.starts_with(LEFT[2])) {
            let excuse = self.is_troubled(stop.from_ms, line.at_ms).then_some(OTHER_FAULT);
            if self
                .evidence
                .is_violated(!self.is_anything_under_way(stop, line.at_ms), excuse)
            {
                let what = format!(
                    "{} says that it cuts off requests or jobs, and none is under way",
                    stop.host
                );
                return Err(self.violated(line.at_ms, vec![stop.place], what, "cuts-off-nothing"));
            }
        }
        Ok(())
    }

    /// Whether a request at this replica, or through the balancer, or a conversation with the relay is under way at a moment, as far
    /// as anybody can see. The balancer sends none there once all connections are closed.
    fn is_anything_under_way(&self, stop: &Stopped<'_>, at_ms: u64) -> bool {
        let documented = Settings::default();
        let unattended_ms = documented.get("request without a client");
        let [_, (_, last_ms)] = stop.closings(self.evidence.plan);
        let (mut requests, mut mails, mut left) = (BTreeSet::new(), BTreeSet::new(), false);
        let records = self.evidence.history.records.iter();
        for record in records.take_while(|record| record.at_ms < at_ms) {
            match &record.event {
                Event::Own(Observation::Exchange(exchange::Observation::Asked { number, door, .. })) => {
                    let is_here = match door == hosts::BALANCER {
                        true => record.at_ms <= last_ms,
                        false => door.split(':').next() == Some(stop.host),
                    };
                    is_here.then(|| requests.insert(*number));
                }
                Event::Own(Observation::Exchange(exchange::Observation::Answered { number, answer })) => {
                    let has_left = matches!(answer, Answered::GivenUp(_) | Answered::Unknown(_));
                    left |= requests.remove(number) && has_left && record.at_ms + unattended_ms >= at_ms;
                }
                Event::Own(Observation::Mail(mail::Observation::ConversationBegan { number })) => {
                    mails.insert(*number);
                }
                Event::Own(Observation::Mail(mail::Observation::ConversationEnded { number, .. })) => {
                    mails.remove(number);
                }
                _ => {}
            }
        }
        left || !requests.is_empty() || !mails.is_empty()
    }

    /// How many mails with codes may be on their way at a moment, at most.
    fn outstanding(&self, at_ms: u64) -> usize {
        let all = invocations(self.evidence.history);
        let is_on_its_way = |press: &&Invocation<'_>| {
            let Op::MailedCode(mailed_code::Op::SendCode { address, .. }) = press.op else {
                return false;
            };
            let answered_ms = press.began_ms..=at_ms.saturating_sub(SLACK_MS);
            press.began_ms <= at_ms
                && !mails(self.evidence.history)
                    .any(|(came_ms, _, to, _)| to == address && answered_ms.contains(&came_ms))
        };
        all.iter().filter(is_on_its_way).count()
    }
}
