//! An attacker who can read somebody else's mail: types its code into logins of their own, one at each replica, after
//! its owner has used it (inventory 4, 10).

use crate::{limits::guesser::new_flow, people::person::Person, world::Scene};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{sleep, timeout};

/// How long the attacker waits for a mail.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the victim's first code, and a time `after` its arrival types it at every replica.
pub(crate) async fn peek(scene: &Scene, who: &str, victim: &str, label: &str, after: Duration) {
    let reader = Person::new(scene, who, victim, label);
    let Ok(code) = timeout(PATIENCE, first_code(&reader)).await else {
        return; // no mail came, so there is no code
    };
    sleep(after).await;
    for door in &scene.replicas {
        let typist = Person::new(scene, who, victim, &format!("{label} {}", door.0));
        typist.browser.turn_to(door);
        if let Ok(page) = new_flow(&typist, &typist.relying_party()).await {
            let _ = typist.press_verify(&page, &code).await; // the outcome is in the history
        }
    }
}

async fn first_code(reader: &Person) -> String {
    let mut read = 0;
    loop {
        if let Some(code) = reader.codes(0, &BTreeSet::new()).into_iter().next() {
            return code;
        }
        read += reader.scene.inboxes.wait_for_new(&reader.address, read).await.len();
    }
}
