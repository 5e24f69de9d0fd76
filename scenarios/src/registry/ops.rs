//! The behaviour of an operator who changes what is registered, and what they are told.

use super::{
    command::{Answer, Command},
    desk,
};
use crate::{login::Login, world::Scene};
use serde::{Deserialize, Serialize};
use sim::world::World;
use std::time::Duration;

/// What somebody does with what is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Adds, changes, shows and removes people and clients of their own, and tries to register what must not be.
    Administer {
        /// How many commands.
        commands: u64,
        /// So long between two of them, milliseconds.
        every_ms: u64,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["administer"];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::Administer { every_ms: 0, .. } => Err("every_ms must be more than 0".into()),
            Behaviour::Administer { .. } => Ok(()),
        }
    }
}

/// Performs a behaviour with what is registered.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let Behaviour::Administer { commands, every_ms } = does;
    desk::administer(scene, who, label, commands, Duration::from_millis(every_ms)).await;
}

/// What an operator was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// A command and its answer.
    Answered {
        /// When it was given, milliseconds from the start of the run.
        from_ms: u64,
        /// The command.
        command: Box<Command>,
        /// Its answer.
        answer: Answer,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["operator told"];

    fn name(&self) -> &'static str {
        "operator told"
    }

    fn describe(&self) -> String {
        let Observation::Answered { command, answer, .. } = self;
        let what = match answer {
            Answer::Done => "done".into(),
            Answer::People { people } => format!("{} people", people.len()),
            Answer::Apps { apps } => format!("{} clients", apps.len()),
            Answer::Refused { why } => format!("refused, {why}"),
            Answer::Development { after, .. } => format!("for development: {after}"),
            Answer::Failed { cause, in_doubt: true } => format!("in doubt, {cause}"),
            Answer::Failed { cause, .. } => format!("not done, {cause}"),
        };
        format!("{}: {what}", command.name())
    }

    fn routine(&self) -> Option<&'static str> {
        Some("changes what is registered")
    }
}
