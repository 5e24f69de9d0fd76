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
mod step;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod thief;
mod together;
pub(crate) mod token_endpoint;
mod whim;

use calm::{Exchange, Style};
use person::Person;
use sim::{
    plan::{Behaviour, Operation},
    world::{Scene, Workload},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// What runs on the host `people`.
pub fn people() -> Workload {
    Arc::new(|scene, operations| Box::pin(perform(scene, operations)))
}

/// What runs on the host `attackers`. A thief ([`Behaviour::StealCodes`]) never ends by itself and
/// is not waited for.
pub fn attackers() -> Workload {
    Arc::new(|scene, operations| Box::pin(perform(scene, operations)))
}

/// Starts each operation at its time, and waits for all.
async fn perform(scene: Scene, operations: Vec<Operation>) {
    let start = Instant::now();
    let mut alike = BTreeMap::new();
    let tasks = operations.into_iter().map(|operation| {
        // Choices are keyed by what the operation is, not by its place in the plan: see `Whim`.
        let nth: &mut u32 = alike.entry((operation.who.clone(), operation.at_ms)).or_default();
        let label = format!("{} at {} #{nth}", operation.who, operation.at_ms);
        *nth += 1;
        let scene = scene.clone();
        async move {
            sleep_until(start + Duration::from_millis(operation.at_ms)).await;
            act(&scene, &operation.who, operation.does, &label).await;
        }
    });
    together::together(&scene.env, tasks.collect::<Vec<_>>()).await;
}

async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
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
