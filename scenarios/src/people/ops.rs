//! Operations of people that every way to log in has.

use serde::{Deserialize, Serialize};
use sim::history::Seen;

/// An operation of a person that every way to log in has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// A whole login, from the relying party's page to its checked ID token. Each of its steps is an operation of its
    /// own as well.
    LogIn,
    /// Opened the authorize URL and got the login page.
    OpenLogin,
    /// Got an authorization code at the redirect URI.
    ReceiveCode,
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["log-in", "open-login", "receive-code"];
    const COMPOUND: &'static str = "logins";

    fn kind(&self) -> String {
        match self {
            Op::LogIn => "log-in",
            Op::OpenLogin => "open-login",
            Op::ReceiveCode => "receive-code",
        }
        .into()
    }

    fn describe(&self) -> String {
        match self {
            Op::LogIn => "begins to log in",
            Op::OpenLogin => "opens the login page",
            Op::ReceiveCode => "comes back with an authorization code",
        }
        .into()
    }

    fn is_compound(&self) -> bool {
        *self == Op::LogIn
    }

    fn describe_end(&self, seen: &Seen) -> String {
        match seen {
            Seen::Ok => "is logged in",
            Seen::Fail(_) => "gives up: not logged in",
            Seen::Unknown(_) => "gives up: cannot tell whether logged in",
        }
        .into()
    }

    fn describe_whole(&self) -> String {
        "logs in".into()
    }
}
