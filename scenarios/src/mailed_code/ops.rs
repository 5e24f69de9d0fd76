//! The behaviours, operations and observations of mailed codes.

use crate::{
    login::{self, Login},
    mailed_code::{mistype, peek},
    people::{
        calm::{self, Exchange, Style},
        person::Person,
    },
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::{
    history::{Seen, Tag},
    world::World,
};
use std::{sync::Arc, time::Duration};

/// A behaviour of a person or an attacker with mailed codes, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in calmly: one press of each button, the newest mail; gives up after a minute. After a temporary error the
    /// person presses again, as people do.
    LogIn,
    /// Logs in impatiently: presses the send button `clicks` times at once, types the code of any of the mails, and
    /// double-clicks the verify button.
    LogInImpatiently {
        /// How many times the send button is pressed.
        clicks: u32,
    },
    /// Types wrong codes, and presses the button several times at once for each. In the end they log in with the right one.
    Mistype {
        /// In how many logins, one after the other.
        logins: u32,
        /// How many wrong codes in each.
        codes: u32,
        /// How many times the button is pressed for each.
        clicks: u32,
        /// Time between two of them, milliseconds.
        every_ms: u64,
    },
    /// Reads somebody else's mail: waits for the first mail with a code to one address, and after a delay types that
    /// code into logins of its own, one at each replica.
    PeekAtMail {
        /// The person whose mail it is.
        victim: String,
        /// Delay after the mail's arrival, milliseconds.
        after_ms: u64,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["log-in", "log-in-impatiently", "mistype", "peek-at-mail"];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::Mistype { codes: 1001.., .. } => Err("codes must be at most 1000".into()),
            _ => Ok(()),
        }
    }

    fn others(&self) -> Vec<&str> {
        match self {
            Behaviour::PeekAtMail { victim, .. } => vec![victim],
            _ => vec![],
        }
    }

    fn is_attack(&self) -> bool {
        matches!(self, Behaviour::PeekAtMail { .. })
    }

    fn plainer(&self) -> Vec<login::Behaviour> {
        match self {
            Behaviour::LogInImpatiently { .. } | Behaviour::Mistype { .. } => vec![Behaviour::LogIn.into()],
            _ => vec![],
        }
    }
}

/// Performs a behaviour with mailed codes.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let person = || Arc::new(Person::new(scene, who, who, label));
    let exchange = Exchange::Once;
    match does {
        Behaviour::LogIn => {
            calm::log_in(&person(), Style { clicks: None, exchange }).await;
        }
        Behaviour::LogInImpatiently { clicks } => {
            let clicks = Some(clicks);
            calm::log_in(&person(), Style { clicks, exchange }).await;
        }
        Behaviour::Mistype {
            logins,
            codes,
            clicks,
            every_ms,
        } => {
            let person = person();
            for _ in 0..logins {
                mistype::mistype(&person, codes, clicks, Duration::from_millis(every_ms)).await;
            }
            calm::log_in(&person, Style::CALM).await;
        }
        Behaviour::PeekAtMail { victim, after_ms } => {
            peek::peek(scene, who, &victim, label, Duration::from_millis(after_ms)).await;
        }
    }
}

/// The steps of a login with a mailed code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Pressed "Send login code". One flow, one address; `flow` tags the flow.
    SendCode {
        /// The login in progress.
        flow: Tag,
        /// The address that the code is for.
        address: String,
    },
    /// Waited for the mail with the code.
    AwaitMail {
        /// The owner of the inbox.
        address: String,
    },
    /// Typed a code and pressed "Verify". Success means that the browser is logged in.
    VerifyCode {
        /// The login in progress.
        flow: Tag,
        /// The address that the code is for.
        address: String,
        /// The code typed.
        code: Tag,
    },
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["send-code", "await-mail", "verify-code"];

    fn kind(&self) -> String {
        match self {
            Op::SendCode { .. } => "send-code",
            Op::AwaitMail { .. } => "await-mail",
            Op::VerifyCode { .. } => "verify-code",
        }
        .into()
    }

    fn describe(&self) -> String {
        match self {
            Op::SendCode { flow, address } => format!("presses send, for {address} (flow {})", flow.0),
            Op::AwaitMail { address } => format!("waits for the mail to {address}"),
            Op::VerifyCode { flow, address, code } => {
                format!("types mailed code {} for {address} (flow {})", code.0, flow.0)
            }
        }
    }

    fn is_timed(&self) -> bool {
        !matches!(self, Op::AwaitMail { .. })
    }

    fn routine(&self, seen: &Seen, by_attacker: bool) -> Option<&'static str> {
        match (self, seen) {
            (Op::VerifyCode { .. }, Seen::Fail(_)) if by_attacker => Some("attempts of attackers that were refused"),
            _ => None,
        }
    }
}

/// An event of mailed codes that the relay and the inboxes observe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// The relay accepted a mail with a one-time code.
    CodeMailed {
        /// The recipient's address.
        address: String,
        /// The code.
        code: Tag,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["code mailed"];

    fn name(&self) -> &'static str {
        "code mailed"
    }

    fn describe(&self) -> String {
        let Observation::CodeMailed { address, code } = self;
        format!("mail with code {} arrives at {address}", code.0)
    }

    fn filter(&self) -> Option<&'static str> {
        Some("mail")
    }

    fn is_part_of(&self, op: &login::Op) -> bool {
        let Observation::CodeMailed { address, .. } = self;
        matches!(op, login::Op::MailedCode(Op::SendCode { address: asked, .. }) if address == asked)
    }
}
