//! Observations and faults of the analytics hook.

use crate::{
    login::Login,
    world::{Mode, hosts},
};
use serde::{Deserialize, Serialize};
use sim::{
    nemesis::Control,
    service::{ServiceFault, Tone},
};
use std::fmt;

/// An event that the analytics hook observes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// The analytics hook was called.
    HookCalled {
        /// Whether it answered with a success.
        answered: bool,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["hook called"];

    fn name(&self) -> &'static str {
        "hook called"
    }

    fn describe(&self) -> String {
        "the analytics hook is called".to_owned()
    }

    fn outcome(&self) -> (Tone, &'static str) {
        match self {
            Observation::HookCalled { answered: true } => (Tone::Good, "answered"),
            Observation::HookCalled { answered: false } => (Tone::Unsure, "not answered"),
        }
    }

    fn is_alike(&self) -> bool {
        true
    }

    fn routine(&self) -> Option<&'static str> {
        let Observation::HookCalled { answered } = self;
        answered.then_some("calls that the analytics hook answered")
    }
}

/// A fault of the analytics hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The hook behaves in another way from now on.
    Analytics {
        /// The new behaviour.
        #[serde(alias = "manner")]
        mode: Mode,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault::Analytics { mode } = self;
        write!(f, "the analytics hook is {mode}")
    }
}

impl ServiceFault<Login> for Fault {
    const KINDS: &'static [&'static str] = &["analytics"];

    fn hosts(&self) -> Vec<&str> {
        vec![hosts::ANALYTICS]
    }

    fn repairs(&self) -> bool {
        let Fault::Analytics { mode } = self;
        *mode == Mode::Healthy
    }

    fn is_ended_by(&self, end: &Fault) -> bool {
        end.repairs()
    }

    fn shape(&self) -> String {
        let Fault::Analytics { mode } = self;
        format!("{} {}", hosts::ANALYTICS, mode.kind())
    }

    fn inject(&self, control: &Control<'_, Login>) {
        let Fault::Analytics { mode } = self;
        control.shared().analytics.set(*mode);
    }

    fn heal(control: &Control<'_, Login>) {
        control.shared().analytics.set(Mode::Healthy);
    }
}
