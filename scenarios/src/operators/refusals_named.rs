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

/// Property: the refusal of a Sentinel is named. See the module.
pub struct RefusalsNamed;

/// What the log says if nobody says who is master.
const NAMES_NONE: &str = "no sentinel names a master";
/// How long a search for the master takes, milliseconds.
const SEARCH_MS: u64 = 800;
/// For so long other faults may have something to do with it, milliseconds.
const OTHERS_MS: u64 = 10_000;

/// A Sentinel, and from when and until when it asks for a password, milliseconds.
type Asks<'a> = (&'a str, u64, u64);

/// When each Sentinel asks for a password: until everything heals, or it is started anew.
fn asks(history: &History) -> Vec<Asks<'_>> {
    let all: Vec<(u64, &Fault)> = faults(history).map(|(at_ms, _, fault)| (at_ms, fault)).collect();
    let refusals = all.iter().enumerate().filter_map(|(index, (at_ms, fault))| {
        let Fault::SentinelRefuses { host, lasts_ms } = fault else {
            return None;
        };
        let mut later = all[index + 1..].iter();
        let ended = later.find(|(_, later)| match later {
            Fault::Heal => true,
            Fault::Kill { host: of } | Fault::PowerLoss { host: of } => of == host,
            _ => false,
        });
        let ended_ms = ended.map_or(u64::MAX, |(at_ms, _)| *at_ms);
        Some((host.as_str(), *at_ms, (at_ms + lasts_ms).min(ended_ms)))
    });
    refusals.collect()
}

/// Whether all Sentinels ask for a password, and have done so for as long as a search takes.
fn all_ask(asks: &[Asks<'_>], sentinels: &[String], at_ms: u64) -> bool {
    let is_asking = |sentinel: &String| {
        asks.iter()
            .any(|(host, from_ms, until_ms)| host == sentinel && (from_ms + SEARCH_MS..*until_ms).contains(&at_ms))
    };
    !sentinels.is_empty() && sentinels.iter().all(is_asking)
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
        let asks = asks(history);
        let lines = evidence.operators.log.iter().map(|written| &written.line);
        for line in lines.filter(|line| all_ask(&asks, &sentinels, line.at_ms)) {
            if !line.text.contains("sentinel") {
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
        let again = (1..=3).fold(asking(3), |story, n| {
            let host = format!("sentinel-{n}");
            story.fault(40_000, Fault::SentinelRefuses { host, lasts_ms: 8_000 })
        });
        for story in [
            asking(3).logged(5_800, SWALLOWED, &[]),
            asking(3).logged(12_999, SWALLOWED, &[]),
            again.logged(7_000, SWALLOWED, &[]),
        ] {
            assert_eq!(story.judged_by(&RefusalsNamed).unwrap_err().reason, "refusal-not-named");
        }
    }

    #[test]
    fn nobody_asks_any_more_once_everything_has_healed_or_a_sentinel_is_new() {
        for end in [
            Fault::Heal,
            Fault::Kill {
                host: "sentinel-2".into(),
            },
        ] {
            let ended = asking(3).fault(6_500, end).logged(7_000, SWALLOWED, &[]);
            assert_eq!(ended.tally(&RefusalsNamed), (0, vec![]));
        }
    }

    #[test]
    fn another_fault_of_the_last_seconds_excuses() {
        let killed = |at_ms| {
            let story = asking(3).fault(at_ms, Fault::Kill { host: "idp-a".into() });
            story.logged(7_000, SWALLOWED, &[])
        };
        let excused = (0, vec![("another fault".into(), 1, 1)]);
        assert_eq!(killed(6_000).tally(&RefusalsNamed), excused);
        assert!(killed(7_001).judged_by(&RefusalsNamed).is_err());
    }
}
