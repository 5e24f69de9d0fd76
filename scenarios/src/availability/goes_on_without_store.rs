//! What needs no store goes on without it, and whoever wants to log in meanwhile is told that nobody can.
//!
//! Source: inventory 25, 26: what cannot be done is said, and what can be done is not taken away with it. Who is logged in stays
//! so (inventory 54): account page, userinfo, signing out, keys and metadata need the directory at most.
//!
//! Fairness. Judged is each request at the balancer while the store was out of order: Redis nodes, Sentinels, or the ways to them.
//! One that needs no store must be answered by the service, and not with a status of the 500s. One that does must be answered by
//! the service, whatever it says: a page of the balancer's own tells nobody anything.
//!
//! Edges. Not judged is what was asked while something else was broken, or before the balancer knew all replicas, or what nobody
//! waited for; nor what the balancer refuses without asking anybody.

use crate::{
    exchange::{Observation, touches, troubles, troubles_but_for},
    property::{calm::first_of, human, violation},
    vocabulary::{Event, Evidence, Fault, Kind, Login, Observation as AnyObservation, Property, Violation},
    world::hosts,
};
use spec::{
    Touches,
    exchange::{Answered, Request},
    is_login,
};
use std::collections::BTreeMap;

/// Property: what needs no store goes on without it. See the module.
pub struct GoesOnWithoutStore;

/// Whether a fault is of the store alone.
fn is_of_store(fault: &Fault) -> bool {
    let touches = touches(fault);
    touches.store && !touches.service && !touches.directory
}

impl Property<Login> for GoesOnWithoutStore {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "what needs no store goes on without it, and whoever wants to log in is told".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let (plan, history) = (evidence.plan, evidence.history);
        let (all, others) = (troubles(plan, history), troubles_but_for(plan, history, is_of_store));
        let of_store: fn(&Touches) -> bool = |touches| touches.store;
        let of_others: fn(&Touches) -> bool = |touches| touches.service || touches.directory || touches.stops;
        let mut asked: BTreeMap<u64, (u64, &Request)> = BTreeMap::new();
        for (index, record) in history.records.iter().enumerate() {
            let Event::Own(AnyObservation::Exchange(observation)) = &record.event else {
                continue;
            };
            let (number, answer) = match observation {
                Observation::Asked { number, door, request } if door == hosts::BALANCER => {
                    asked.insert(*number, (record.at_ms, request));
                    continue;
                }
                Observation::Answered { number, answer } => (number, answer),
                _ => continue,
            };
            let Some((from_ms, request)) = asked.remove(number) else {
                continue;
            };
            if !all.any(from_ms, record.at_ms, of_store) {
                continue;
            }
            let excuse = first_of([
                (from_ms <= all.started_ms, "the replicas were starting"),
                (
                    others.any(from_ms, record.at_ms, of_others),
                    "something else was broken",
                ),
                (matches!(answer, Answered::GivenUp(_)), "nobody waited for the answer"),
            ]);
            if evidence.is_violated(!goes_on(request, answer), excuse) {
                let what = format!(
                    "{} {} was asked at {} while only the store was out of order, and got {}",
                    request.method,
                    request.path,
                    human(from_ms),
                    told(answer)
                );
                let reason = if is_login(&request.path) {
                    "login-not-answered"
                } else {
                    "ended-with-the-store"
                };
                return Err(violation(&self.name(), record.at_ms, vec![index], what).because(reason));
            }
        }
        Ok(())
    }
}

/// Whether an answer is what a request must get without the store.
fn goes_on(request: &Request, answer: &Answered) -> bool {
    let Answered::With(answer) = answer else { return false };
    let is_of_service = answer.headers.contains_key("x-correlation-id");
    let is_refused_unseen = !is_of_service && (400..500).contains(&answer.status);
    is_refused_unseen || (is_of_service && (is_login(&request.path) || answer.status < 500))
}

fn told(answer: &Answered) -> String {
    match answer {
        Answered::With(answer) if answer.headers.contains_key("x-correlation-id") => answer.describe(),
        Answered::With(answer) => format!("the balancer's own {}", answer.status),
        Answered::NotSent(why) | Answered::Unknown(why) | Answered::GivenUp(why) => format!("no answer: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::Story,
        scenario::{cut, directory_busy, kill, secs},
    };
    use spec::exchange::Answer;

    const UP_MS: u64 = 300;

    fn started() -> Story {
        ["idp-a", "idp-b"].into_iter().fold(Story::new(), |story, host| {
            let ready = Event::Ready {
                host: host.into(),
                ready: true,
                why: String::new(),
            };
            story.event(UP_MS, host, ready)
        })
    }

    fn without_store() -> Story {
        started().fault(10_000, kill("redis-1")).fault(10_000, kill("redis-2"))
    }

    fn answer(status: u16, is_of_service: bool) -> Answered {
        let reference = is_of_service.then(|| ("x-correlation-id".to_owned(), "0a1b".to_owned()));
        Answered::With(Box::new(Answer {
            status,
            headers: reference.into_iter().collect(),
            ..Answer::default()
        }))
    }

    fn asks(story: Story, door: &str, path: &str, answer: Answered) -> Story {
        let event = |observation| Event::Own(AnyObservation::Exchange(observation));
        let request = Request {
            method: "GET".into(),
            path: path.into(),
            ..Request::default()
        };
        let asked = Observation::Asked {
            number: 1,
            door: door.into(),
            request: Box::new(request),
        };
        let answered = Observation::Answered { number: 1, answer };
        story
            .event(20_000, "ann", event(asked))
            .event(20_010, "ann", event(answered))
    }

    fn judged(path: &str, answer: Answered) -> Result<(), String> {
        let judged = asks(without_store(), "balancer", path, answer).judged_by(&GoesOnWithoutStore);
        judged.map_err(|violation| violation.reason)
    }

    #[test]
    fn accepts_answers_of_the_service_and_that_nobody_can_log_in() {
        assert_eq!(judged("/jwks", answer(200, true)), Ok(()));
        assert_eq!(judged("/userinfo", answer(401, true)), Ok(()));
        assert_eq!(judged("/token", answer(503, true)), Ok(()));
        assert_eq!(judged("/login/send", answer(503, true)), Ok(()));
        assert_eq!(judged("/", answer(414, false)), Ok(()), "nobody was asked");
    }

    #[test]
    fn rejects_what_ends_with_the_store_and_what_says_nothing() {
        let ended = Err("ended-with-the-store".to_owned());
        assert_eq!(judged("/jwks", answer(502, false)), ended);
        assert_eq!(judged("/", answer(503, true)), ended);
        assert_eq!(judged("/userinfo", Answered::Unknown("reset".into())), ended);
        assert_eq!(
            judged("/authorize", answer(502, false)),
            Err("login-not-answered".to_owned())
        );
    }

    #[test]
    fn judges_nothing_else() {
        let ended = || answer(502, false);
        for story in [
            asks(started(), "balancer", "/jwks", ended()),
            asks(without_store(), "idp-a", "/jwks", ended()),
            asks(
                without_store().fault(12_000, kill("idp-a")),
                "balancer",
                "/jwks",
                ended(),
            ),
            asks(
                without_store().fault(12_000, cut("balancer", "idp-a")),
                "balancer",
                "/jwks",
                ended(),
            ),
            asks(
                without_store().fault(15_000, directory_busy(secs(9))),
                "balancer",
                "/",
                ended(),
            ),
            asks(without_store(), "balancer", "/jwks", Answered::GivenUp("left".into())),
        ] {
            assert_eq!(story.judged_by(&GoesOnWithoutStore), Ok(()));
        }
    }
}
