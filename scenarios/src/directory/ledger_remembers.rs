//! The ledger remembers each spent code for as long as documented, and no longer.
//!
//! Source: inventory 7 (what was spent stays spent), 24 (what expires is deleted); `core/LIMITS.md`: lifetimes of codes, and
//! the disagreement of clocks. A code that somebody whose clock is late still takes for valid must be known to be spent.
//!
//! Fairness. Judged by what an operator reads in the directory before anything breaks. Which row belongs to which
//! code cannot be seen; so each row must end when a code that was issued has ended, and clocks that disagree as well.
//!
//! Edges. A code is issued between the request for it and the answer. The leader deletes rows a day later; no run waits for
//! that.

use super::Observation as Seen;
use crate::{
    exchange,
    property::{faults, human, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
};
use spec::{Settings, exchange::Answered};
use std::collections::BTreeMap;

/// Property: the ledger remembers for as long as documented. See the module.
pub struct LedgerRemembers;

/// The table of spent codes.
const LEDGER: &str = "spent";

/// When a code was issued, at the earliest and at the latest, and how long it lives, milliseconds.
type Issued = (u64, u64, u64);

impl Property<Login> for LedgerRemembers {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "the ledger remembers each spent code for its lifetime and the disagreement of clocks".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let slack_ms = Settings::default().get("disagreement of clocks");
        let broke_ms = faults(evidence.history).next().map_or(u64::MAX, |(at_ms, ..)| at_ms);
        let issued = issued(evidence);
        for (index, record) in evidence.history.records.iter().enumerate() {
            let Event::Own(Observation::Directory(Seen::Read { ends_ms, .. })) = &record.event else {
                continue;
            };
            let excuse = (record.at_ms >= broke_ms).then_some("something was broken");
            for end_ms in ends_ms.get(LEDGER).into_iter().flatten() {
                let is_right = issued.iter().any(|(from_ms, to_ms, lives_ms)| {
                    let known_ms = lives_ms + slack_ms;
                    (from_ms + known_ms..=to_ms + known_ms).contains(end_ms)
                });
                if evidence.is_violated(!is_right, excuse) {
                    let what = format!(
                        "a code is remembered until {}, and none that was issued ends {} s before",
                        human(*end_ms),
                        slack_ms / 1000
                    );
                    return Err(violation(&self.name(), record.at_ms, vec![index], what).because("remembered-wrongly"));
                }
            }
        }
        Ok(())
    }
}

/// All codes: one is mailed after `/login/send`, another stands in the address to which the browser is sent.
fn issued(evidence: &Evidence<'_>) -> Vec<Issued> {
    let world = &evidence.plan.world;
    let mut asked: BTreeMap<u64, (u64, bool)> = BTreeMap::new();
    let mut issued = vec![];
    for record in &evidence.history.records {
        match &record.event {
            Event::Own(Observation::Exchange(exchange::Observation::Asked { number, request, .. })) => {
                asked.insert(*number, (record.at_ms, request.path == "/login/send"));
            }
            Event::Own(Observation::Exchange(exchange::Observation::Answered { number, answer })) => {
                let Some((from_ms, mails)) = asked.remove(number) else {
                    continue;
                };
                let location = match answer {
                    Answered::With(answer) => answer.location.as_ref(),
                    _ => None,
                };
                if mails {
                    issued.push((from_ms, record.at_ms, world.email_code_ttl_s * 1000));
                } else if location.is_some_and(|location| location.params.iter().any(|(name, _)| name == "code")) {
                    issued.push((from_ms, record.at_ms, world.code_ttl_s * 1000));
                }
            }
            _ => {}
        }
    }
    issued
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use spec::exchange::{Answer, Location, Request, Word};

    /// Somebody asked for something from 1 to 2 s; an operator reads at 5 s that the ledger remembers a code until then.
    fn remembered(path: &str, answer: Answered, until_ms: u64) -> Story {
        let request = Request {
            path: path.into(),
            ..Request::default()
        };
        let exchange = |seen| Event::Own(Observation::Exchange(seen));
        let asked = exchange::Observation::Asked {
            number: 1,
            door: "proxy".into(),
            request: Box::new(request),
        };
        let answered = exchange::Observation::Answered { number: 1, answer };
        let read = Seen::Read {
            ends_ms: BTreeMap::from([(LEDGER.into(), vec![until_ms])]),
            reminders: vec![],
        };
        Story::new()
            .event(1_000, "ann", exchange(asked))
            .event(2_000, "ann", exchange(answered))
            .event(5_000, "operator", Event::Own(Observation::Directory(read)))
    }

    fn mailed(until_ms: u64) -> Story {
        remembered("/login/send", Answered::Unknown("reset".into()), until_ms)
    }

    /// The browser is sent away with a parameter.
    fn sent_with(name: &str, until_ms: u64) -> Story {
        let location = Location {
            target: "https://shop.example/callback".into(),
            params: vec![(name.into(), Word::of(name, "x"))],
        };
        let answer = Answer {
            location: Some(location),
            ..Answer::default()
        };
        remembered("/authorize", Answered::With(Box::new(answer)), until_ms)
    }

    fn is_right(story: Story) -> bool {
        match story.judged_by(&LedgerRemembers) {
            Ok(()) => true,
            Err(violation) => {
                assert_eq!(violation.reason, "remembered-wrongly");
                false
            }
        }
    }

    #[test]
    fn a_mailed_code_is_remembered_for_ten_minutes_and_five() {
        assert!(is_right(mailed(901_000)) && is_right(mailed(902_000)));
        for wrong in [900_999, 902_001, 602_000, 18_602_000] {
            assert!(!is_right(mailed(wrong)), "{wrong}");
        }
    }

    #[test]
    fn an_authorization_code_is_remembered_for_one_minute_and_five() {
        assert!(is_right(sent_with("code", 361_000)) && is_right(sent_with("code", 362_000)));
        for wrong in [360_999, 362_001, 901_000] {
            assert!(!is_right(sent_with("code", wrong)), "{wrong}");
        }
        assert!(!is_right(sent_with("error", 361_000)), "no code was issued");
    }

    #[test]
    fn what_is_read_before_anything_breaks_is_judged() {
        let broken = |at_ms| mailed(1).fault(at_ms, crate::vocabulary::Fault::Kill { host: "idp-a".into() });
        let excused = (0, vec![("something was broken".into(), 1, 1)]);
        assert_eq!(broken(4_000).tally(&LedgerRemembers), excused);
        assert!(!is_right(broken(6_000)));
    }
}
