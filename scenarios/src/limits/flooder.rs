//! An attacker who requests codes for one address, in a new flow each time and alternating between the replicas
//! (inventory 20).

use crate::{
    people::{
        person::{Opened, Person},
        place::Places,
    },
    world::Scene,
};
use sim::world::join_all;
use std::time::Duration;
use tokio::time::sleep;

/// Requests the mails. A request does not wait for the answer to the one before, so requests may overlap.
pub(crate) async fn flood(
    scene: &Scene,
    (who, victim, label): (&str, &str, &str),
    sends: u32,
    every: Duration,
    places: Places,
) {
    let doors = scene.replicas.iter().cycle();
    let requests = (0..sends).zip(doors).map(|(turn, door)| {
        let attacker = Person::new(scene, who, victim, &format!("{label} {turn}"));
        attacker.browser.turn_to(door);
        attacker.browser.come_from(places, turn);
        async move {
            sleep(every * turn).await;
            let rp = attacker.relying_party();
            if let Ok(Opened::LoginPage(login)) = attacker.open(&rp, &rp.begin()).await {
                let _ = attacker.press_send(&login).await; // the outcome is in the history
            }
        }
    });
    join_all(&scene.env, requests).await;
}
