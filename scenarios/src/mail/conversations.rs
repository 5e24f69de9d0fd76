//! How properties read the conversations with the relay, and the faults that it has.

use super::Observation;
use crate::{
    mail, mailed_code,
    property::{faults, invocations, reading::Invocation},
    vocabulary::{Event, Fault, History, Mode, Observation as AnyObservation, Op, OwnFault, Plan},
    world::directory::{address, people},
};
use std::collections::BTreeMap;

/// A conversation with the relay.
pub(super) struct Conversation<'a> {
    /// When the relay accepted the connection, milliseconds.
    pub(super) began_ms: u64,
    /// The index of that record.
    pub(super) began_at: usize,
    /// When the connection was closed; `None`: not before the end of the run.
    pub(super) ended_ms: Option<u64>,
    /// When the relay answered QUIT.
    pub(super) quit_ms: Option<u64>,
    /// The `Message-ID`s of the mails that it took.
    pub(super) took: &'a [String],
}

impl Conversation<'_> {
    /// When it was over for the client, who says QUIT and is answered, or gives up after the deadline for one try.
    pub(super) fn over_ms(&self, deadline_ms: u64) -> u64 {
        let over_ms = self.quit_ms.or(self.ended_ms).unwrap_or(u64::MAX);
        over_ms.min(self.began_ms.saturating_add(deadline_ms))
    }
}

/// All conversations, in the order in which they began.
pub(super) fn conversations(history: &History) -> Vec<Conversation<'_>> {
    let mut all: Vec<Conversation<'_>> = vec![];
    let mut places = BTreeMap::new();
    for (index, record) in history.records.iter().enumerate() {
        match &record.event {
            Event::Own(AnyObservation::Mail(Observation::ConversationBegan { number })) => {
                places.insert(*number, all.len());
                all.push(Conversation {
                    began_ms: record.at_ms,
                    began_at: index,
                    ended_ms: None,
                    quit_ms: None,
                    took: &[],
                });
            }
            Event::Own(AnyObservation::Mail(Observation::ConversationEnded {
                number, took, quit_ms, ..
            })) => {
                let conversation = &mut all[places[number]];
                conversation.ended_ms = Some(record.at_ms);
                conversation.quit_ms = *quit_ms;
                conversation.took = took;
            }
            _ => {}
        }
    }
    all
}

/// Presses of "Send" for somebody who may log in, that were answered well: each promises a mail, if it is no repetition.
pub(super) fn promises<'a>(plan: &Plan, history: &'a History) -> BTreeMap<&'a str, Vec<Invocation<'a>>> {
    let known: Vec<String> = people(plan).into_iter().map(address).collect();
    let mut promises: BTreeMap<&str, Vec<Invocation<'_>>> = BTreeMap::new();
    for press in invocations(history) {
        let Op::MailedCode(mailed_code::Op::SendCode { address, .. }) = press.op else {
            continue;
        };
        if known.contains(address) && press.ok() {
            promises.entry(address).or_default().push(press);
        }
    }
    promises
}

/// How the relay behaves from now on, if a fault says so.
pub(super) fn mode(fault: &Fault) -> Option<Mode> {
    match fault {
        Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })) => Some(*mode),
        Fault::Heal => Some(Mode::Healthy),
        _ => None,
    }
}

/// When the first fault was injected that is none of these modes of the relay; `u64::MAX`: none was.
pub(super) fn first_other_ms(history: &History, is_known: impl Fn(Mode) -> bool) -> u64 {
    let other = faults(history).find(|(.., fault)| !fault.repairs() && !mode(fault).is_some_and(&is_known));
    other.map_or(u64::MAX, |(at_ms, ..)| at_ms)
}

/// The times in which the relay refuses all mails, milliseconds: it fails, or bars the service.
pub(super) fn refusing(history: &History) -> Vec<(u64, u64)> {
    let bars = crate::property::spans::spans(history);
    let bars = bars.iter().filter(|span| is_barred(span.fault));
    let bars = bars.map(|span| (span.from_ms, span.to_ms));
    spans(history, |mode| mode == Mode::Failing)
        .into_iter()
        .chain(bars)
        .collect()
}

/// Whether the relay bars the service.
pub(super) fn is_barred(fault: &Fault) -> bool {
    matches!(fault, Fault::Own(OwnFault::Mail(mail::Fault::RelayBars { .. })))
}

/// The times in which the relay is in a mode, milliseconds.
pub(super) fn spans(history: &History, is_meant: impl Fn(Mode) -> bool) -> Vec<(u64, u64)> {
    let mut spans = vec![];
    let mut since = None;
    for (at_ms, mode) in faults(history).filter_map(|(at_ms, _, fault)| Some((at_ms, mode(fault)?))) {
        match (is_meant(mode), since) {
            (true, None) => since = Some(at_ms),
            (false, Some(from_ms)) => {
                spans.push((from_ms, at_ms));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from_ms| (from_ms, u64::MAX)));
    spans
}
