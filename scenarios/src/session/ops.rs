//! What people who are logged in do.

use crate::{
    login::{self, Login},
    mailed_code,
    people::person::Person,
    session::logged_in,
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::{
    history::{Seen, Tag},
    service::Tone,
};
use std::{sync::Arc, time::Duration};

/// What people who are logged in do, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in, then looks at the account page now and then with the same session cookie.
    StayLoggedIn {
        /// Between two looks, milliseconds.
        every_ms: u64,
        /// How many looks.
        looks: u32,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["stay-logged-in"];

    fn plainer(&self) -> Vec<login::Behaviour> {
        vec![mailed_code::Behaviour::LogIn.into()]
    }
}

/// Somebody stays logged in.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let Behaviour::StayLoggedIn { every_ms, looks } = does;
    let person = Arc::new(Person::new(scene, who, who, label));
    logged_in::stay(&person, Duration::from_millis(every_ms), looks).await;
}

/// What people who are logged in do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Looked at the account page with the session cookie; success means "signed in as".
    Visit {
        /// The session cookie, as the browser keeps it.
        session: Tag,
    },
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["visit"];

    fn kind(&self) -> String {
        "visit".into()
    }

    fn describe(&self) -> String {
        let Op::Visit { session } = self;
        format!("looks at the account page (session {})", session.0)
    }

    fn routine(&self, seen: &Seen, _: bool) -> Option<&'static str> {
        (*seen == Seen::Ok).then_some("looks at the account page that showed it")
    }
}

/// What browsers see of their sessions.
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
