//! Whoever presses a button on a page of a login that their own browser began is never told that it belongs to another browser,
//! whatever else has begun in that browser meanwhile.
//!
//! Source: inventory 9 (state is bound to the browser's cookie). Seen at the service itself: a login that began in another tab, or
//! because another site sent the browser, took the cookie away from the one that somebody was at.
//!
//! Edges. Each person and attacker has a browser of their own. These things excuse it:
//!
//! - As many logins as a browser may have (`core/LIMITS.md`) have begun in it after this one: it was the oldest.
//! - The login may be over: the browser drops the cookie then. By as much as clocks differ the service may think otherwise.
//! - Nobody knows where it began: the answer by which it did was never seen.
//! - The store may have forgotten it since: what does not fit into its cookie is kept there alone.

use crate::{
    exchange::{Observation as Exchange, troubles},
    mailed_code,
    property::{calm::first_of, human, invocations, violation},
    vocabulary::{Event, Evidence, History, Kind, Login, Observation, Op, Property, Tag, Violation},
};
use spec::{Settings, Times, exchange::Answered};
use std::{collections::BTreeMap, sync::LazyLock};

/// Property: whatever begins a login leaves the others of its browser alone. See the module.
pub struct LoginsSideBySide;

/// What somebody is told whose browser did not begin a login, or has lost its cookie: if something has been kept of it, and if not.
const REFUSED: [&str; 2] = ["other-browser", "expired"];

/// How many logins a browser may have in progress.
static IN_A_BROWSER: LazyLock<usize> =
    LazyLock::new(|| Settings::default().get("logins in progress in a browser") as usize);

/// A login that began.
struct Begun {
    flow: Tag,
    asked_ms: u64,
    answered_ms: u64,
    /// Whether it did not fit into its cookie.
    is_long: bool,
    /// The place of the answer in the history.
    answered_at: usize,
}

impl Property<Login> for LoginsSideBySide {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "whatever begins a login ends no other login of that browser".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let troubles = troubles(evidence.plan, evidence.history);
        let begun = begun(evidence.history);
        for press in &invocations(evidence.history) {
            let Op::MailedCode(mailed_code::Op::SendCode { flow, .. } | mailed_code::Op::VerifyCode { flow, .. }) =
                press.op
            else {
                continue;
            };
            let refused = press.failure().is_some_and(|told| REFUSED.contains(&told));
            let theirs = begun.get(press.who).map_or(&[][..], Vec::as_slice);
            let own = theirs.iter().position(|login| login.flow == *flow);
            let later = own.map_or(0, |own| {
                let later = theirs[own + 1..].iter();
                later.filter(|login| login.answered_ms <= press.ended_ms()).count()
            });
            let lives_ms = evidence.plan.world.flow_ttl_s * 1000;
            let clocks_ms = 2 * troubles.dates_ms(press.ended_ms());
            let is_over =
                own.is_some_and(|own| press.ended_ms().saturating_add(clocks_ms) >= theirs[own].asked_ms + lives_ms);
            let is_forgotten = own.map(|own| &theirs[own]).is_some_and(|own| {
                let told = Times::new(own.asked_ms, own.answered_ms);
                let pressed = Times::new(press.began_ms, press.ended_ms());
                own.is_long && press.failure() == Some("expired") && troubles.forgets(told, pressed)
            });
            let excuse = first_of([
                (own.is_none(), "nobody knows where the login began"),
                (
                    later >= *IN_A_BROWSER,
                    "as many logins as a browser may have began later",
                ),
                (is_over, "the login may be over"),
                (is_forgotten, "the store may have forgotten it"),
            ]);
            if evidence.is_violated(refused, excuse) {
                let own = &theirs[own.expect("else it is excused")];
                let what = format!(
                    "{} pressed a button of the login {} that began in their own browser at {}, and was told that it has expired or \
                     belongs to another one; {later} other login(s) had begun there meanwhile",
                    press.who,
                    flow.0,
                    human(own.answered_ms)
                );
                let records = [vec![own.answered_at], press.records()].concat();
                return Err(violation(&self.name(), press.ended_ms(), records, what).because("login-ended-by-another"));
            }
        }
        Ok(())
    }
}

/// The logins that began in each browser, in the order in which it was told.
fn begun(history: &History) -> BTreeMap<&str, Vec<Begun>> {
    let mut begun: BTreeMap<&str, Vec<Begun>> = BTreeMap::new();
    let mut asked = BTreeMap::new();
    for (place, record) in history.records.iter().enumerate() {
        let Event::Own(Observation::Exchange(exchange)) = &record.event else {
            continue;
        };
        match exchange {
            Exchange::Asked { number, request, .. } if request.path == "/authorize" => {
                asked.insert(*number, record.at_ms);
            }
            Exchange::Answered {
                number,
                answer: Answered::With(answer),
            } => {
                let Some(asked_ms) = asked.remove(number) else { continue };
                let location = answer.location.iter();
                let mut location = location.filter(|to| matches!(&*to.target, "/login" | "/login/consent"));
                let flow = location.find_map(|to| to.params.iter().find(|(name, _)| name == "flow"));
                if let Some((_, flow)) = flow {
                    begun.entry(&record.who).or_default().push(Begun {
                        flow: Tag(flow.secret().tag.to_string()),
                        asked_ms,
                        answered_ms: record.at_ms,
                        is_long: (answer.cookies.iter())
                            .any(|cookie| cookie.name.contains("flow-") && cookie.value.is_token()),
                        answered_at: place,
                    });
                }
            }
            _ => {}
        }
    }
    begun
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::*,
        scenario::kill,
        vocabulary::{Fault, Seen},
    };
    use spec::{
        Secret,
        exchange::{Answer, Location, Request, SetCookie, Word},
    };

    fn flow(name: &str) -> Tag {
        Tag::of(name)
    }

    /// A login of Ann's begins at a time, with an identifier of this name; its cookie carries it.
    fn begins(story: Story, number: u64, at_ms: u64, name: &str) -> Story {
        begins_with(story, number, at_ms, (name, 300))
    }

    /// The same, with a cookie of so many bytes.
    fn begins_with(story: Story, number: u64, at_ms: u64, (name, cookie): (&str, usize)) -> Story {
        let event = |exchange| Event::Own(Observation::Exchange(exchange));
        let asked = Exchange::Asked {
            number,
            door: "balancer".into(),
            request: Box::new(Request {
                method: "GET".into(),
                path: "/authorize".into(),
                ..Request::default()
            }),
        };
        let answered = Exchange::Answered {
            number,
            answer: Answered::With(Box::new(Answer {
                status: 303,
                location: Some(Location {
                    target: "/login".into(),
                    params: vec![("flow".into(), Word::of("flow", name))],
                }),
                cookies: vec![SetCookie {
                    name: "__Host-flow-00000000".into(),
                    value: Secret::of(&"c".repeat(cookie)),
                    attributes: BTreeMap::new(),
                }],
                ..Answer::default()
            })),
        };
        story
            .event(at_ms, "ann", event(asked))
            .event(at_ms + 10, "ann", event(answered))
    }

    fn logins(count: u64) -> Story {
        (0..count).fold(Story::new(), |story, n| {
            begins(story, n, 1_000 + n * 100, &format!("login {n}"))
        })
    }

    /// Ann presses "Send" in her first login.
    fn presses(story: Story, at_ms: u64, seen: Seen) -> Story {
        let op = Op::MailedCode(mailed_code::Op::SendCode {
            flow: flow("login 0"),
            address: "ann@example.com".into(),
        });
        story.op((at_ms, at_ms + 50), "ann", op, seen)
    }

    #[test]
    fn accepts_what_is_answered_and_what_is_refused_with_reason() {
        let over_ms = Story::new().world.flow_ttl_s * 1000 + 1_000;
        let clock = Fault::ClockOffset {
            host: "redis-1".into(),
            offset_ms: 5_000,
        };
        for story in [
            presses(logins(3), 5_000, Seen::Ok),
            presses(logins(3), 5_000, fail("wrong-code")),
            presses(logins(3), 5_000, unknown()),
            presses(logins(5), 5_000, fail(REFUSED[0])),
            presses(logins(1), over_ms, fail(REFUSED[0])),
            presses(logins(1).fault(2_000, clock), over_ms - 8_000, fail(REFUSED[0])),
            presses(Story::new(), 5_000, fail(REFUSED[0])),
        ] {
            assert_eq!(story.judged_by(&LoginsSideBySide), Ok(()));
        }
    }

    #[test]
    fn rejects_a_login_that_ends_because_others_begin() {
        for (others, told) in (1..=4).flat_map(|others| REFUSED.map(|told| (others, told))) {
            let violation = presses(logins(others), 5_000, fail(told)).judged_by(&LoginsSideBySide);
            let violation = violation.expect_err("it is rejected");
            assert_eq!(violation.reason, "login-ended-by-another");
        }
        let story = logins(5);
        let later = presses(story, 1_350, fail(REFUSED[0]));
        assert!(
            later.judged_by(&LoginsSideBySide).is_err(),
            "the fifth has not begun yet"
        );
        let over_ms = Story::new().world.flow_ttl_s * 1000 + 1_000;
        let early = presses(logins(1), over_ms - 8_000, fail(REFUSED[0]));
        assert!(early.judged_by(&LoginsSideBySide).is_err());
    }

    #[test]
    fn a_store_that_forgets_excuses_only_what_did_not_fit_into_its_cookie() {
        let refused = |cookie, told| {
            let story = begins_with(
                Story::new().event(0, "redis-1", master("redis-1")),
                0,
                1_000,
                ("login 0", cookie),
            );
            let failed_over = story
                .fault(1_500, kill("redis-1"))
                .event(2_500, "redis-2", master("redis-2"));
            presses(failed_over, 5_000, fail(told)).judged_by(&LoginsSideBySide)
        };
        assert_eq!(refused(43, "expired"), Ok(()));
        assert!(refused(300, "expired").is_err() && refused(43, "other-browser").is_err());
    }

    #[test]
    fn counts_what_it_judges_and_why_not() {
        let story = presses(presses(logins(5), 1_100, Seen::Ok), 5_000, fail(REFUSED[0]));
        let excuse = ("as many logins as a browser may have began later".to_owned(), 1, 1);
        assert_eq!(story.tally(&LoginsSideBySide), (1, vec![excuse]));
    }
}
