//! The behaviours of probes.

use crate::{
    availability::{monitor, probe},
    login::Login,
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::world::{HostKind, World};
use std::time::Duration;

/// A behaviour of a probe as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in calmly at one replica, past the balancer, token endpoint included. The probe sees from outside what the
    /// balancer would hide. Nobody else sees its codes.
    LogInAt {
        /// The replica's host.
        replica: String,
    },
    /// Asks every replica for its health, until the run ends.
    WatchHealth {
        /// So long between two rounds, milliseconds.
        every_ms: u64,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["log-in-at", "watch-health"];

    fn check(&self, world: &World<Login>) -> Result<(), String> {
        let replica = match self {
            Behaviour::LogInAt { replica } => replica,
            Behaviour::WatchHealth { every_ms: 0 } => return Err("every_ms must be more than 0".into()),
            Behaviour::WatchHealth { .. } => return Ok(()),
        };
        match world.kind(replica) {
            Some(HostKind::Service) => Ok(()),
            _ => Err(format!(
                "{replica:?} is no replica of the login service; there are {}",
                world.of_kind(HostKind::Service).join(" and ")
            )),
        }
    }
}

/// Performs the behaviour of a probe.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    match does {
        Behaviour::LogInAt { replica } => probe::log_in_at(scene, who, &replica, label).await,
        Behaviour::WatchHealth { every_ms } => monitor::watch(scene, who, Duration::from_millis(every_ms)).await,
    }
}
