//! Wrong answers, to see that a judge of real ones rejects them: each is one answer of the history, changed in one way.

use crate::{
    exchange::Observation,
    vocabulary::{Event, History, Observation as AnyObservation},
};
use spec::exchange::{Answer, Answered, Body};
use std::collections::BTreeMap;

/// A change of the first answer that it fits.
pub(super) struct Wrong {
    /// What is wrong.
    pub(super) what: &'static str,
    path: &'static str,
    status: u16,
    change: fn(&mut Answer) -> bool,
}

/// One for each part of an answer.
pub(super) const WRONG: [Wrong; 8] = [
    Wrong {
        what: "another status",
        path: "/login/code",
        status: 200,
        change: |answer| {
            answer.status = 201;
            true
        },
    },
    Wrong {
        what: "a header is missing",
        path: "/login",
        status: 200,
        change: |answer| answer.headers.remove("content-security-policy").is_some(),
    },
    Wrong {
        what: "a cookie can be read by scripts",
        path: "/login/verify",
        status: 303,
        change: |answer| {
            let cookie = answer.cookies.first_mut();
            cookie.is_some_and(|cookie| cookie.attributes.remove("httponly").is_some())
        },
    },
    Wrong {
        what: "a redirect leads to somebody else",
        path: "/login/continue",
        status: 303,
        change: |answer| match &mut answer.location {
            Some(location) if location.params.iter().any(|(name, _)| name == "code") => {
                location.target = "https://evil.example/callback".into();
                true
            }
            _ => false,
        },
    },
    Wrong {
        what: "an ID token names another person",
        path: "/token",
        status: 200,
        change: |answer| match &mut answer.body {
            Body::Tokens(tokens) => tokens.id_token.as_mut().is_some_and(|token| {
                token.claims.insert("sub".into(), "user-nobody".into());
                true
            }),
            _ => false,
        },
    },
    Wrong {
        what: "a refusal is a success",
        path: "/userinfo",
        status: 401,
        change: |answer| {
            answer.status = 200;
            true
        },
    },
    Wrong {
        what: "another error",
        path: "/token",
        status: 400,
        change: |answer| match &mut answer.body {
            Body::Json(json) if json["error"] == "invalid_grant" => {
                json["error"] = "invalid_request".into();
                true
            }
            _ => false,
        },
    },
    Wrong {
        what: "a page says something else",
        path: "/",
        status: 200,
        change: |answer| match &mut answer.body {
            Body::Page(page) => {
                page.text.push_str(" xyzzy");
                true
            }
            _ => false,
        },
    },
];

impl Wrong {
    /// The history with the answer changed; `None`: no answer is such that it could be.
    pub(super) fn of(&self, history: &History) -> Option<History> {
        let mut paths: BTreeMap<u64, &str> = BTreeMap::new();
        for (place, record) in history.records.iter().enumerate() {
            let Event::Own(AnyObservation::Exchange(observation)) = &record.event else {
                continue;
            };
            match observation {
                Observation::Asked { number, request, .. } => drop(paths.insert(*number, &request.path)),
                Observation::Answered {
                    number,
                    answer: Answered::With(answer),
                } if answer.status == self.status && paths.get(number) == Some(&self.path) => {
                    let mut other = answer.clone();
                    if (self.change)(&mut other) {
                        let mut changed = history.clone();
                        changed.records[place].event = Event::Own(AnyObservation::Exchange(Observation::Answered {
                            number: *number,
                            answer: Answered::With(other),
                        }));
                        return Some(changed);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
