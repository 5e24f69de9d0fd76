//! The behaviour of an operator who reads the directory, and what they see there.

use crate::{directory::reader, login::Login, world::Scene};
use serde::{Deserialize, Serialize};
use sim::world::World;
use std::{collections::BTreeMap, time::Duration};

/// What somebody does at the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Reads the whole directory, as an operator may do with the database's own tools, until the run ends.
    ReadDirectory {
        /// So long between two looks, milliseconds.
        every_ms: u64,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["read-directory"];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::ReadDirectory { every_ms: 0 } => Err("every_ms must be more than 0".into()),
            Behaviour::ReadDirectory { .. } => Ok(()),
        }
    }
}

/// Performs a behaviour at the directory.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour) {
    let Behaviour::ReadDirectory { every_ms } = does;
    reader::read(scene, who, Duration::from_millis(every_ms)).await;
}

/// What somebody has seen in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// All that can be judged of its rows.
    Read {
        /// When the rows of a table end, ascending, milliseconds from the start of the run; for tables whose rows do.
        ends_ms: BTreeMap<String, Vec<u64>>,
        /// What people are to be reminded of.
        reminders: Vec<ReminderRow>,
    },
}

/// A reminder, as it stands in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderRow {
    /// To whom.
    pub address: String,
    /// When it falls due, milliseconds from the start of the run.
    pub due_ms: u64,
    /// Whether a leader has claimed it.
    pub claimed: bool,
    /// Whether it is recorded as sent.
    pub sent: bool,
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["directory read"];

    fn name(&self) -> &'static str {
        "directory read"
    }

    fn describe(&self) -> String {
        let Observation::Read { ends_ms, reminders } = self;
        let rows: Vec<String> = ends_ms
            .iter()
            .map(|(table, ends)| format!("{} {table}", ends.len()))
            .chain([format!("{} reminders", reminders.len())])
            .collect();
        format!("in the directory are {}", rows.join(", "))
    }

    fn routine(&self) -> Option<&'static str> {
        Some("looks into the directory")
    }
}
