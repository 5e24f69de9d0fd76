//! What people and attackers do, as a plan has it.

use super::Login;
use serde::{Deserialize, Serialize};
use sim::world::{HostKind, World};

/// What people and attackers do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in calmly: one press of each button, the newest mail; gives up after a minute. A
    /// temporary error is met by pressing again, as people do.
    LogIn,
    /// Logs in impatiently: presses the send button this many times at once and types the code of
    /// any of the mails; double-clicks the verify button.
    LogInImpatiently {
        /// How many times the send button is pressed.
        clicks: u32,
    },
    /// Logs in, then looks at the account page now and then with the same session cookie.
    StayLoggedIn {
        /// Between two looks, milliseconds.
        every_ms: u64,
        /// How many looks.
        looks: u32,
    },
    /// Logs in; the relying party presents its code to both replicas at the same instant.
    RaceCode,
    /// Logs in; before the relying party redeems its code, somebody presents it with a wrong PKCE
    /// verifier, to burn it.
    BurnCode,
    /// From now on, replays every code that any relying party has received, at both replicas at
    /// once, at once and again after each of these delays.
    StealCodes {
        /// Delays after the code was first seen, milliseconds.
        after_ms: Vec<u64>,
    },
    /// Guesses one-time codes of one address, alternating between the replicas.
    Guess {
        /// The person under attack.
        victim: String,
        /// How many guesses.
        guesses: u32,
        /// Between two guesses, milliseconds.
        every_ms: u64,
    },
    /// Reads over somebody's shoulder: waits for the first mail with a code to one address, and some
    /// time later types that code into logins of its own, one at each replica.
    PeekAtMail {
        /// The person whose mail it is.
        victim: String,
        /// How long after the mail came, milliseconds.
        after_ms: u64,
    },
    /// Asks for codes to be sent to one address, alternating between the replicas.
    Flood {
        /// The person under attack.
        victim: String,
        /// How many requests.
        sends: u32,
        /// Between two requests, milliseconds.
        every_ms: u64,
    },
    /// Logs in calmly at one replica, past the balancer, the token endpoint included: a probe from outside of what
    /// the balancer would hide. Nobody gets to see its codes.
    LogInAt {
        /// The replica's host.
        replica: String,
    },
    /// Looks from outside whether the Redis nodes have found together: one master, and a replica that takes what is
    /// written there. Looks again for half a minute.
    CheckReplication,
}

impl sim::service::Behaviour<Login> for Behaviour {
    fn kind(&self) -> String {
        match self {
            Behaviour::LogIn => "log-in",
            Behaviour::LogInImpatiently { .. } => "log-in-impatiently",
            Behaviour::StayLoggedIn { .. } => "stay-logged-in",
            Behaviour::RaceCode => "race-code",
            Behaviour::BurnCode => "burn-code",
            Behaviour::StealCodes { .. } => "steal-codes",
            Behaviour::Guess { .. } => "guess",
            Behaviour::PeekAtMail { .. } => "peek-at-mail",
            Behaviour::Flood { .. } => "flood",
            Behaviour::LogInAt { .. } => "log-in-at",
            Behaviour::CheckReplication => "check-replication",
        }
        .into()
    }

    fn others(&self) -> Vec<&str> {
        match self {
            Behaviour::Guess { victim, .. }
            | Behaviour::Flood { victim, .. }
            | Behaviour::PeekAtMail { victim, .. } => vec![victim],
            _ => vec![],
        }
    }

    fn is_attack(&self) -> bool {
        matches!(
            self,
            Behaviour::StealCodes { .. }
                | Behaviour::Guess { .. }
                | Behaviour::Flood { .. }
                | Behaviour::PeekAtMail { .. }
        )
    }

    fn check(&self, world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::LogInAt { replica } if world.kind(replica) != Some(HostKind::Service) => Err(format!(
                "{replica:?} is no replica of the login service; there are {}",
                world.of_kind(HostKind::Service).join(" and ")
            )),
            _ => Ok(()),
        }
    }

    fn plainer(&self) -> Vec<Behaviour> {
        match self {
            Behaviour::LogInImpatiently { .. }
            | Behaviour::StayLoggedIn { .. }
            | Behaviour::RaceCode
            | Behaviour::BurnCode => vec![Behaviour::LogIn],
            _ => vec![],
        }
    }
}
