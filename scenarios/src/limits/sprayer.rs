//! An attacker at a single place who tries many addresses, and none of them often: what an address admits is never used up,
//! and what a client may do in all is (inventory 18, 20).

use super::guesser::new_flow;
use crate::people::{person::Person, place::Places};
use std::time::Duration;
use tokio::time::sleep;

/// Asks for a code at each address, and guesses there.
pub(crate) async fn spray(mut attacker: Person, addresses: u32, guesses_each: u32, every: Duration) {
    let rp = attacker.relying_party();
    attacker.browser.come_from(Places::Denied, 0);
    let doors = attacker.scene.replicas.clone();
    for (number, door) in (1..=addresses).zip(doors.iter().cycle()) {
        attacker.browser.turn_to(door);
        attacker.address = format!("{}-{number}@example.com", attacker.who);
        sleep(every).await;
        let Ok(page) = new_flow(&attacker, &rp).await else {
            continue; // the history has the reason
        };
        for _ in 0..guesses_each {
            sleep(every).await;
            let code = format!("{:08}", attacker.choices.between(0, 99_999_999));
            let _ = attacker.press_verify(&page, &code).await; // whatever comes of it
        }
    }
}
