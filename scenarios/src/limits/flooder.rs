//! An attacker who has codes sent to one address, alternating between the replicas, in a new flow
//! each time (inventory 20).

use crate::{
    people::person::{Opened, Person},
    world::Scene,
};
use sim::world::join_all;
use std::time::Duration;
use tokio::time::sleep;

/// Asks for mails. Requests do not wait for each other's answers: they may well overlap.
pub(crate) async fn flood(scene: &Scene, who: &str, victim: &str, label: &str, sends: u32, every: Duration) {
    let doors = scene.replicas.iter().cycle();
    let requests = (0..sends).zip(doors).map(|(turn, door)| {
        let attacker = Person::new(scene, who, victim, &format!("{label} {turn}"));
        attacker.browser.turn_to(door);
        async move {
            sleep(every * turn).await;
            let rp = attacker.relying_party();
            if let Ok(Opened::LoginPage(login)) = attacker.open(&rp, &rp.begin()).await {
                let _ = attacker.press_send(&login).await; // what it came to is in the history
            }
        }
    });
    join_all(&scene.env, requests).await;
}
