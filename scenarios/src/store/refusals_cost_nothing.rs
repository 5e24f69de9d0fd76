//! A command that Redis refuses costs no connection: a node that has no memory left, or lets nobody write, says the same on
//! every other connection.
//!
//! Source: seen on a real stack: each refused request made two new connections, at a Redis that was in trouble already. And
//! inventory 26, 37: reachable is not usable.
//!
//! Fairness. Judged is each time in which a node refuses writes for one of these reasons, from its beginning to its end, if
//! nothing else is wrong with Redis. A replica has two connections, and may have to make them in that time.

use crate::{
    property::{spans::spans, violation},
    vocabulary::{Evidence, Fault, Kind, Login, Property, Refusal, Violation},
    world::hosts,
};
use std::collections::BTreeMap;

/// How many connections a replica has to Redis.
const CONNECTIONS: usize = 2;
/// The call that makes one.
const CONNECT: &str = "connect redis";

/// Property: refused commands cost no connections. See the module.
pub struct RefusalsCostNothing;

impl Property<Login> for RefusalsCostNothing {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        format!("while Redis refuses writes, a replica makes no more than its {CONNECTIONS} connections to it")
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let spans = spans(evidence.history);
        let of_store = |fault: &Fault| {
            let hosts = fault.hosts();
            hosts
                .iter()
                .any(|host| host.starts_with(hosts::REDIS) || host.starts_with(hosts::SENTINEL))
        };
        for span in &spans {
            let Fault::RedisRefuses { why, .. } = span.fault else {
                continue;
            };
            if !matches!(why, Refusal::OutOfMemory | Refusal::Permission) {
                continue;
            }
            let others = spans.iter().any(|other| {
                let is_same = matches!(other.fault, Fault::RedisRefuses { why: also, .. } if also == why);
                !is_same && of_store(other.fault) && other.from_ms <= span.to_ms && span.from_ms <= other.to_ms
            });
            let mut made: BTreeMap<&str, usize> = BTreeMap::new();
            let calls = evidence.calls.iter().filter(|call| call.call == CONNECT);
            for call in calls.filter(|call| (span.from_ms..span.to_ms).contains(&call.at_ms)) {
                *made.entry(&call.host).or_default() += 1;
            }
            let most = made.iter().max_by_key(|(_, made)| **made);
            let (host, made) = most.map_or(("nobody", 0), |(host, made)| (*host, *made));
            let excuse = others.then_some("something else was wrong with Redis");
            if evidence.is_violated(made > CONNECTIONS, excuse) {
                let what = format!("{host} made {made} connections to Redis while it refused every write");
                return Err(violation(&self.name(), span.to_ms, vec![], what).because("reconnects"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::*,
        scenario::{kill, redis_refuses, secs},
    };

    fn connected(why: Refusal, times: usize) -> Story {
        let story = Story::new().fault(1000, redis_refuses("redis-1", why, secs(5)));
        (0..times).fold(story, |story, n| {
            story.call_from(1500 + n as u64, 1600, CONNECT, "not done: refused")
        })
    }

    #[test]
    fn a_replica_has_two_connections() {
        for (why, times, holds) in [
            (Refusal::OutOfMemory, 2, true),
            (Refusal::OutOfMemory, 3, false),
            (Refusal::Permission, 3, false),
            (Refusal::Password, 3, true),
        ] {
            let judged = connected(why, times).judged_by(&RefusalsCostNothing);
            assert_eq!(judged.is_ok(), holds, "{why:?} {times}");
        }
        let killed = connected(Refusal::OutOfMemory, 3).fault(2000, kill("redis-1"));
        assert_eq!(killed.judged_by(&RefusalsCostNothing), Ok(()));
    }
}
