//! Behaviours, operations and observations of people who are logged in.

use crate::{
    login::{self, Login},
    mailed_code,
    people::person::Person,
    session::{again, logged_in, uses_accounts},
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::{
    history::{Seen, Tag},
    service::Tone,
};
use std::{sync::Arc, time::Duration};

/// A behaviour of a person who is logged in, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in, then looks at the account page now and then with the same session cookie.
    StayLoggedIn {
        /// Time between two looks, milliseconds.
        every_ms: u64,
        /// The number of looks.
        looks: u32,
    },
    /// Logs in, looks at the account page, and logs out.
    LogInAndOut,
    /// Logs in; in each round looks at the account page, and the client asks for userinfo, the keys and the metadata. Then logs
    /// out.
    GoOn {
        /// Time between two rounds, milliseconds.
        every_ms: u64,
        /// The number of rounds.
        rounds: u32,
    },
    /// Logs in, some time later again in the same browser, and signs out; somebody looks at the account page with the old
    /// cookies, and clients ask for what they were given before.
    LogInAgain {
        /// Time between the two logins, milliseconds.
        after_ms: u64,
        /// Who logs in the second time; empty: the same person.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        whose: String,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["stay-logged-in", "log-in-and-out", "go-on", "log-in-again"];

    fn others(&self) -> Vec<&str> {
        match self {
            Behaviour::LogInAgain { whose, .. } if !whose.is_empty() => vec![whose],
            _ => vec![],
        }
    }

    fn plainer(&self) -> Vec<login::Behaviour> {
        vec![mailed_code::Behaviour::LogIn.into()]
    }
}

/// Performs a behaviour of a person who is logged in.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let person = Person::new(scene, who, who, label);
    match does {
        Behaviour::StayLoggedIn { every_ms, looks } => {
            logged_in::stay(&Arc::new(person), Duration::from_millis(every_ms), looks).await;
        }
        Behaviour::LogInAndOut => logged_in::in_and_out(&Arc::new(person)).await,
        Behaviour::GoOn { every_ms, rounds } => {
            uses_accounts::go_on(&Arc::new(person), Duration::from_millis(every_ms), rounds).await;
        }
        Behaviour::LogInAgain { after_ms, whose } => {
            again::log_in(person, &whose, Duration::from_millis(after_ms)).await;
        }
    }
}

/// An operation of a person who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Looked at the account page with the session cookie; success means "signed in as".
    Visit {
        /// The session cookie, as the browser keeps it.
        session: Tag,
    },
    /// Pressed "Sign out"; success means that the page says that the browser is signed out.
    LogOut {
        /// The session cookie that it had.
        session: Tag,
    },
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["visit", "log-out"];

    fn kind(&self) -> String {
        match self {
            Op::Visit { .. } => "visit",
            Op::LogOut { .. } => "log-out",
        }
        .into()
    }

    fn describe(&self) -> String {
        match self {
            Op::Visit { session } => format!("looks at the account page (session {})", session.0),
            Op::LogOut { session } => format!("logs out (session {})", session.0),
        }
    }

    fn routine(&self, seen: &Seen, _: bool) -> Option<&'static str> {
        let is_look = matches!(self, Op::Visit { .. });
        (is_look && *seen == Seen::Ok).then_some("looks at the account page that showed it")
    }
}

/// An event that a browser observes of its session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// A browser lost its session: the service deleted the cookie, or showed somebody who has a
    /// session cookie the page for strangers.
    LoggedOut {
        /// The session cookie it had.
        session: Tag,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["session lost"];

    fn name(&self) -> &'static str {
        "session lost"
    }

    fn describe(&self) -> String {
        let Observation::LoggedOut { session } = self;
        format!("is logged out without asking for it (session {})", session.0)
    }

    fn outcome(&self) -> (Tone, &'static str) {
        (Tone::Bad, "")
    }
}
