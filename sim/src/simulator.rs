//! The two engines, and the choice between them.

use crate::{
    classic::{self, Classic, TICK_MS},
    driver::Simulator,
    engine::{self, Engine, EngineConfig, HostId},
};
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, str::FromStr};

#[cfg(test)]
mod tests;

/// The engine that performs a plan. Two independent engines must give the same verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// The event loop of [`crate::engine`]: fast, exact to the millisecond, with all faults.
    #[default]
    EventLoop,
    /// The classic `turmoil::Sim` behind [`crate::classic`]: slow, in ticks, with fewer faults.
    Turmoil,
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(name: &str) -> Result<EngineKind, String> {
        match name {
            "event-loop" => Ok(EngineKind::EventLoop),
            "turmoil" => Ok(EngineKind::Turmoil),
            _ => Err(format!("there is no engine {name:?}; there are event-loop and turmoil")),
        }
    }
}

impl EngineKind {
    /// By how much what happens on it may be off, milliseconds: a pause may seem shorter by so much, and each way through the
    /// network takes at least so long.
    pub fn exact_to_ms(self) -> u64 {
        match self {
            EngineKind::EventLoop => 1,
            EngineKind::Turmoil => TICK_MS,
        }
    }

    /// An engine of this kind, without hosts, at time 0.
    pub(crate) fn build(self, config: EngineConfig) -> Box<dyn Simulator> {
        match self {
            EngineKind::EventLoop => Box::new(Engine::new(config)),
            EngineKind::Turmoil => Box::new(Classic::new(&config)),
        }
    }
}

/// Simulated time for log lines, milliseconds; `None` if nothing is simulated on this thread.
pub fn current_ms() -> Option<u64> {
    engine::current_ms().or_else(classic::current_ms)
}

/// Name of the host whose task is being polled or dropped, for log lines; `None` outside of a task.
pub fn current_host() -> Option<String> {
    engine::current_host().or_else(classic::current_host)
}

/// The host that has this address, on either engine. Hosts are numbered in the order of declaration.
pub(crate) fn host_of(ip: IpAddr) -> Option<HostId> {
    engine::host_of(ip).or_else(|| classic::host_of(ip))
}
