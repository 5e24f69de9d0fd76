//! Anything that follows each link and goes no further, as a crawler does: it begins logins that nobody ends (inventory 22).

use crate::people::{person::Person, place::Places};
use std::time::Duration;
use tokio::time::sleep;

/// Begins logins at the first replica, past the balancer, one after the other.
pub(crate) async fn begin_logins(person: &Person, logins: u32, every: Duration, places: Places) {
    if let Some(door) = person.scene.replicas.first() {
        person.browser.turn_to(door);
    }
    let rp = person.relying_party();
    for turn in 0..logins {
        person.browser.come_from(places, turn);
        drop(person.browser.look_at(&rp.begin().url).await); // it is in the history
        sleep(every).await;
    }
}
