//! An impatient login: many clicks on the send button, the code of any of the mails, a double click on the verify
//! button (inventory 3, 4, 5).

use crate::{
    people::{answer, person::Person, reply::Reply},
    vocabulary::Seen,
};
use sim::world::join_all;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// How long the person collects mails before choosing one, and how long they wait for a mail before they press the
/// button again.
const GATHER: Duration = Duration::from_secs(5);

/// Performs the steps from the login page to the redirect that follows a verified code.
pub(crate) async fn sign_in(person: &Arc<Person>, login: &Reply, clicks: u32, until: Instant) -> Result<Reply, Seen> {
    let since = person.mails();
    let clicked = Instant::now();
    let presses = (0..clicks.max(1)).map(|_| {
        let (person, login) = (person.clone(), login.clone());
        async move { person.press_send(&login).await }
    });
    let answers = join_all(&person.scene.env, presses).await;
    let sent = match answers.into_iter().rev().find_map(Result::ok) {
        Some(sent) => sent,
        None => person.insist(until, || person.press_send(login)).await?,
    };
    let page = person.arrive(&sent, "code", until).await?;

    let mut tried = BTreeSet::new();
    let mut gathered = clicked + GATHER;
    loop {
        while person.await_code(since, &tried, GATHER).await.is_err() {
            if Instant::now() >= until {
                return Err(Seen::Fail("no mail came".into()));
            }
            // The answer is ignored: a refusal ("too many mails") changes nothing.
            let _ = person.press_send(&page).await;
            gathered = Instant::now() + GATHER;
        }
        sleep_until(gathered).await;
        let codes = person.codes(since, &tried);
        let code = person.choices.pick(&codes).expect("mails are not taken back").clone();
        match double_click(person, &page, &code, until).await {
            Err(Seen::Fail(told)) if told == "wrong-code" => {
                tried.insert(code);
                if person.codes(since, &tried).is_empty() {
                    return Err(Seen::Fail(told));
                }
                sleep(person.choices.ms(300, 1500)).await;
            }
            result => return result,
        }
    }
}

/// Sends two identical posts at once; a browser shows the answer to the last one.
async fn double_click(person: &Arc<Person>, page: &Reply, code: &str, until: Instant) -> Result<Reply, Seen> {
    let clicks = (0..2).map(|_| {
        let (person, page, code) = (person.clone(), page.clone(), code.to_owned());
        async move { person.press_verify(&page, &code).await }
    });
    let last = join_all(&person.scene.env, clicks).await.pop();
    match last.expect("both clicks were answered or given up") {
        Err(seen) if answer::worth_another_try(&seen) && Instant::now() < until => {
            person.think().await;
            person.insist(until, || person.press_verify(page, code)).await
        }
        result => result,
    }
}
