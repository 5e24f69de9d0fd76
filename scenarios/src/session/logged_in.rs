//! A person who is logged in and looks at the account page now and then (inventory 55, 61).

use crate::{
    people::{
        answer,
        calm::{self, Style},
        person::Person,
        reply::{Landing, Reply},
    },
    session,
    vocabulary::{Op, Seen, Tag},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Logs in, then looks at the account page `looks` times.
pub(crate) async fn stay(person: &Arc<Person>, every: Duration, looks: u32) {
    if !calm::log_in(person, Style::CALM).await {
        return;
    }
    for _ in 0..looks {
        sleep(every).await;
        visit(person).await;
    }
}

/// Looks at the account page. The outcome is in the history.
pub(super) async fn visit(person: &Person) {
    // Without the cookie the visit would be a stranger's. The loss of the cookie is in the history.
    let Some(session) = person.browser.session() else {
        return;
    };
    let op = Op::Session(session::Op::Visit {
        session: Tag::of(&session),
    });
    drop(person.scene.recorder.observe(&person.who, op, look(person)).await);
}

/// How long the person goes on trying to log out.
const PATIENCE: Duration = Duration::from_secs(30);

/// Logs in, looks at the account page, and presses "Sign out" until it succeeds.
pub(crate) async fn in_and_out(person: &Arc<Person>) {
    if !calm::log_in(person, Style::CALM).await {
        return;
    }
    let Some(session) = person.browser.session().map(Tag::of) else {
        return; // the loss of the cookie is in the history
    };
    let (until, recorder) = (Instant::now() + PATIENCE, &person.scene.recorder);
    let page = person
        .insist(until, || {
            let op = Op::Session(session::Op::Visit {
                session: session.clone(),
            });
            recorder.observe(&person.who, op, look(person))
        })
        .await;
    let Ok(page) = page else { return };
    person.browser.expect_to_be_logged_out();
    let pressed = person.insist(until, || {
        let op = Op::Session(session::Op::LogOut {
            session: session.clone(),
        });
        recorder.observe(&person.who, op, press_sign_out(person, &page))
    });
    drop(pressed.await); // the outcome is in the history
}

async fn press_sign_out(person: &Person, page: &Reply) -> Result<(), Seen> {
    let reply = person.browser.submit(page, "/logout", &[]).await;
    let reply = reply.map_err(|failure| answer::unanswered(&failure))?;
    match reply.trouble() {
        Some(seen) => Err(seen),
        None if reply.leads_to("/") && person.browser.session().is_none() => Ok(()),
        None => Err(reply.unexpected()),
    }
}

async fn look(person: &Person) -> Result<Reply, Seen> {
    match person.browser.visit("/").await {
        Err(failure) => Err(answer::unanswered(&failure)),
        Ok(Landing::Foreign(url)) => Err(Seen::Unknown(format!("unexpectedly sent to {}", url.authority()))),
        Ok(Landing::Page(reply)) => match (reply.trouble(), reply.page.signed_in) {
            (Some(seen), _) => Err(seen),
            (None, Some(true)) => Ok(*reply),
            (None, Some(false)) => Err(Seen::Fail("signed out".into())),
            (None, None) => Err(reply.unexpected()),
        },
    }
}
