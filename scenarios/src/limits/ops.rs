//! The behaviours of attackers who try to get round limits.

use crate::{
    limits::{crawler, flooder, guesser},
    login::Login,
    people::{person::Person, place::Places},
    world::Scene,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A behaviour of such an attacker as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Guesses one-time codes of one address, alternating between the replicas.
    Guess {
        /// The person under attack.
        victim: String,
        /// The number of guesses.
        guesses: u32,
        /// Time between two guesses, milliseconds.
        every_ms: u64,
        /// From a single place, which the attacker denies. Otherwise each guess comes from another.
        #[serde(default, skip_serializing_if = "is_false")]
        in_one_place: bool,
    },
    /// Requests codes for one address, alternating between the replicas.
    Flood {
        /// The person under attack.
        victim: String,
        /// The number of requests.
        sends: u32,
        /// Time between two requests, milliseconds.
        every_ms: u64,
        /// As above.
        #[serde(default, skip_serializing_if = "is_false")]
        in_one_place: bool,
    },
    /// Begins logins at a replica and goes no further, as a crawler does: each leaves something in the store.
    BeginLogins {
        /// How many.
        logins: u32,
        /// Between two of them, milliseconds.
        every_ms: u64,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["guess", "flood", "begin-logins"];

    fn others(&self) -> Vec<&str> {
        match self {
            Behaviour::Guess { victim, .. } | Behaviour::Flood { victim, .. } => vec![victim],
            Behaviour::BeginLogins { .. } => vec![],
        }
    }

    fn is_attack(&self) -> bool {
        true
    }
}

/// Performs the behaviour of an attacker.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    match does {
        Behaviour::Guess {
            victim,
            guesses,
            every_ms,
            in_one_place,
        } => {
            let person = Arc::new(Person::new(scene, who, &victim, label));
            let places = Places::of(in_one_place);
            guesser::guess(&person, guesses, Duration::from_millis(every_ms), places).await;
        }
        Behaviour::Flood {
            victim,
            sends,
            every_ms,
            in_one_place,
        } => {
            let (every, places) = (Duration::from_millis(every_ms), Places::of(in_one_place));
            flooder::flood(scene, (who, &victim, label), sends, every, places).await;
        }
        Behaviour::BeginLogins { logins, every_ms } => {
            let person = Person::new(scene, who, who, label);
            crawler::begin_logins(&person, logins, Duration::from_millis(every_ms)).await;
        }
    }
}
