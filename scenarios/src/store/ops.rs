//! Behaviours and operations of operators at Redis.

use crate::{login::Login, store::replication, world::Scene};
use serde::{Deserialize, Serialize};
use sim::world::{HostKind, World};

/// A behaviour of an operator at Redis as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Checks from outside whether replication works: one master, and replicas that receive its writes. Repeats the
    /// check for half a minute.
    CheckReplication,
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["check-replication"];

    fn check(&self, world: &World<Login>) -> Result<(), String> {
        match world.of_kind(HostKind::Redis).is_empty() {
            true => Err("there is no Redis in this world".into()),
            false => Ok(()),
        }
    }
}

/// Performs a behaviour of an operator at Redis.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, _: &str) {
    let Behaviour::CheckReplication = does;
    replication::check(scene, who).await;
}

/// An operation of an operator at Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Checked whether exactly one Redis node is the master and the others receive its writes.
    CheckReplication,
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["check-replication"];

    fn kind(&self) -> String {
        "check-replication".into()
    }

    fn describe(&self) -> String {
        "looks whether Redis is one master and its replica".into()
    }
}
