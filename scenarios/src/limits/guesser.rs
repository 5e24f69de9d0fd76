//! An attacker who guesses one-time codes of one address, alternating between the replicas
//! (inventory 18, 20).

use crate::{
    people::{
        person::{Opened, Person},
        place::Places,
        relying_party::RelyingParty,
        reply::Reply,
    },
    vocabulary::Seen,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long the attacker waits for a page to load before giving that guess up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes the guesses. `attacker` types the victim's address in a browser of their own.
pub(crate) async fn guess(attacker: &Person, guesses: u32, every: Duration, places: Places) {
    let rp = attacker.relying_party();
    let mut flow: Option<Reply> = None;
    for (turn, door) in (0..guesses).zip(attacker.scene.replicas.iter().cycle()) {
        if turn > 0 {
            sleep(every).await;
        }
        attacker.browser.turn_to(door);
        attacker.browser.come_from(places, turn);
        if flow.is_none() {
            flow = new_flow(attacker, &rp).await.ok();
        }
        let Some(page) = &flow else {
            continue; // there is no flow: this guess is lost, and the history has the reason
        };
        let code = format!("{:08}", attacker.choices.between(0, 99_999_999));
        match attacker.press_verify(page, &code).await {
            // The flow can still be used.
            Err(Seen::Unknown(_)) => {}
            Err(seen @ Seen::Fail(_)) if crate::people::answer::worth_another_try(&seen) => {}
            Err(Seen::Fail(told))
                if ["wrong-code", "too-many-from-here", "too-many-logins"].contains(&told.as_str()) => {}
            // The flow is used up, or (one time in a million) the guess was right.
            Ok(_) | Err(_) => flow = None,
        }
    }
}

/// The attacker's own login for the victim's address, up to the page that asks for the code.
pub(crate) async fn new_flow(attacker: &Person, rp: &RelyingParty) -> Result<Reply, Seen> {
    match attacker.open(rp, &rp.begin()).await? {
        Opened::Code(_) => Err(Seen::Fail("logged in already".into())),
        Opened::LoginPage(login) => {
            let sent = attacker.press_send(&login).await?;
            attacker.arrive(&sent, "code", Instant::now() + PATIENCE).await
        }
    }
}
