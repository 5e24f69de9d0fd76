//! The behaviours of attackers who try to get round limits, and of operators who unlock whom they have locked out.

use crate::{
    limits::{browsers, crawler, desk, flooder, guesser, sprayer},
    login::Login,
    oddities::Odd,
    people::{person::Person, place::Places},
    vocabulary::Seen,
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::world::World;
use std::time::Duration;

/// How many browsers somebody may have.
const BROWSERS_MAX: u32 = 64;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_nothing(bytes: &u32) -> bool {
    *bytes == 0
}

/// A behaviour of such an attacker, or operator, as a whole.
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
        /// Who has logged in in that browser before: the attacker, or the victim, whose device it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_as: Option<String>,
    },
    /// Logs in in several browsers, one after the other, and later once more in each.
    UseManyBrowsers {
        /// How many.
        browsers: u32,
        /// From one login to the next, milliseconds.
        every_ms: u64,
        /// From the last one to the first that comes back, milliseconds.
        back_after_ms: u64,
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
    /// Tries many addresses from a single place, none of them often.
    Spray {
        /// How many addresses: `<who>-1`, `<who>-2`, and so on.
        addresses: u32,
        /// Guesses at each.
        guesses_each: u32,
        /// Time between two requests, milliseconds.
        every_ms: u64,
    },
    /// Begins logins at a replica and goes no further, as a crawler does.
    BeginLogins {
        /// How many.
        logins: u32,
        /// Between two of them, milliseconds.
        every_ms: u64,
        /// How much longer than usual `state` is, bytes: with some hundreds a login does not fit into its cookie.
        #[serde(default, skip_serializing_if = "is_nothing")]
        state_bytes: u32,
        /// Whether each comes from another place.
        #[serde(default, skip_serializing_if = "is_false")]
        from_many_places: bool,
    },
    /// Looks, as an operator does with `show-user`, how many wrong codes in a row an address has.
    WatchFailures {
        /// Whose address.
        whose: String,
        /// How many times.
        looks: u32,
        /// Between two of them, milliseconds.
        every_ms: u64,
    },
    /// Unlocks an address, as an operator does with `unlock-user`, and looks at it before and after that.
    Unlock {
        /// Whose address.
        whose: String,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &[
        "guess",
        "use-many-browsers",
        "flood",
        "spray",
        "begin-logins",
        "watch-failures",
        "unlock",
    ];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::UseManyBrowsers { browsers, .. } if *browsers > BROWSERS_MAX => {
                Err(format!("browsers must be at most {BROWSERS_MAX}"))
            }
            _ => Ok(()),
        }
    }

    fn others(&self) -> Vec<&str> {
        match self {
            Behaviour::Guess { victim, known_as, .. } => {
                let known = known_as.iter().filter(|known| *known != victim);
                std::iter::once(victim).chain(known).map(String::as_str).collect()
            }
            Behaviour::Flood { victim, .. } => vec![victim],
            Behaviour::WatchFailures { whose, .. } | Behaviour::Unlock { whose } => vec![whose],
            Behaviour::UseManyBrowsers { .. } | Behaviour::Spray { .. } | Behaviour::BeginLogins { .. } => vec![],
        }
    }

    fn is_attack(&self) -> bool {
        !matches!(
            self,
            Behaviour::UseManyBrowsers { .. } | Behaviour::WatchFailures { .. } | Behaviour::Unlock { .. }
        )
    }
}

/// Performs the behaviour of an attacker, or operator.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    match does {
        Behaviour::Guess {
            victim,
            guesses,
            every_ms,
            in_one_place,
            known_as,
        } => {
            let mut person = Person::new(scene, who, &victim, label);
            if let Some(known_as) = known_as {
                person.browser = browsers::logged_in(scene, who, &known_as, label).await;
                person.scene = browsers::asking_for_a_login(scene);
            }
            let places = Places::of(in_one_place);
            guesser::guess(&person, guesses, Duration::from_millis(every_ms), places).await;
        }
        Behaviour::UseManyBrowsers {
            browsers,
            every_ms,
            back_after_ms,
        } => {
            let [every, back_after] = [every_ms, back_after_ms].map(Duration::from_millis);
            browsers::use_many(scene, (who, label), browsers, every, back_after).await;
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
        Behaviour::Spray {
            addresses,
            guesses_each,
            every_ms,
        } => {
            let person = Person::new(scene, who, who, label);
            sprayer::spray(person, addresses, guesses_each, Duration::from_millis(every_ms)).await;
        }
        Behaviour::BeginLogins {
            logins,
            every_ms,
            state_bytes,
            from_many_places,
        } => {
            let odd = Odd {
                state_suffix: "s".repeat(state_bytes as usize),
                ..Odd::default()
            };
            let person = Person::new(&scene.as_odd(odd), who, who, label);
            let places = if from_many_places { Places::Many } else { Places::Own };
            crawler::begin_logins(&person, logins, Duration::from_millis(every_ms), places).await;
        }
        Behaviour::WatchFailures { whose, looks, every_ms } => {
            desk::watch(scene, who, &whose, looks, Duration::from_millis(every_ms)).await;
        }
        Behaviour::Unlock { whose } => desk::unlock(scene, who, &whose).await,
    }
}

/// An operation of an operator: a command, which is done, not done, or in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Asked how many wrong codes in a row an address has.
    ShowFailures {
        /// The address.
        address: String,
    },
    /// Asked that they be forgotten.
    Unlock {
        /// The address.
        address: String,
    },
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["show-failures", "unlock"];

    fn describe(&self) -> String {
        match self {
            Op::ShowFailures { address } => format!("asks how many wrong codes in a row {address} has"),
            Op::Unlock { address } => format!("unlocks {address}"),
        }
    }

    fn is_timed(&self) -> bool {
        false // no request waits for it
    }

    fn routine(&self, seen: &Seen, _: bool) -> Option<&'static str> {
        let is_question = matches!(self, Op::ShowFailures { .. });
        (is_question && *seen == Seen::Ok).then_some("asks how many wrong codes in a row an address has")
    }
}

/// What an operator was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Observation {
    /// How many wrong codes in a row an address has: the answer to a question that has not ended yet.
    FailuresShown {
        /// The address.
        address: String,
        /// How many.
        wrong_codes: u64,
        /// Whether it is locked.
        locked: bool,
    },
}

impl sim::service::Observation<Login> for Observation {
    const NAMES: &'static [&'static str] = &["failures shown"];

    fn name(&self) -> &'static str {
        "failures shown"
    }

    fn describe(&self) -> String {
        let Observation::FailuresShown {
            address,
            wrong_codes,
            locked,
        } = self;
        let locked = if *locked { ", and is locked" } else { "" };
        format!("{address} has {wrong_codes} wrong codes in a row{locked}")
    }
}
