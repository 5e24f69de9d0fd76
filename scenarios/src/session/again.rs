//! Somebody who logs in again in the same browser, or whom another person follows there, while the old cookie is looked at: by a
//! thief who has copied it, and, as long as the new one has not come, as by the browser itself if it has not got the answer. Then
//! the browser signs out, and the clients go on with what they have got. (Inventory 8, 55.)

use crate::{
    oddities::Odd,
    people::{
        calm::{self, Style},
        person::{Opened, PATIENCE_PER_MAIL, Person},
        relying_party::{Begun, RelyingParty},
        reply::{Landing, Reply},
        token_endpoint::Tokens,
    },
    vocabulary::Seen,
    world::{Scene, SeenCode},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How long they wait for a page.
const PATIENCE: Duration = Duration::from_secs(30);

/// Logs in; after this time logs in again, as another person if one is named; then signs out. Whatever fails is in the history.
pub(crate) async fn log_in(person: Person, whose: &str, after: Duration) {
    let person = Arc::new(person);
    if calm::log_in(&person, Style::CALM).await
        && let Some(person) = Arc::into_inner(person)
    {
        drop(go_on(person, whose, after).await);
    }
}

async fn go_on(mut person: Person, whose: &str, after: Duration) -> Result<(), Seen> {
    let rp = person.relying_party();
    let earlier = token(&person, &rp).await?;
    let thief = Thief::of(&person);
    sleep(after).await;

    if !whose.is_empty() {
        person.address = format!("{whose}@example.com");
    }
    log_in_anew(&mut person, &thief).await?;
    thief.looks().await; // it is an old cookie now
    drop(ask(&rp, &earlier).await);

    let later = token(&person, &rp).await?;
    let (_, unredeemed) = code(&person, &rp).await?;
    let thief = Thief::of(&person);
    sign_out(&person).await?;
    for token in [&earlier, &later] {
        drop(ask(&rp, token).await);
    }
    drop(rp.exchange_too_late(&unredeemed).await);
    thief.looks().await;
    Ok(())
}

/// Logs in with a code from a mail, although the browser is logged in.
async fn log_in_anew(person: &mut Person, thief: &Thief) -> Result<(), Seen> {
    let again = Odd {
        asks: vec![("prompt".to_owned(), "login".to_owned())],
        ..Odd::default()
    };
    let again = person.scene.as_odd(again);
    let scene = std::mem::replace(&mut person.scene, again);
    let rp = person.relying_party();
    person.scene = scene;
    let (begun, until) = (rp.begin(), Instant::now() + PATIENCE);
    person.browser.expect_to_be_logged_out(); // the login page is what the client has asked for
    let Opened::LoginPage(page) = person.open(&rp, &begun).await? else {
        return Err(Seen::Fail("nobody was asked to log in".into()));
    };
    let since = person.mails();
    let sent = person.press_send(&page).await?;
    let page = person.arrive(&sent, "code", until).await?;
    let codes = person.await_code(since, &BTreeSet::new(), PATIENCE_PER_MAIL).await?;
    let newest = codes.last().expect("it waits until there is one");
    let onward = person.press_verify(&page, newest).await?;
    // Whoever has not got the answer has nothing but the old cookie.
    thief.looks().await;
    sleep(person.choices.ms(50, 400)).await; // what is sent in the same millisecond may have come first
    drop(person.receive_code(&rp, &begun, &onward, until).await?);
    Ok(())
}

/// Presses "Sign out".
async fn sign_out(person: &Person) -> Result<(), Seen> {
    let Ok(Landing::Page(page)) = person.browser.visit("/").await else {
        return Err(Seen::Unknown("no account page".into()));
    };
    person.browser.expect_to_be_logged_out();
    let pressed: Result<Reply, _> = person.browser.submit(&page, "/logout", &[]).await;
    let pressed = pressed.map_err(|failure| Seen::Unknown(failure.to_string()))?;
    pressed.trouble().map_or(Ok(()), Err)
}

/// A code for a browser that is logged in.
async fn code(person: &Person, rp: &RelyingParty) -> Result<(Begun, SeenCode), Seen> {
    let begun = rp.begin();
    match person.open(rp, &begun).await? {
        Opened::Code(code) => Ok((begun, code)),
        Opened::LoginPage(_) => Err(Seen::Fail("asked to log in again".into())),
    }
}

/// An access token for a browser that is logged in.
pub(super) async fn token(person: &Person, rp: &RelyingParty) -> Result<Tokens, Seen> {
    let (_, code) = code(person, rp).await?;
    rp.exchange(&code).await
}

async fn ask(rp: &RelyingParty, tokens: &Tokens) -> Result<serde_json::Value, Seen> {
    rp.ask_userinfo(&tokens.access_token).await
}

/// Somebody who has copied a session cookie.
struct Thief(Person);

impl Thief {
    /// Copies that of a person.
    fn of(person: &Person) -> Thief {
        let scene: &Scene = &person.scene;
        let who = format!("{}-thief", person.who);
        let thief = Person::new(scene, &who, &who, &who);
        if let Some(cookie) = person.browser.session() {
            thief.browser.copy_session(&cookie);
        }
        Thief(thief)
    }

    /// Looks at the account page. What it shows is in the history; that it is nobody's is no loss of theirs.
    async fn looks(&self) {
        self.0.browser.expect_to_be_logged_out();
        drop(self.0.browser.visit("/").await);
    }
}
