//! Faults of the mail relay, and of the path to it.

use crate::{
    login::Login,
    world::{Mode, hosts},
};
use serde::{Deserialize, Serialize};
use sim::{nemesis::Control, service::ServiceFault};
use std::fmt;

/// A fault of the mail relay, or of the path to it. Those that concern how a client gets in do nothing where the relay lets
/// everybody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The relay behaves in another way from now on.
    Mail {
        /// The new behaviour.
        #[serde(alias = "manner")]
        mode: Mode,
    },
    /// Somebody on the path takes STARTTLS out of what the relay offers, and passes on what a client says in clear then.
    NoStarttls {
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// Somebody on the path puts text in clear behind the reply to STARTTLS (CVE-2011-0411).
    ClearBehindStarttls {
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// The relay has another password for the replicas than they have.
    RelayPassword {
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// The relay refuses every mail of the service for a reason of policy (`5.7.1`, RFC 3463 section 3.8), as one does whose
    /// configuration does not know the service.
    RelayBars {
        /// What it refuses.
        what: Barred,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
}

/// At which command a relay refuses mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Barred {
    /// MAIL: this sender may not send here.
    Sender,
    /// RCPT: nothing is relayed for this client.
    Recipient,
    /// The final dot: the mail looks like spam.
    Content,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Mail { mode } => write!(f, "the mail relay is {mode}"),
            Fault::NoStarttls { lasts_ms } => {
                write!(
                    f,
                    "somebody hides for {lasts_ms} ms that the mail relay offers STARTTLS"
                )
            }
            Fault::ClearBehindStarttls { lasts_ms } => {
                write!(
                    f,
                    "somebody puts text behind the mail relay's reply to STARTTLS for {lasts_ms} ms"
                )
            }
            Fault::RelayBars { what, lasts_ms } => {
                let what = match what {
                    Barred::Sender => "sender",
                    Barred::Recipient => "recipient",
                    Barred::Content => "mail",
                };
                write!(
                    f,
                    "the mail relay refuses every {what} of the service for {lasts_ms} ms"
                )
            }
            Fault::RelayPassword { lasts_ms } => {
                write!(
                    f,
                    "the mail relay has another password for the service for {lasts_ms} ms"
                )
            }
        }
    }
}

impl ServiceFault<Login> for Fault {
    const KINDS: &'static [&'static str] = &[
        "mail",
        "no-starttls",
        "clear-behind-starttls",
        "relay-password",
        "relay-bars",
    ];

    fn hosts(&self) -> Vec<&str> {
        vec![hosts::MAIL]
    }

    fn repairs(&self) -> bool {
        matches!(self, Fault::Mail { mode: Mode::Healthy })
    }

    fn is_ended_by(&self, end: &Fault) -> bool {
        matches!(self, Fault::Mail { .. }) && end.repairs()
    }

    fn lasts_ms(&self) -> Option<u64> {
        match self {
            Fault::Mail { .. } => None,
            Fault::NoStarttls { lasts_ms }
            | Fault::ClearBehindStarttls { lasts_ms }
            | Fault::RelayBars { lasts_ms, .. }
            | Fault::RelayPassword { lasts_ms } => Some(*lasts_ms),
        }
    }

    fn shape(&self) -> String {
        match self {
            Fault::Mail { mode } => format!("{} {}", hosts::MAIL, mode.kind()),
            Fault::NoStarttls { .. } => "no-starttls".into(),
            Fault::ClearBehindStarttls { .. } => "clear-behind-starttls".into(),
            Fault::RelayPassword { .. } => "relay-password".into(),
            Fault::RelayBars { .. } => "relay-bars".into(),
        }
    }

    fn inject(&self, control: &Control<'_, Login>) {
        let shared = control.shared();
        let tampering = &shared.tampering;
        let (until, lasts_ms) = match self {
            Fault::Mail { mode } => return shared.mail.set(*mode),
            Fault::NoStarttls { lasts_ms } => (&tampering.no_starttls, lasts_ms),
            Fault::ClearBehindStarttls { lasts_ms } => (&tampering.clear_text, lasts_ms),
            Fault::RelayBars { what, lasts_ms } => (tampering.bars(*what), lasts_ms),
            Fault::RelayPassword { lasts_ms } => (&tampering.another_password, lasts_ms),
        };
        until.lasts_until(control.now_ms() + lasts_ms);
    }

    fn heal(control: &Control<'_, Login>) {
        control.shared().mail.set(Mode::Healthy);
        control.shared().tampering.end();
    }
}
