//! Somebody who reads over another's shoulder: types the code of another's mail into logins of their own, one at
//! each replica, after its owner has used it (inventory 4, 10).

use crate::{limits::guesser::new_flow, people::person::Person, world::Scene};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{sleep, timeout};

/// How long a mail is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the victim's first code, and `after` that types it everywhere.
pub(crate) async fn peek(scene: &Scene, who: &str, victim: &str, label: &str, after: Duration) {
    let reader = Person::new(scene, who, victim, label);
    let Ok(code) = timeout(PATIENCE, first_code(&reader)).await else {
        return; // no mail came: there is nothing to read
    };
    sleep(after).await;
    for door in &scene.replicas {
        let typist = Person::new(scene, who, victim, &format!("{label} {}", door.0));
        typist.browser.turn_to(door);
        if let Ok(page) = new_flow(&typist, &typist.relying_party()).await {
            let _ = typist.press_verify(&page, &code).await; // what it came to is in the history
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
