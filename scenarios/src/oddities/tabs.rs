//! Several logins in progress in one browser: two tabs, of which one goes on by itself as when it is restored; tabs that a
//! browser restores at once; and another site that sends the browser to log in while somebody is at it.

use super::Odd;
use crate::people::{
    calm::{self, Style},
    person::{Opened, Person},
};
use seams::BoxFuture;
use sim::world::join_all;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long after the first of several tabs the last one asks for its page, milliseconds at most: a few of them ask before
/// anything is answered.
const RESTORED_WITHIN_MS: u64 = 40;
/// How long another site waits before it sends the browser here once more.
const SENT_AGAIN_AFTER: Duration = Duration::from_millis(200);

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

/// Begins a login in each of so many tabs, nearly at once, and logs in in one after the other.
pub(super) async fn restore(person: &Arc<Person>, tabs: u32) {
    let tabs = (0..tabs).map(|_| {
        let (person, rp) = (person.clone(), person.relying_party());
        let after = person.choices.ms(0, RESTORED_WITHIN_MS);
        async move {
            sleep(after).await;
            let begun = rp.begin();
            let opened = person.open(&rp, &begun).await;
            (rp, begun, opened)
        }
    });
    let tabs = join_all(&person.scene.env, tabs.collect::<Vec<_>>()).await;
    for (rp, begun, opened) in tabs {
        if let Ok(Opened::LoginPage(page)) = opened {
            calm::log_in_on(person, &rp, &begun, &page).await;
        }
    }
}

/// Logs in. After this time another site, in another tab, sends the browser to log in by a form, so many times.
pub(super) async fn sent_by_another_site(person: &Arc<Person>, after: Duration, times: u32) {
    let urls: Vec<String> = (0..times).map(|_| person.relying_party().begin().url).collect();
    let (here, there) = (person.clone(), person.clone());
    let both: [BoxFuture<'static, ()>; 2] = [
        Box::pin(async move {
            calm::log_in(&here, Style::CALM).await;
        }),
        Box::pin(async move {
            sleep(after).await;
            for url in urls {
                drop(there.browser.open_by_form(&url).await); // it is in the history
                sleep(SENT_AGAIN_AFTER).await;
            }
        }),
    ];
    join_all(&person.scene.env, both).await;
}
