//! Whoever merely follows a link leaves nothing in the store.
//!
//! Source: inventory 22 (short-lived state is bounded); `core/LIMITS.md`, "In Redis". Crawlers and attackers begin logins by the
//! thousand. A login in progress is kept when somebody types an address in it, or says that they want to go on; until then its
//! cookie carries it, unless the client's request is too long for that.
//!
//! Edges. By any moment no more logins have been put into the store than there were requests that are a reason for it. A balancer
//! may pass a request to begin a login on twice, and one that types an address once (RFC 9110 section 9.2.2).

use crate::{
    exchange,
    property::violation,
    vocabulary::{Event, Evidence, Kind, Login, Observation, Property, Violation},
    world::hosts,
};
use idp::authorize::FLOW;
use spec::{
    Settings,
    exchange::{Request, Word},
};

/// Property: nothing is kept for whoever merely begins logins. See the module.
pub struct KeepsNothingForStrangers;

/// What stands in a cookie besides what the client has sent, and what base64url adds to both, takes no more than this if it fits,
/// bytes.
const FRAME_BYTES: usize = 400;

impl Property<Login> for KeepsNothingForStrangers {
    fn name(&self) -> String {
        "KeepsNothingForStrangers".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "a login is kept because of what somebody did in it, and not because it has begun".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let fits = Settings::default().get("bytes of a login's cookie") as usize;
        let puts = format!("store put {}", FLOW.prefix());
        let kept = evidence.calls.iter().filter(|call| call.call == puts);
        let (mut reasons, mut puts) = (0, 0);
        let mut records = evidence.history.records.iter().peekable();
        for call in kept {
            while let Some(record) = records.next_if(|record| record.at_ms <= call.at_ms) {
                if let Event::Own(Observation::Exchange(exchange::Observation::Asked { request, door, .. })) =
                    &record.event
                {
                    reasons += reasons_in(request, door, fits);
                }
            }
            puts += 1;
            evidence.judged(1);
            if evidence.is_violated(puts > reasons, None) {
                let what = format!("{puts} logins had been kept, and there were reasons for {reasons}");
                return Err(violation(&self.name(), call.at_ms, vec![], what).because("kept-for-a-stranger"));
            }
        }
        Ok(())
    }
}

/// How many logins may be kept because of a request.
fn reasons_in(request: &Request, door: &str, fits: usize) -> u64 {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/login/send" | "/login/consent") => 1,
        (_, "/authorize") => {
            let bytes = |word: &Word| word.clear().map_or_else(|| word.secret().bytes, str::len);
            let carried = request.query.iter().filter(|(name, _)| name != "id_token_hint");
            let sent: usize = carried.map(|(_, value)| bytes(value)).sum();
            match sent + FRAME_BYTES > fits {
                true if door == hosts::BALANCER => 2,
                true => 1,
                false => 0,
            }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::Story;

    fn asked(story: Story, at_ms: u64, method: &str, path: &str, state: &str) -> Story {
        asked_at(hosts::BALANCER, story, at_ms, (method, path, state))
    }

    fn asked_at(door: &str, story: Story, at_ms: u64, (method, path, state): (&str, &str, &str)) -> Story {
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: vec![("state".into(), Word::of("state", state))],
            ..Request::default()
        };
        let asked = exchange::Observation::Asked {
            number: at_ms,
            door: door.into(),
            request: Box::new(request),
        };
        story.event(at_ms, "ann", Event::Own(Observation::Exchange(asked)))
    }

    fn kept(story: Story, at_ms: u64) -> Story {
        story.answered_call(at_ms, "idp-a", "store put auth:oidc:flow")
    }

    #[test]
    fn accepts_what_there_is_a_reason_for() {
        for (method, path, state) in [
            ("POST", "/login/send", ""),
            ("POST", "/login/consent", ""),
            ("GET", "/authorize", &"s".repeat(1000)[..]),
        ] {
            let story = kept(asked(Story::new(), 1_000, method, path, state), 1_002);
            assert_eq!(story.judged_by(&KeepsNothingForStrangers), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_balancer_may_begin_a_login_twice_and_nobody_else() {
        let long = "s".repeat(1000);
        let twice = |door: &str| {
            let story = asked_at(door, Story::new(), 1_000, ("GET", "/authorize", &long));
            kept(kept(story, 1_002), 1_004).judged_by(&KeepsNothingForStrangers)
        };
        assert_eq!(twice(hosts::BALANCER), Ok(()));
        assert!(twice("idp-a").is_err());
    }

    #[test]
    fn rejects_what_is_kept_for_whoever_follows_a_link() {
        for (method, path) in [("GET", "/authorize"), ("GET", "/login"), ("POST", "/login/verify")] {
            let story = kept(asked(Story::new(), 1_000, method, path, "st"), 1_002);
            assert!(story.judged_by(&KeepsNothingForStrangers).is_err(), "{path}");
        }
        let twice = kept(
            kept(asked(Story::new(), 1_000, "POST", "/login/send", ""), 1_002),
            1_003,
        );
        assert!(twice.judged_by(&KeepsNothingForStrangers).is_err());
        let later = asked(kept(Story::new(), 1_000), 1_001, "POST", "/login/send", "");
        assert!(later.judged_by(&KeepsNothingForStrangers).is_err());
    }
}
