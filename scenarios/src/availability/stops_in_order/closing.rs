//! Who is answered while a replica ends is told not to send anything else there.

use super::{HALTED, Judging};
use crate::{
    property::{
        human,
        reading::exchanged,
        stops::{MISSED_BY_MS, Stopped},
    },
    vocabulary::Violation,
};
use spec::exchange::Answered;

impl Judging<'_, '_> {
    /// Each answer that is given from then on says that its connection closes (RFC 9112 section 9.6). Otherwise whoever keeps it
    /// would send a request there that is lost. A balancer reads it and does not tell its clients, so it is judged where somebody
    /// asks the replica itself.
    pub(super) fn says_that_it_closes(&self, stop: &Stopped<'_>) -> Result<(), Violation> {
        let way_ms = self.evidence.plan.world.latency_ms_max;
        let ended_ms = stop.ended.map_or(stop.from_ms + self.stop_ms, |(at_ms, _)| at_ms);
        let told = stop.from_ms + way_ms + MISSED_BY_MS..=ended_ms;
        for exchanged in exchanged(self.evidence.history).filter(|one| one.door == stop.host) {
            let Answered::With(answer) = exchanged.answer else {
                continue;
            };
            let at_ms = exchanged.ended_ms;
            let excuse = self.was_halted(stop, at_ms).then_some(HALTED);
            let is_kept = told.contains(&at_ms) && !answer.closes;
            if self.evidence.is_violated(is_kept, excuse) {
                let what = format!(
                    "{} was asked to end at {}, and an answer at {} does not say that its connection closes",
                    stop.host,
                    human(stop.from_ms),
                    human(at_ms)
                );
                let records = vec![stop.place, exchanged.sent_at, exchanged.ended_at];
                return Err(self.violated(at_ms, records, what, "kept-open"));
            }
        }
        Ok(())
    }
}
