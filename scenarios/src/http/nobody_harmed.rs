//! Nobody's requests make anybody else's fail: what a replica answers is never something that the balancer takes for a failure
//! of that replica.
//!
//! Source: inventory 33, 34, 45. Whoever never finishes a request keeps a connection for as long as `core/LIMITS.md` says ("head of a
//! request"), and no longer: there are not enough for everybody. A slow client has as long. A balancer sends nobody to a replica that has failed, for a while. So whoever can make a replica
//! look broken takes it away from everybody, and two requests are enough for two replicas (measured on nginx 1.22.1: two
//! requests a second made 110 of 156 requests of others fail).
//!
//! Edges. An answer with a head that the balancer does not take has no excuse: no fault makes a head too large, or no header.
//! The balancer's other failures (a connection refused or broken, no answer in time, no replica left) are excused while
//! something that makes them is broken, by the account of the specification (`exchange::troubles`), and until all replicas have
//! opened their ports. A client that leaves (499) has not failed.

use crate::{
    exchange::{self, troubles},
    http::Observation as Seen,
    property::{calm::first_of, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
    world::hosts,
};
use spec::{Settings, Touches, exchange::Answered};
use std::collections::BTreeSet;

/// On the way to a stranger and back, and until a timer is looked at, milliseconds.
const HEAD_LATE_MS: u64 = 300;

/// How the balancer reports an answer whose head it does not take.
const BAD_HEADS: [(&str, &str); 2] = [
    ("sent too big header", "head-too-large"),
    ("sent invalid header", "head-invalid"),
];

/// Property: no request makes a replica look broken to the balancer. See the module.
pub struct NobodyHarmed;

impl Property<Login> for NobodyHarmed {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "nobody's requests make anybody else's fail: no answer makes a replica look broken to the balancer".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let troubles = troubles(evidence.plan, evidence.history);
        let broken = |touches: &Touches| touches.service || touches.store || touches.directory;
        // What it reports when it gives up was under way for as long as it waits for a replica, or for all of them.
        let world = &evidence.plan.world;
        let waits_ms = (world.proxy_connect_timeout_ms + world.proxy_read_timeout_ms) * world.replicas as u64;
        let mut passed_on = BTreeSet::new();
        let head_ms = Settings::default().get("head of a request");
        let numbered = evidence.history.records.iter().enumerate();
        for (index, record) in numbered {
            let says = match &record.event {
                Event::Balancer { says } => says,
                Event::Own(Observation::Exchange(exchange)) => {
                    // What the balancer passes on was nothing that it takes for a failure.
                    evidence.judged(usize::from(is_passed_on(exchange, &mut passed_on)));
                    continue;
                }
                Event::Own(Observation::Http(Seen::HeadHeld {
                    replica,
                    for_ms,
                    closed,
                    ..
                })) => {
                    let is_in_time = *closed && (head_ms..=head_ms + HEAD_LATE_MS).contains(for_ms);
                    let began_ms = record.at_ms.saturating_sub(*for_ms);
                    let was_broken = troubles.any(began_ms, record.at_ms, |touches| touches.service);
                    let excuse = first_of([
                        (was_broken, "the replica was being stopped"),
                        (
                            *closed && *for_ms < head_ms && closed_its_port(evidence, replica, began_ms, record.at_ms),
                            "it closed its port",
                        ),
                    ]);
                    if evidence.is_violated(!is_in_time, excuse) {
                        let what = format!(
                            "{replica} waited for {for_ms} ms for the rest of a request's head, and then {}",
                            if *closed { "closed the connection" } else { "still did" }
                        );
                        let found = violation(&self.name(), record.at_ms, vec![index], what);
                        return Err(found.because("head-not-given-up-in-time"));
                    }
                    continue;
                }
                _ => continue,
            };
            if says.starts_with("499 ") {
                continue;
            }
            let bad_head = BAD_HEADS.iter().find(|(how, _)| says.contains(how));
            let began_ms = record.at_ms.saturating_sub(waits_ms + world.fail_timeout_ms);
            let excuse = match bad_head {
                Some(_) => None,
                None => first_of([
                    (record.at_ms <= troubles.started_ms, "the replicas were starting"),
                    (
                        troubles.any(began_ms, record.at_ms, broken),
                        "a fault on the way of a request",
                    ),
                ]),
            };
            if evidence.is_violated(true, excuse) {
                let what = format!("a request made a replica look broken to the balancer: {says}");
                let reason = bad_head.map_or("no-answer", |(_, reason)| reason);
                return Err(violation(&self.name(), record.at_ms, vec![index], what).because(reason));
            }
        }
        Ok(())
    }
}

/// Whether a replica closed its port meanwhile, or had closed it: with it go connections on which nothing has been asked.
fn closed_its_port(evidence: &Evidence<'_>, replica: &str, from_ms: u64, to_ms: u64) -> bool {
    let mut is_closed = false;
    for record in &evidence.history.records {
        match &record.event {
            Event::Ready { host, ready, .. } if host == replica && record.at_ms <= to_ms => {
                is_closed = !ready || (is_closed && record.at_ms >= from_ms);
            }
            _ => {}
        }
    }
    is_closed
}

/// Whether it is an answer of the service that came through the balancer: an error of the balancer's own has no correlation ID.
/// Numbers of requests at its door are kept.
fn is_passed_on(seen: &exchange::Observation, asked: &mut BTreeSet<u64>) -> bool {
    match seen {
        exchange::Observation::Asked { number, door, .. } => {
            if door == hosts::BALANCER {
                asked.insert(*number);
            }
            false
        }
        exchange::Observation::Answered {
            number,
            answer: Answered::With(answer),
        } => asked.remove(number) && answer.headers.contains_key("x-correlation-id"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{property::testing::Story, vocabulary::Fault};
    use spec::exchange::Answer;

    const TOO_BIG: &str = "502 for GET /authorize: idp-a sent too big header";

    /// Both replicas have opened their ports.
    fn started() -> Story {
        ["idp-a", "idp-b"].into_iter().fold(Story::new(), |story, host| {
            let ready = Event::Ready {
                host: host.into(),
                ready: true,
                why: String::new(),
            };
            story.event(1_000, host, ready)
        })
    }

    fn says(story: Story, at_ms: u64, says: &str) -> Story {
        story.event(at_ms, "balancer", Event::Balancer { says: says.into() })
    }

    #[test]
    fn accepts_failures_with_a_cause_and_clients_that_leave() {
        let killed = || started().fault(20_000, Fault::Kill { host: "idp-a".into() });
        for story in [
            says(started(), 20_000, "499 for POST /token: the client went away"),
            says(started(), 900, "502 for GET /: no live upstreams"),
            says(
                killed(),
                21_000,
                "502 for POST /token: idp-a broke off before the answer: reset",
            ),
        ] {
            assert_eq!(story.judged_by(&NobodyHarmed), Ok(()));
        }
    }

    #[test]
    fn rejects_a_head_that_the_balancer_does_not_take_whatever_is_broken() {
        let killed = started().fault(20_000, Fault::Kill { host: "idp-b".into() });
        for story in [says(started(), 900, TOO_BIG), says(killed, 21_000, TOO_BIG)] {
            assert_eq!(story.judged_by(&NobodyHarmed).unwrap_err().reason, "head-too-large");
        }
        let invalid = says(started(), 20_000, "502 for GET /: idp-a sent invalid header");
        assert_eq!(invalid.judged_by(&NobodyHarmed).unwrap_err().reason, "head-invalid");
    }

    #[test]
    fn a_fault_excuses_no_failure_long_after_it_has_healed() {
        let healed = started()
            .fault(20_000, Fault::Kill { host: "idp-a".into() })
            .fault(22_000, Fault::Heal);
        let what = "502 for POST /token: idp-a broke off before the answer: reset";
        assert_eq!(
            says(healed, 90_000, what).judged_by(&NobodyHarmed).unwrap_err().reason,
            "no-answer"
        );
    }

    #[test]
    fn only_answers_of_the_service_through_the_balancer_are_judged() {
        let own = |door: &str, headers: &[(&str, &str)]| {
            let exchange = |seen| Event::Own(Observation::Exchange(seen));
            let asked = exchange::Observation::Asked {
                number: 1,
                door: door.into(),
                request: Box::default(),
            };
            let headers = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let answer = Answer {
                status: 200,
                headers: headers.collect(),
                ..Answer::default()
            };
            let answered = exchange::Observation::Answered {
                number: 1,
                answer: Answered::With(Box::new(answer)),
            };
            let story = started().event(2_000, "ann", exchange(asked));
            story.event(2_100, "ann", exchange(answered)).tally(&NobodyHarmed).0
        };
        let reference = [("x-correlation-id", "0a1b0a1b0a1b0a1b")];
        assert_eq!(own(hosts::BALANCER, &reference), 1);
        assert_eq!(own(hosts::BALANCER, &[]), 0, "the balancer's own page");
        assert_eq!(own("idp-a:9090", &reference), 0, "past the balancer");
    }

    #[test]
    fn a_head_that_does_not_end_is_given_up_in_time() {
        let held = |for_ms, closed| {
            let seen = Seen::HeadHeld {
                replica: "idp-a".into(),
                head: crate::http::Head::Half,
                for_ms,
                closed,
            };
            started().event(30_000, "stranger", Event::Own(Observation::Http(seen)))
        };
        assert_eq!(held(10_020, true).judged_by(&NobodyHarmed), Ok(()));
        for (for_ms, closed) in [(25_000, false), (10_500, true), (3_000, true)] {
            let found = held(for_ms, closed).judged_by(&NobodyHarmed).unwrap_err();
            assert_eq!(found.reason, "head-not-given-up-in-time");
        }
        let killed = held(3_000, true).fault(29_000, Fault::Kill { host: "idp-a".into() });
        assert_eq!(killed.judged_by(&NobodyHarmed), Ok(()), "the replica was killed");
        let port = |story: Story, at_ms, host: &str, ready| {
            let (host, why) = (host.to_owned(), String::new());
            story.event(at_ms, "host", Event::Ready { host, ready, why })
        };
        let port_closes = |at_ms, host: &str| port(held(3_000, true), at_ms, host, false);
        for story in [port_closes(29_990, "idp-a"), port_closes(20_000, "idp-a")] {
            assert_eq!(story.judged_by(&NobodyHarmed), Ok(()));
        }
        let opened_again = port(port_closes(20_000, "idp-a"), 21_000, "idp-a", true);
        for story in [port_closes(29_990, "idp-b"), opened_again] {
            assert!(story.judged_by(&NobodyHarmed).is_err());
        }
        let why = String::new();
        let (host, ready) = ("idp-a".to_owned(), false);
        let held_too_long = held(25_000, false).event(20_000, "host", Event::Ready { host, ready, why });
        assert!(held_too_long.judged_by(&NobodyHarmed).is_err());
    }

    #[test]
    fn rejects_a_failure_without_a_cause() {
        for what in [
            "502 for GET /: no live upstreams",
            "502 for GET /: idp-a broke off before the answer: reset",
        ] {
            let story = says(started(), 20_000, what);
            assert_eq!(story.judged_by(&NobodyHarmed).unwrap_err().reason, "no-answer");
        }
    }
}
