//! Once everything has healed, every operation succeeds within a bound.
//!
//! Source: liveness as it is usually stated under fault injection: everything heals, and then progress must resume
//! within a bound. Without healing no service could promise it, and without a bound nothing could violate it.
//!
//! Edges. If there were faults, the property judges operations that ended, or had to end, before the first of them, and
//! those that began late enough after the healing of the last. An operation that is under way when the run ends is judged
//! if its deadline was before. `Unknown` is not a success: when nothing is broken,
//! nobody should be left without an answer.

use crate::{
    fault::Fault,
    history::Event,
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

/// The times in which nothing was broken.
struct Calm {
    first_fault_ms: u64,
    /// The time from which everything works again; `None` if the last fault has not healed.
    settled_ms: Option<u64>,
    lasts_ms: u64,
}

impl Calm {
    fn of<S: Service>(evidence: &Evidence<'_, S>, settles_ms: u64) -> Calm {
        let faults = || {
            let records = evidence.history.records.iter();
            records.filter_map(|record| match &record.event {
                Event::Fault { fault, .. } => Some((record.at_ms, fault)),
                _ => None,
            })
        };
        Calm {
            first_fault_ms: faults().next().map_or(u64::MAX, |(at_ms, _)| at_ms),
            settled_ms: match faults().last() {
                None => Some(0),
                Some((at_ms, Fault::Heal)) => Some(at_ms + settles_ms),
                Some(_) => None,
            },
            lasts_ms: evidence.plan.lasts_ms,
        }
    }

    /// Why something that began then is not judged. It was decided when it ended, or at its deadline if it had not ended.
    fn excuse(&self, began_ms: u64, decided_ms: u64) -> Option<&'static str> {
        if decided_ms > self.lasts_ms {
            return Some("its deadline is after the end of the run");
        }
        if decided_ms < self.first_fault_ms {
            return None;
        }
        match self.settled_ms {
            None => Some("a fault was never healed"),
            Some(settled_ms) if began_ms < settled_ms => Some("not everything had healed and settled"),
            Some(_) => None,
        }
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
        let calm = Calm::of(evidence, self.settles_ms);
        let concerned = |attempt: &Attempt<'_, S>| {
            self.kinds
                .is_none_or(|kinds| kinds.contains(&attempt.op.kind().as_str()))
        };
        for attempt in evidence.history.attempts().that(concerned) {
            let deadline_ms = attempt.began_ms + self.within_ms;
            let excuse = calm.excuse(attempt.began_ms, attempt.ended_ms().min(deadline_ms));
            if evidence.is_violated(!self.is_answered(&attempt), excuse) {
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
        property::{Spared, Tally},
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
        counted(story, claim).0
    }

    fn counted(story: HistoryBuilder, claim: &Succeeds) -> (Result<(), Violation>, Tally) {
        let (plan, history, operators) = (plan(60_000), story.history(), Operators::default());
        let evidence: Evidence<'_, Shop> = Evidence::new(&plan, &history, &operators);
        (claim.check(&evidence), evidence.tally())
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

    /// Before the first fault nothing is in the way, either.
    #[test]
    fn a_fault_excuses_nothing_that_had_to_end_before_it() {
        let kill = || Fault::Kill { host: "shop-1".into() };
        let story = |fault_ms| {
            HistoryBuilder::new()
                .unended(2000, "ann", BUY)
                .fault(fault_ms, kill(), 1)
        };
        assert_eq!(judged(story(7000), &claim()), Ok(()));
        let violation = judged(story(7001), &claim()).expect_err("it had to end before the fault");
        assert_eq!(violation.reason, "never-ended");
        let failed = HistoryBuilder::new().op((2000, 3000), "ann", BUY, refused("closed"));
        assert!(judged(failed.fault(3001, kill(), 1), &claim()).is_err());
        let late = healed().op((56_000, 57_000), "ann", BUY, refused("closed"));
        assert!(judged(late, &claim()).is_err(), "nor does the end of the run");
    }

    #[test]
    fn everything_is_counted_as_judged_or_as_spared() {
        let doubt = Seen::Unknown("silence".into());
        let story = healed()
            .op((2000, 3000), "ann", BUY, doubt)
            .op((3000, 3500), "ben", BUY, Seen::Ok)
            .op((40_000, 45_000), "cleo", BUY, Seen::Ok)
            .unended(56_000, "eve", BUY);
        let (_, tally) = counted(story, &claim());
        let spared = |things, wrong| Spared { things, wrong };
        let excuses = [
            ("its deadline is after the end of the run".into(), spared(1, 1)),
            ("not everything had healed and settled".into(), spared(2, 1)),
        ];
        assert_eq!((tally.judged, tally.spared), (1, excuses.into()));
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
