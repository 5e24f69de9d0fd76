//! The behaviours of probes.

use crate::{availability::probe, login::Login, world::Scene};
use serde::{Deserialize, Serialize};
use sim::world::{HostKind, World};

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
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["log-in-at"];

    fn check(&self, world: &World<Login>) -> Result<(), String> {
        let Behaviour::LogInAt { replica } = self;
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
    let Behaviour::LogInAt { replica } = does;
    probe::log_in_at(scene, who, &replica, label).await;
}
