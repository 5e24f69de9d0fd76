//! Faults of the mail relay.

use crate::{
    login::Login,
    world::{Mode, hosts},
};
use serde::{Deserialize, Serialize};
use sim::{nemesis::Control, service::ServiceFault};
use std::fmt;

/// A fault of the mail relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The relay behaves in another way from now on.
    Mail {
        /// The new behaviour.
        #[serde(alias = "manner")]
        mode: Mode,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault::Mail { mode } = self;
        write!(f, "the mail relay is {mode}")
    }
}

impl ServiceFault<Login> for Fault {
    const KINDS: &'static [&'static str] = &["mail"];

    fn hosts(&self) -> Vec<&str> {
        vec![hosts::MAIL]
    }

    fn repairs(&self) -> bool {
        let Fault::Mail { mode } = self;
        *mode == Mode::Healthy
    }

    fn is_ended_by(&self, end: &Fault) -> bool {
        end.repairs()
    }

    fn shape(&self) -> String {
        let Fault::Mail { mode } = self;
        format!("{} {}", hosts::MAIL, mode.kind())
    }

    fn inject(&self, control: &Control<'_, Login>) {
        let Fault::Mail { mode } = self;
        control.shared().mail.set(*mode);
    }

    fn heal(control: &Control<'_, Login>) {
        control.shared().mail.set(Mode::Healthy);
    }
}
