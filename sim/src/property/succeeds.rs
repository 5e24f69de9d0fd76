//! Once everything has healed, every operation succeeds within a bound.
//!
//! Source: liveness as it is usually stated under fault injection: everything heals, and then progress must resume
//! within a bound. Without healing no service could promise it, and without a bound nothing could violate it.
//!
//! Edges. The property judges operations that began late enough after healing and whose deadline is before the end of
//! the run. If there was no fault, all operations are judged; if the last fault has not healed, none is. `Unknown` is
//! not a success: when nothing is broken, nobody should be left without an answer.

use crate::{
    fault::Fault,
    history::{Event, History},
    property::{Attempt, Evidence, Kind, Property, Violation},
    report::seconds,
    service::{Op, Service},
};
use std::time::Duration;

/// The default of how long the world may take to settle after healing, milliseconds.
const SETTLES_MS: u64 = 20_000;

/// Property: after healing, operations succeed within a bound. See the module.
#[derive(Debug, Clone)]
pub struct Succeeds {
    within_ms: u64,
    settles_ms: u64,
    refusals: Vec<&'static str>,
    kinds: Option<&'static [&'static str]>,
}

impl Succeeds {
    /// Every operation succeeds within this time.
    pub fn within(limit: Duration) -> Succeeds {
        Succeeds {
            within_ms: limit.as_millis() as u64,
            settles_ms: SETTLES_MS,
            refusals: vec![],
            kinds: None,
        }
    }

    /// Sets how long the world may take to settle after healing; 20 s by default.
    pub fn settling(self, settles: Duration) -> Succeeds {
        Succeeds {
            settles_ms: settles.as_millis() as u64,
            ..self
        }
    }

    /// Accepts a refusal with this reason as well as a success.
    pub fn or_refused(mut self, word: &'static str) -> Succeeds {
        self.refusals.push(word);
        self
    }

    /// Judges only operations of these kinds: see [`Op::kind`].
    pub fn of_kinds(self, kinds: &'static [&'static str]) -> Succeeds {
        Succeeds {
            kinds: Some(kinds),
            ..self
        }
    }

    fn is_answered<S: Service>(&self, attempt: &Attempt<'_, S>) -> bool {
        let refused = attempt.refusal().is_some_and(|word| self.refusals.contains(&word));
        (attempt.succeeded() || refused) && attempt.ended_ms() <= attempt.began_ms + self.within_ms
    }
}

/// A bound as text.
fn human(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{} s", ms / 1000),
        _ => format!("{ms} ms"),
    }
}

/// The time from which everything works, milliseconds; `None` if the last fault has not healed.
fn calm_from_ms<S: Service>(history: &History<S>, settles_ms: u64) -> Option<u64> {
    let faults = history.records.iter().filter_map(|record| match &record.event {
        Event::Fault { fault, .. } => Some((record.at_ms, fault)),
        _ => None,
    });
    match faults.last() {
        None => Some(0),
        Some((at_ms, Fault::Heal)) => Some(at_ms + settles_ms),
        Some(_) => None,
    }
}

impl<S: Service> Property<S> for Succeeds {
    fn kind(&self) -> Kind {
        Kind::Eventually
    }

    fn claim(&self) -> String {
        let what = self
            .kinds
            .map_or("whatever".into(), |kinds| format!("each {} that", kinds.join(" or ")));
        let refusals = self
            .refusals
            .iter()
            .map(|word| format!(", or is refused with \u{201c}{word}\u{201d},"));
        format!(
            "{what} is tried with nothing in the way ({} after the healing, if anything broke) succeeds{} within {}",
            human(self.settles_ms),
            refusals.collect::<String>(),
            human(self.within_ms)
        )
    }

    fn check(&self, evidence: &Evidence<'_, S>) -> Result<(), Violation> {
        let Some(from_ms) = calm_from_ms(evidence.history, self.settles_ms) else {
            return Ok(());
        };
        for attempt in evidence.history.attempts() {
            let deadline_ms = attempt.began_ms + self.within_ms;
            let concerned = self
                .kinds
                .is_none_or(|kinds| kinds.contains(&attempt.op.kind().as_str()));
            let judged = concerned && attempt.began_ms >= from_ms && deadline_ms <= evidence.plan.lasts_ms;
            if judged && !self.is_answered(&attempt) {
                let what = format!(
                    "at {} {} {}, with nothing left in the way, and that {}",
                    seconds(attempt.began_ms),
                    attempt.who,
                    attempt.op.describe(),
                    attempt.outcome()
                );
                let at_ms = attempt.ended_ms().min(deadline_ms);
                return Err(Violation::new(at_ms, attempt.records.clone(), what).because(attempt.ending()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        history::Seen,
        operators::Operators,
        testing::{Did, HistoryBuilder, Shop, plan},
    };

    const BUY: Did = Did::Buy { seat: 7 };

    fn claim() -> Succeeds {
        Succeeds::within(Duration::from_secs(5))
            .settling(Duration::from_secs(10))
            .or_refused("sold")
    }

    fn healed() -> HistoryBuilder {
        let kill = Fault::Kill { host: "shop-1".into() };
        HistoryBuilder::new().fault(1000, kill, 0).fault(30_000, Fault::Heal, 0)
    }

    fn judged(story: HistoryBuilder, claim: &Succeeds) -> Result<(), Violation> {
        let (plan, history, operators) = (plan(60_000), story.history(), Operators::default());
        let evidence: Evidence<'_, Shop> = Evidence {
            plan: &plan,
            history: &history,
            operators: &operators,
        };
        claim.check(&evidence)
    }

    fn refused(word: &str) -> Seen {
        Seen::Fail(word.into())
    }

    #[test]
    fn accepts_success_the_word_agreed_on_and_whatever_happens_in_trouble() {
        let story = healed()
            .op((2000, 50_000), "ann", BUY, Seen::Unknown("silence".into()))
            .op((39_999, 50_000), "ben", BUY, refused("closed"))
            .op((40_000, 45_000), "cleo", BUY, Seen::Ok)
            .op((41_000, 42_000), "dan", BUY, refused("sold"))
            .unended(56_000, "eve", BUY);
        assert_eq!(judged(story, &claim()), Ok(()));
        let unhealed = HistoryBuilder::new()
            .fault(1000, Fault::Kill { host: "shop-1".into() }, 0)
            .unended(2000, "ann", BUY);
        assert_eq!(judged(unhealed, &claim()), Ok(()));
        let other = healed().unended(41_000, "ann", BUY);
        assert_eq!(judged(other, &claim().of_kinds(&["look"])), Ok(()));
    }

    #[test]
    fn rejects_refusal_doubt_lateness_and_no_end_each_for_its_reason() {
        let doubt = Seen::Unknown("silence".into());
        for (story, reason) in [
            (
                healed().op((41_000, 42_000), "ann", BUY, refused("closed")),
                "failed-closed",
            ),
            (healed().op((41_000, 42_000), "ann", BUY, doubt), "in-doubt"),
            (healed().op((41_000, 46_001), "ann", BUY, Seen::Ok), "late"),
            (healed().unended(41_000, "ann", BUY), "never-ended"),
            (HistoryBuilder::new().unended(10, "ann", BUY), "never-ended"),
        ] {
            let violation = judged(story, &claim()).expect_err(reason);
            assert_eq!(violation.reason, reason);
        }
    }

    #[test]
    fn its_claim_and_its_violation_read_as_sentences() {
        let claim = claim();
        assert_eq!(
            Property::<Shop>::claim(&claim),
            "whatever is tried with nothing in the way (10 s after the healing, if anything broke) succeeds, or is refused \
             with \u{201c}sold\u{201d}, within 5 s"
        );
        assert_eq!(Property::<Shop>::name(&claim), "Succeeds");
        let violation = judged(healed().unended(41_000, "ann", BUY), &claim).expect_err("it never ended");
        assert_eq!(
            violation.what,
            "at 41.000 s ann buys seat 7, with nothing left in the way, and that never ended"
        );
    }
}
