//! Whoever starts while the Sentinels are divided goes to the master of the newest election, and to no other.
//!
//! Source: inventory 37 and 39. A Sentinel that was cut off names the master of an earlier election. What that one is told is lost
//! when it is demoted, and as long as it is not, everything works: nobody sees it before it is too late.
//!
//! Fairness. Judged are connections of replicas that were started after the last election, until everything heals. A Sentinel that
//! knows of that election has to be there: a story that declares this property sees to it.

use crate::{
    property::{faults, violation},
    vocabulary::{Event, Evidence, Fault, Kind, Login, Property, Violation},
    world::hosts,
};
use std::collections::BTreeMap;

/// Property: replicas that start go to the master of the newest election. See the module.
pub struct NewestMasterAsked;

impl Property<Login> for NewestMasterAsked {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a replica that starts goes to the Redis master of the newest election".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let roles = evidence.history.records.iter();
        let elected = roles.rev().find_map(|record| match &record.event {
            Event::Role { host, role } if role == "master" && host.starts_with(hosts::REDIS) => {
                Some((record.at_ms, host.as_str()))
            }
            _ => None,
        });
        let Some((elected_ms, newest)) = elected else {
            return Ok(());
        };
        let mut started: BTreeMap<&str, u64> = BTreeMap::new();
        let mut heals_ms = u64::MAX;
        for (at_ms, _, fault) in faults(evidence.history) {
            match fault {
                Fault::Start { host } if at_ms > elected_ms => drop(started.entry(host).or_insert(at_ms)),
                Fault::Heal => heals_ms = heals_ms.min(at_ms),
                _ => {}
            }
        }
        let to_redis = evidence.overheard.iter().filter(|one| one.to.starts_with(hosts::REDIS));
        for connection in to_redis {
            let is_judged = started
                .get(connection.from.as_str())
                .is_some_and(|started_ms| (*started_ms..heals_ms).contains(&connection.at_ms));
            if !is_judged {
                continue;
            }
            if evidence.is_violated(connection.to != newest, None) {
                let what = format!(
                    "{} goes to {}, although {newest} was elected since",
                    connection.from, connection.to
                );
                return Err(violation(&self.name(), connection.at_ms, vec![], what).because("earlier-master"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{property::testing::Story, scenario::start};
    use sim::overheard::{Layer, Overheard};

    #[test]
    fn whoever_starts_after_an_election_goes_to_who_was_elected() {
        let goes = |to: &str, at_ms: u64| {
            let elected = Event::Role {
                host: "redis-2".into(),
                role: "master".into(),
            };
            let heard = Overheard {
                at_ms,
                from: "idp-a".into(),
                to: to.into(),
                layer: Layer::Clear,
                said: String::new(),
                secrets: vec![],
                believed: None,
            };
            let story = Story::new()
                .event(2_000, "redis-2", elected)
                .fault(3_000, start("idp-a"))
                .fault(9_000, Fault::Heal)
                .heard(heard);
            story
                .judged_by(&NewestMasterAsked)
                .map_err(|violation| violation.reason)
        };
        assert_eq!(goes("redis-2", 3_100), Ok(()));
        assert_eq!(goes("redis-1", 3_100), Err("earlier-master".into()));
        assert_eq!(goes("redis-1", 2_500), Ok(()), "by a process that had it before");
        assert_eq!(goes("redis-1", 9_000), Ok(()));
        assert_eq!(goes("sentinel-1", 3_100), Ok(()));
    }
}
