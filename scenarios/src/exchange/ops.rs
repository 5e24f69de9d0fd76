//! What is seen of exchanges.

use crate::login::Login;
use serde::{Deserialize, Serialize};
use spec::exchange::{Answered, Mail, Request};

/// What is seen of exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// A request was sent.
    Asked {
        /// Its number: the answer has the same.
        number: u64,
        /// Which host was asked; with its port, if that is the operators'.
        door: String,
        /// What was asked.
        request: Box<Request>,
    },
    /// It was answered, or given up.
    Answered {
        /// The number of the request.
        number: u64,
        /// What came back.
        answer: Answered,
    },
    /// The relay accepted a mail.
    Mailed {
        /// To whom.
        address: String,
        /// What it was.
        mail: Box<Mail>,
    },
    /// The analytics hook was told of an event.
    Told {
        /// The event, as sent.
        what: serde_json::Value,
        /// The `Host` that it was sent to.
        host: String,
        /// Over which connection: they are numbered as they are opened.
        connection: u64,
    },
}

impl Observation {
    /// Whether it is a request.
    pub(crate) fn is_request(&self) -> bool {
        matches!(self, Observation::Asked { .. })
    }
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["request sent", "request answered", "mail accepted", "analytics told"];

    fn name(&self) -> &'static str {
        match self {
            Observation::Asked { .. } => "request sent",
            Observation::Answered { .. } => "request answered",
            Observation::Mailed { .. } => "mail accepted",
            Observation::Told { .. } => "analytics told",
        }
    }

    fn describe(&self) -> String {
        match self {
            Observation::Asked { number, door, request } => {
                format!("request {number}: {} {} at {door}", request.method, request.path)
            }
            Observation::Answered { number, answer } => {
                let what = match answer {
                    Answered::With(answer) => answer.describe(),
                    Answered::NotSent(why) => format!("not sent: {why}"),
                    Answered::Unknown(why) => format!("no answer: {why}"),
                    Answered::GivenUp(why) => format!("given up: {why}"),
                };
                format!("answer {number}: {what}")
            }
            Observation::Mailed { address, .. } => format!("the relay takes a mail to {address}"),
            Observation::Told { what, .. } => format!("the hook is told of {}", what["event"]),
        }
    }

    fn filter(&self) -> Option<&'static str> {
        Some("http")
    }

    fn routine(&self) -> Option<&'static str> {
        Some("HTTP requests, answers, mails and events for analytics, as such")
    }
}
