//! Somebody types wrong codes, and presses the button several times for each (inventory 4, 18): a double click is one attempt,
//! and the limits count it once.

use crate::{
    limits::guesser::new_flow,
    people::{person::Person, reply::Reply},
};
use sim::world::join_all;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::sleep;

/// Types that many different codes into one login, however each of them is answered.
pub(crate) async fn mistype(person: &Arc<Person>, codes: u32, clicks: u32, every: Duration) {
    let rp = person.relying_party();
    let Ok(page) = new_flow(person, &rp).await else {
        return; // the history has the reason
    };
    let mut typed = BTreeSet::new();
    while typed.len() < codes as usize {
        let code = format!("{:08}", person.choices.between(0, 99_999_999));
        if typed.insert(code.clone()) {
            press(person, &page, &code, clicks).await;
            sleep(every).await;
        }
    }
}

/// Presses the button several times at once.
async fn press(person: &Arc<Person>, page: &Reply, code: &str, clicks: u32) {
    let presses = (0..clicks).map(|_| {
        let (person, page, code) = (person.clone(), page.clone(), code.to_owned());
        async move { drop(person.press_verify(&page, &code).await) }
    });
    join_all(&person.scene.env, presses).await;
}
