//! Who is answered while a replica ends is told not to send anything else there.

use super::{HALTED, Judging};
use crate::{
    exchange,
    property::{human, stops::Stopped},
    vocabulary::{Event, Observation, Violation},
};
use spec::exchange::Answered;
use std::collections::BTreeMap;

/// By how much a moment may be missed, milliseconds: tasks and packets of one moment come in any order.
const MISSED_BY_MS: u64 = 5;

impl Judging<'_, '_> {
    /// Each answer that is given from then on says that its connection closes (RFC 9112 section 9.6). Otherwise whoever keeps it
    /// would send a request there that is lost. A balancer reads it and does not tell its clients, so it is judged where somebody
    /// asks the replica itself.
    pub(super) fn says_that_it_closes(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let way_ms = self.evidence.plan.world.latency_ms_max;
        let ended_ms = stop.ended.map_or(stop.from_ms + self.stop_ms, |(at_ms, _)| at_ms);
        let told = stop.from_ms + way_ms + MISSED_BY_MS..=ended_ms;
        let mut asked: BTreeMap<u64, usize> = BTreeMap::new();
        for (place, record) in self.evidence.history.records.iter().enumerate() {
            match &record.event {
                Event::Own(Observation::Exchange(exchange::Observation::Asked { number, door, .. })) => {
                    (door == stop.host).then(|| asked.insert(*number, place));
                }
                Event::Own(Observation::Exchange(exchange::Observation::Answered { number, answer })) => {
                    let (Some(sent_at), Answered::With(answer)) = (asked.remove(number), answer) else {
                        continue;
                    };
                    let excuse = self.was_halted(stop, record.at_ms).then_some(HALTED);
                    let is_kept = told.contains(&record.at_ms) && !answer.closes;
                    if self.evidence.is_violated(is_kept, excuse) {
                        let what = format!(
                            "{} was asked to end at {}, and an answer at {} does not say that its connection closes",
                            stop.host,
                            human(stop.from_ms),
                            human(record.at_ms)
                        );
                        return Err(self.violated(record.at_ms, vec![stop.place, sent_at, place], what, "kept-open"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
