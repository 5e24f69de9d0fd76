//! Whoever starts while the Sentinels are divided goes to the master of the newest election, and to no other.
//!
//! Source: inventory 37 and 39. A Sentinel that was cut off names the master of an earlier election. What that one is told is lost
//! when it is demoted, and as long as it is not, everything works: nobody sees it before it is too late.
//!
//! Fairness. Judged are connections of replicas that were started again, by the last election before that, until everything heals. A
//! Sentinel that knows of that election has to be there: a story that declares this property sees to it.

use crate::{
    property::{faults, violation},
    vocabulary::{Event, Evidence, Fault, Kind, Login, Property, Violation},
    world::hosts,
};

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
        let masters = evidence
            .history
            .records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Role { host, role } if role == "master" => Some((record.at_ms, host.as_str())),
                _ => None,
            });
        let all: Vec<(u64, &Fault)> = faults(evidence.history)
            .map(|(at_ms, _, fault)| (at_ms, fault))
            .collect();
        let heals = all.iter().find(|(_, fault)| **fault == Fault::Heal);
        let heals_ms = heals.map_or(u64::MAX, |(at_ms, _)| *at_ms);
        let to_redis = evidence.overheard.iter().filter(|one| one.to.starts_with(hosts::REDIS));
        for connection in to_redis.filter(|connection| connection.at_ms < heals_ms) {
            let starts = |fault: &Fault| matches!(fault, Fault::Start { host } if *host == connection.from);
            let before = all.iter().filter(|(at_ms, _)| *at_ms <= connection.at_ms);
            let Some((started_ms, _)) = before.rev().find(|(_, fault)| starts(fault)) else {
                continue; // from the beginning on
            };
            let elected = masters.clone().take_while(|(at_ms, _)| at_ms < started_ms).last();
            let is_another = elected.is_some_and(|(_, elected)| elected != connection.to);
            if evidence.is_violated(is_another, None) {
                let what = format!(
                    "{} goes to {}, which is not the master that was elected last before it started",
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
