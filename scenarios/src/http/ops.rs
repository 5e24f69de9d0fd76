//! What people, relying parties and strangers do to what is between the balancer and a replica.

use super::{dribble, haste::Haste, strangers};
use crate::{
    login::{self, Login},
    mailed_code,
    oddities::Odd,
    people::{
        calm::{self, Style},
        person::Person,
    },
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::world::World;
use std::{sync::Arc, time::Duration};

/// A behaviour as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in at a client whose `state` and `nonce` are long: each ends with this text, so many times.
    LogInWithState {
        /// The text.
        text: String,
        /// How many times.
        times: u32,
    },
    /// Sends requests whose parts are as large as a balancer lets through, or larger, one after the other.
    SendLargest {
        /// How many.
        requests: u32,
        /// Time between two of them, milliseconds.
        every_ms: u64,
    },
    /// Holds connections to the replicas, one after the other, on which the head of a request never comes to its end.
    HoldHeads {
        /// What comes of it.
        head: Head,
        /// How many connections.
        connections: u32,
    },
    /// Logs in hastily: gives up requests that are not answered at once, closes their connections and sends them again. So
    /// does the client's library.
    LogInHastily {
        /// How long they wait for an answer, milliseconds.
        patience_ms: u64,
        /// How many requests for each path they give up; after that they wait.
        times: u32,
    },
}

/// What comes of the head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// Nothing.
    Nothing,
    /// A half, and then nothing.
    Half,
    /// A byte now and then.
    ByBytes,
    /// The same, of the second request on a connection, which was idle for some seconds before.
    SecondByBytes,
}

/// What strangers have seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// A connection was held on which the head of a request did not come to its end.
    HeadHeld {
        /// At which replica.
        replica: String,
        /// What came of it.
        head: Head,
        /// For how long the replica waited for the rest, milliseconds.
        for_ms: u64,
        /// Whether the replica closed it; else the stranger did.
        closed: bool,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["head held"];

    fn name(&self) -> &'static str {
        "head held"
    }

    fn describe(&self) -> String {
        let Observation::HeadHeld {
            replica,
            for_ms,
            closed,
            ..
        } = self;
        let end = if *closed { "is closed" } else { "is open still" };
        format!("has begun a request at {replica} and not ended it: the connection {end} after {for_ms} ms")
    }

    fn routine(&self) -> Option<&'static str> {
        Some("holds connections")
    }
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["log-in-with-state", "send-largest", "hold-heads", "log-in-hastily"];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::LogInWithState { text, times } if text.len() * *times as usize > 60_000 => {
                Err("the text must be at most 60000 bytes, times included".into())
            }
            _ => Ok(()),
        }
    }

    fn is_attack(&self) -> bool {
        matches!(self, Behaviour::SendLargest { .. } | Behaviour::HoldHeads { .. })
    }

    fn plainer(&self) -> Vec<login::Behaviour> {
        match self {
            Behaviour::SendLargest { .. } | Behaviour::HoldHeads { .. } => vec![],
            _ => vec![mailed_code::Behaviour::LogIn.into()],
        }
    }
}

/// Performs a behaviour.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let odd = match does {
        Behaviour::SendLargest { requests, every_ms } => {
            strangers::send_largest(scene, who, requests, Duration::from_millis(every_ms)).await;
            return;
        }
        Behaviour::HoldHeads { head, connections } => {
            dribble::hold(scene, who, head, connections).await;
            return;
        }
        Behaviour::LogInWithState { text, times } => Odd {
            state_suffix: text.repeat(times as usize),
            ..Odd::default()
        },
        Behaviour::LogInHastily { patience_ms, times } => Odd {
            haste: Some(Haste::new(Duration::from_millis(patience_ms), times)),
            ..Odd::default()
        },
    };
    let person = Arc::new(Person::new(&scene.as_odd(odd), who, who, label));
    calm::log_in(&person, Style::CALM).await;
}
