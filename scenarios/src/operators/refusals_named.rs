//! If the Sentinels refuse to say who is master, operators read that, and what they answered: not that they name no master.
//!
//! Source: inventory 26 and 56 (a cause that was swallowed). Seen at the service itself: Sentinels that ask for a password were
//! reported as "no sentinel names a master", in `/health` and in the log, and nowhere was a word of the password.
//!
//! Fairness. Judged are the lines of the log, which have the reasons of `/health` word by word, while all Sentinels ask for a
//! password. A search for the master that began before takes 800 ms at most.
//!
//! Edges. Not judged while something else keeps a replica from the Sentinels: a fault of another kind in the last 10 s.

use crate::{
    property::{faults, violation},
    vocabulary::{Evidence, Fault, History, Kind, Login, Property, Violation},
};
use std::collections::BTreeMap;

/// Property: the refusal of a Sentinel is named. See the module.
pub struct RefusalsNamed;

/// What the log says if nobody says who is master.
const NAMES_NONE: &str = "no sentinel names a master";
/// How long a search for the master takes, milliseconds.
const SEARCH_MS: u64 = 800;
/// For so long other faults may have something to do with it, milliseconds.
const OTHERS_MS: u64 = 10_000;

/// From when and until when all Sentinels ask for a password, milliseconds; nothing heals before.
fn all_ask(history: &History, sentinels: &[String]) -> Option<(u64, u64)> {
    let mut asks: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (at_ms, _, fault) in faults(history) {
        if let Fault::SentinelRefuses { host, lasts_ms } = fault {
            asks.insert(host, (at_ms, at_ms + lasts_ms));
        }
    }
    let spans = sentinels.iter().map(|host| asks.get(host.as_str()).copied());
    let spans = spans.collect::<Option<Vec<_>>>()?;
    let from_ms = spans.iter().map(|(from_ms, _)| *from_ms).max()?;
    let until_ms = spans.iter().map(|(_, until_ms)| *until_ms).min()?;
    Some((from_ms + SEARCH_MS, until_ms))
}

impl Property<Login> for RefusalsNamed {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a Sentinel's refusal is named as what it is".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let (history, world) = (evidence.history, &evidence.plan.world);
        let sentinels: Vec<String> = (1..=world.sentinels).map(|n| format!("sentinel-{n}")).collect();
        let Some((from_ms, until_ms)) = all_ask(history, &sentinels) else {
            return Ok(());
        };
        let lines = evidence.operators.log.iter().map(|written| &written.line);
        for line in lines.filter(|line| (from_ms..until_ms).contains(&line.at_ms)) {
            let is_about_it = line.text.contains(NAMES_NONE) || line.text.contains("sentinel");
            if !is_about_it {
                continue;
            }
            let other = faults(history).any(|(at_ms, _, fault)| {
                let is_other = !matches!(fault, Fault::SentinelRefuses { .. } | Fault::RedisRefuses { .. });
                is_other && (line.at_ms.saturating_sub(OTHERS_MS)..=line.at_ms).contains(&at_ms)
            });
            let excuse = other.then_some("another fault");
            if evidence.is_violated(line.text.contains(NAMES_NONE), excuse) {
                let what = format!(
                    "all Sentinels ask for a password, and {} says {:?}",
                    line.host, line.text
                );
                return Err(violation(&self.name(), line.at_ms, vec![], what).because("refusal-not-named"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;

    const REFUSES: &str = "something is wrong reasons=store: sentinel sentinel-1:26379 refuses: NOAUTH Authentication \
                           required. ready=true";
    const SWALLOWED: &str = "something is wrong reasons=store: no sentinel names a master ready=true";

    fn asking(sentinels: usize) -> Story {
        (1..=sentinels).fold(Story::new(), |story, n| {
            let host = format!("sentinel-{n}");
            story.fault(5_000, Fault::SentinelRefuses { host, lasts_ms: 8_000 })
        })
    }

    #[test]
    fn accepts_a_refusal_that_is_named_and_a_search_that_began_before() {
        for story in [
            asking(3).logged(7_000, REFUSES, &[]),
            asking(3).logged(5_700, SWALLOWED, &[]),
            asking(3).logged(13_100, SWALLOWED, &[]),
            asking(2).logged(7_000, SWALLOWED, &[]),
            Story::new().logged(7_000, SWALLOWED, &[]),
        ] {
            assert_eq!(story.judged_by(&RefusalsNamed), Ok(()));
        }
    }

    #[test]
    fn rejects_one_that_is_swallowed() {
        assert!(
            asking(3)
                .logged(7_000, SWALLOWED, &[])
                .judged_by(&RefusalsNamed)
                .is_err()
        );
    }

    #[test]
    fn another_fault_of_the_last_seconds_excuses() {
        let killed = |at_ms| {
            let story = asking(3).fault(
                at_ms,
                Fault::Kill {
                    host: "sentinel-1".into(),
                },
            );
            story.logged(7_000, SWALLOWED, &[])
        };
        assert_eq!(killed(6_000).judged_by(&RefusalsNamed), Ok(()));
        assert!(killed(7_001).judged_by(&RefusalsNamed).is_err());
    }
}
