//! Two tabs of one browser: a login begins in each, and the code is typed in the second. The first tab goes on by itself, as
//! when it is restored.

use super::Odd;
use crate::people::{
    calm::{self, Style},
    person::{Opened, Person},
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Begins a login in the first tab, logs in in the second one after this time, and goes on in the first. What the client asks
/// for otherwise, it asks for in the first tab only.
pub(super) async fn log_in(mut person: Person, after: Duration) {
    let rp = person.relying_party();
    let Ok(Opened::LoginPage(page)) = person.open(&rp, &rp.begin()).await else {
        return;
    };
    sleep(after).await;
    person.scene = person.scene.as_odd(Odd::default());
    let person = Arc::new(person);
    if !calm::log_in(&person, Style::CALM).await {
        return;
    }
    let flow = page.url.query_pairs().find(|(name, _)| name == "flow");
    if let Some((_, flow)) = flow {
        // The answer is in the history.
        drop(person.browser.visit(&format!("/login/continue?flow={flow}")).await);
    }
}
