//! Somebody who is logged in, and looks at the account page now and then (inventory 55, 61).

use crate::{
    people::{
        answer,
        calm::{self, Style},
        person::Person,
        reply::Landing,
    },
    session,
    vocabulary::{Op, Seen, Tag},
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Logs in, then looks at the account page `looks` times.
pub(crate) async fn stay(person: &Arc<Person>, every: Duration, looks: u32) {
    if !calm::log_in(person, Style::CALM).await {
        return;
    }
    for _ in 0..looks {
        sleep(every).await;
        // A browser without the cookie is a stranger's; that it was lost is in the history.
        let Some(session) = person.browser.session() else {
            return;
        };
        let op = Op::Session(session::Op::Visit {
            session: Tag::of(&session),
        });
        let _ = person.scene.recorder.observe(&person.who, op, look(person)).await; // it is in the history
    }
}

async fn look(person: &Person) -> Result<(), Seen> {
    match person.browser.visit("/").await {
        Err(failure) => Err(answer::unanswered(&failure)),
        Ok(Landing::Foreign(url)) => Err(Seen::Unknown(format!("unexpectedly sent to {}", url.authority()))),
        Ok(Landing::Page(reply)) => match (reply.trouble(), reply.page.signed_in) {
            (Some(seen), _) => Err(seen),
            (None, Some(true)) => Ok(()),
            (None, Some(false)) => Err(Seen::Fail("signed out".into())),
            (None, None) => Err(reply.unexpected()),
        },
    }
}
