//! What people, relying parties and strangers do to what is between the balancer and a replica.

use super::{haste::Haste, strangers};
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
    /// Logs in hastily: gives up requests that are not answered at once, closes their connections and sends them again. So
    /// does the client's library.
    LogInHastily {
        /// How long they wait for an answer, milliseconds.
        patience_ms: u64,
        /// How many requests for each path they give up; after that they wait.
        times: u32,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["log-in-with-state", "send-largest", "log-in-hastily"];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::LogInWithState { text, times } if text.len() * *times as usize > 60_000 => {
                Err("the text must be at most 60000 bytes, times included".into())
            }
            _ => Ok(()),
        }
    }

    fn is_attack(&self) -> bool {
        matches!(self, Behaviour::SendLargest { .. })
    }

    fn plainer(&self) -> Vec<login::Behaviour> {
        match self {
            Behaviour::SendLargest { .. } => vec![],
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
