//! A replica that has not reached the store for as long as a lease lasts leads no more, and without a leader no job runs.
//!
//! Source: inventory 30 (no lease, no jobs); `core/LIMITS.md`: lease.
//!
//! Fairness. A lease that cannot be renewed is over for its holder when it would be for the store. Judged are what a replica
//! says of itself at the operators' port, and reminders that arrive, while the store has been out of reach without a break
//! for longer than that.
//!
//! Edges. A reminder may have been on its way to the relay for as long as one try may take.

use crate::{
    exchange, leader,
    property::{human, violation},
    store::unreachable::{all_blind, blind},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
    world::hosts,
};
use spec::{
    Settings,
    exchange::{Answered, Body},
};
use std::collections::BTreeMap;

/// Property: no lease, no leader, no jobs. See the module.
pub struct NoLeaseNoJobs;

/// How much longer than a lease it may last until nobody leads, milliseconds.
const SLACK_MS: u64 = 1_000;

impl Property<Login> for NoLeaseNoJobs {
    fn name(&self) -> String {
        "NoLeaseNoJobs".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a replica without the store leads for no longer than a lease, and without a leader no job runs".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let (history, world) = (evidence.history, &evidence.plan.world);
        let (nodes, replicas) = (world.redis_hosts(), world.replica_hosts());
        let over_ms = world.lease_ms + SLACK_MS;
        let try_ms = Settings::default().get("mail relay");
        let nobody = all_blind(history, &nodes, &replicas);
        let each: BTreeMap<String, Vec<(u64, u64)>> = replicas
            .iter()
            .map(|replica| {
                (
                    format!("{replica}:{}", hosts::OPS_PORT),
                    blind(history, &nodes, replica),
                )
            })
            .collect();
        let out_of_reach = |spans: &[(u64, u64)], at_ms: u64, for_ms: u64| {
            let lasting = |(from_ms, to_ms): &&(u64, u64)| from_ms + for_ms < at_ms && at_ms < *to_ms;
            spans.iter().find(lasting).map(|(from_ms, _)| *from_ms)
        };
        let mut asked: BTreeMap<u64, (u64, &str)> = BTreeMap::new();
        for (index, record) in history.records.iter().enumerate() {
            let at_ms = record.at_ms;
            let found = match &record.event {
                Event::Own(Observation::Leader(leader::Observation::ReminderMailed { address, .. })) => {
                    let since_ms = out_of_reach(&nobody, at_ms, over_ms + try_ms);
                    since_ms.map(|since_ms| (since_ms, true, format!("{address} is reminded")))
                }
                Event::Own(Observation::Exchange(exchange::Observation::Asked { number, door, .. })) => {
                    asked.insert(*number, (at_ms, door));
                    None
                }
                Event::Own(Observation::Exchange(exchange::Observation::Answered { number, answer })) => {
                    let asked = asked.remove(number);
                    let spans = asked.and_then(|(asked_ms, door)| Some((asked_ms, door, each.get(door)?)));
                    spans.zip(leads(answer)).and_then(|((asked_ms, door, spans), leads)| {
                        let since_ms = out_of_reach(spans, asked_ms, over_ms)?;
                        Some((since_ms, leads, format!("{door} says that it leads")))
                    })
                }
                _ => None,
            };
            let Some((since_ms, is_wrong, what)) = found else {
                continue;
            };
            if evidence.is_violated(is_wrong, None) {
                let what = format!("{what}, and has not reached the store since {}", human(since_ms));
                return Err(violation(&self.name(), at_ms, vec![index], what).because("leads-without-a-lease"));
            }
        }
        Ok(())
    }
}

/// Whether a replica says that it leads, if that is what it was asked.
fn leads(answer: &Answered) -> Option<bool> {
    match answer {
        Answered::With(answer) => match &answer.body {
            Body::Json(json) => json.get("leader")?.as_bool(),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{property::testing::*, vocabulary::Fault};
    use spec::exchange::{Answer, Request};

    /// Neither replica reaches the store from 10 s on.
    fn story() -> Story {
        ["idp-a", "idp-b"].into_iter().fold(Story::new(), |story, replica| {
            ["redis-1", "redis-2"].into_iter().fold(story, |story, node| {
                let (a, b) = (replica.into(), node.into());
                story.fault(10_000, Fault::Cut { a, b })
            })
        })
    }

    fn says(story: Story, at_ms: u64, leads: bool) -> Result<(), Violation> {
        let asked = exchange::Observation::Asked {
            number: 1,
            door: "idp-a:9090".into(),
            request: Box::new(Request::default()),
        };
        let answer = Answer {
            body: Body::Json(serde_json::json!({ "leader": leads })),
            ..Answer::default()
        };
        let answered = exchange::Observation::Answered {
            number: 1,
            answer: Answered::With(Box::new(answer)),
        };
        let event = |seen| Event::Own(Observation::Exchange(seen));
        let story = story.event(at_ms, "monitor", event(asked));
        story
            .event(at_ms + 5, "monitor", event(answered))
            .judged_by(&NoLeaseNoJobs)
    }

    fn reminded(story: Story, at_ms: u64) -> Result<(), Violation> {
        let mailed = leader::Observation::ReminderMailed {
            address: "ann@example.com".into(),
            due_ms: 5,
        };
        let event = Event::Own(Observation::Leader(mailed));
        story.event(at_ms, "mail", event).judged_by(&NoLeaseNoJobs)
    }

    #[test]
    fn accepts_what_may_be_under_way_and_who_says_no() {
        assert_eq!(says(story(), 20_500, true), Ok(()));
        assert_eq!(says(story(), 22_000, false), Ok(()));
        assert_eq!(reminded(story(), 30_500), Ok(()));
        assert_eq!(reminded(story().fault(25_000, Fault::Heal), 40_000), Ok(()));
    }

    #[test]
    fn rejects_a_leader_and_a_job_without_a_lease() {
        assert!(says(story(), 22_000, true).is_err());
        assert!(reminded(story(), 32_000).is_err());
    }
}
