//! Nobody learns from the time that an answer takes whether anybody has an address.
//!
//! Source: CWE-208 (a difference in time that can be observed), CWE-204 (in answers). Pages that are alike do not help if one of
//! them comes later. A replica performs the same calls for every address: a code is kept also where nobody is told of it.
//!
//! Edges. What is compared is the shortest time that a press of "send" took, for addresses that somebody has and for those
//! that nobody has: whatever else goes on makes single presses longer, and none shorter. In a world in which every way through
//! the network takes as long as any other, both are the same, as exactly as the engine's times are; or one of them asks for
//! more than the other. A story with this property has such a world.

use crate::{
    mailed_code,
    property::{invocations, reading::Invocation, violation},
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
    world::directory::{address, people},
};

/// Property: existence does not show in the time of an answer. See the module.
pub struct ExistenceTakesNoTime;

/// So many presses of each kind say something: one that came alone is among them.
const ENOUGH: usize = 5;

impl Property<Login> for ExistenceTakesNoTime {
    fn name(&self) -> String {
        "ExistenceTakesNoTime".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "asking for a code takes as long for an address that nobody has as for one that somebody has".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let known: Vec<String> = people(evidence.plan).into_iter().map(address).collect();
        let (of_somebody, of_nobody): (Vec<_>, Vec<_>) = presses(&invocations(evidence.history))
            .into_iter()
            .partition(|press| known.contains(&press.address));
        if of_somebody.len().min(of_nobody.len()) < ENOUGH {
            return Ok(());
        }
        evidence.judged(of_somebody.len() + of_nobody.len());
        let shortest = |presses: &[Press]| presses.iter().min_by_key(|press| press.took_ms).cloned();
        let (Some(somebody), Some(nobody)) = (shortest(&of_somebody), shortest(&of_nobody)) else {
            return Ok(());
        };
        let differs = somebody.took_ms.abs_diff(nobody.took_ms) >= evidence.exact_to_ms;
        if evidence.is_violated(differs, None) {
            let what = format!(
                "the shortest answer for an address that somebody has took {} ms, and for one that nobody has {} ms",
                somebody.took_ms, nobody.took_ms
            );
            let at_ms = somebody.ended_ms.max(nobody.ended_ms);
            let records = [somebody.records, nobody.records].concat();
            return Err(violation(&self.name(), at_ms, records, what).because("existence-shows"));
        }
        Ok(())
    }
}

/// A press of "send" that was answered with the page that says that a mail is on its way.
#[derive(Clone)]
struct Press {
    address: String,
    took_ms: u64,
    ended_ms: u64,
    records: Vec<usize>,
}

fn presses(all: &[Invocation<'_>]) -> Vec<Press> {
    let sent = all.iter().filter(|invocation| invocation.ok());
    sent.filter_map(|invocation| match invocation.op {
        Op::MailedCode(mailed_code::Op::SendCode { address, .. }) => Some(Press {
            address: address.clone(),
            took_ms: invocation.ended_ms() - invocation.began_ms,
            ended_ms: invocation.ended_ms(),
            records: invocation.records(),
        }),
        _ => None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::{Operation, Seen};

    /// Presses for Ann, who is somebody, and for five others, that take so long.
    fn pressed(anns: [u64; 5], others: [u64; 5]) -> Result<(), Violation> {
        let mut story = Story::new();
        story.operations.push(Operation {
            at_ms: 0,
            who: "ann".into(),
            does: mailed_code::Behaviour::LogIn.into(),
        });
        for (n, (ann_ms, other_ms)) in (0..).zip(anns.into_iter().zip(others)) {
            let (at_ms, later_ms) = (1_000 * n, 1_000 * n + 500);
            let flow = format!("f{n}");
            story = story.op((at_ms, at_ms + ann_ms), "ann", send(&flow, "ann"), Seen::Ok);
            let flow = format!("g{n}");
            let other = send(&flow, &format!("other{n}"));
            story = story.op((later_ms, later_ms + other_ms), "other", other, Seen::Ok);
        }
        story.judged_by(&ExistenceTakesNoTime)
    }

    #[test]
    fn accepts_what_takes_as_long() {
        assert_eq!(pressed([40, 12, 30, 12, 14], [12, 80, 13, 40, 20]), Ok(()));
    }

    #[test]
    fn rejects_what_is_never_as_short() {
        assert!(pressed([40, 14, 30, 14, 14], [12, 80, 13, 40, 20]).is_err());
        assert!(pressed([12, 14, 30, 14, 14], [13, 80, 13, 40, 20]).is_err());
    }
}
