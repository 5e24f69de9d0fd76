//! Who does what: people who log in, relying parties, attackers. All are HTTP clients; none knows
//! more of the service than its pages and its documents say.

mod answer;
mod browser;
mod burn;
#[cfg(test)]
mod bytes_tests;
pub(crate) mod calm;
mod flooder;
mod guesser;
mod id_token;
mod impatient;
mod jar;
mod logged_in;
mod page;
mod peek;
pub(crate) mod person;
mod probe;
mod race;
pub(crate) mod relying_party;
mod replication;
mod reply;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod thief;
pub(crate) mod token_endpoint;
mod whim;

use crate::{
    vocabulary::{Behaviour, Login},
    world::Scene,
};
use calm::{Exchange, Style};
use person::Person;
use seams::BoxFuture;
use std::{sync::Arc, time::Duration};

/// Somebody does something; `label` keys their choices. A thief ([`Behaviour::StealCodes`]) never ends by itself and is
/// not waited for.
pub fn act(scene: sim::world::Scene<Login>, who: String, does: Behaviour, label: String) -> BoxFuture<'static, ()> {
    Box::pin(async move { perform(&scene.into(), &who, does, &label).await })
}

async fn perform(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let person = |victim: &str| Arc::new(Person::new(scene, who, victim, label));
    let log_in = |clicks, exchange| async move {
        calm::log_in(&person(who), Style { clicks, exchange }).await;
    };
    match does {
        Behaviour::LogIn => log_in(None, Exchange::Once).await,
        Behaviour::LogInImpatiently { clicks } => log_in(Some(clicks), Exchange::Once).await,
        Behaviour::RaceCode => log_in(None, Exchange::Race).await,
        Behaviour::BurnCode => log_in(None, Exchange::Burn).await,
        Behaviour::StayLoggedIn { every_ms, looks } => {
            logged_in::stay(&person(who), Duration::from_millis(every_ms), looks).await;
        }
        Behaviour::LogInAt { replica } => probe::log_in_at(scene, who, &replica, label).await,
        Behaviour::CheckReplication => replication::check(scene, who).await,
        Behaviour::StealCodes { after_ms } => {
            let (scene, who) = (scene.clone(), who.to_owned());
            scene
                .env
                .clone()
                .spawn(async move { thief::steal(&scene, &who, &after_ms).await });
        }
        Behaviour::Guess {
            victim,
            guesses,
            every_ms,
        } => guesser::guess(&person(&victim), guesses, Duration::from_millis(every_ms)).await,
        Behaviour::PeekAtMail { victim, after_ms } => {
            peek::peek(scene, who, &victim, label, Duration::from_millis(after_ms)).await;
        }
        Behaviour::Flood {
            victim,
            sends,
            every_ms,
        } => flooder::flood(scene, who, &victim, label, sends, Duration::from_millis(every_ms)).await,
    }
}
