//! A calm login: one press of each button, the newest mail, and another try when the page asks for it.

use crate::{
    mailed_code::impatient,
    people,
    people::token_endpoint::Tokens,
    people::{
        id_token::Claims,
        person::{Opened, PATIENCE_PER_MAIL, Person},
        relying_party::{Begun, RelyingParty},
        reply::Reply,
    },
    redemption::{burn, race},
    vocabulary::{Op, Seen},
    world::SeenCode,
};
use spec::Settings;
use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long a person goes on trying to log in.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a relying party tries again.
const AGAIN_MAX: usize = 3;
/// After which time: `Retry-After`, as documented.
static RETRY_AFTER: LazyLock<Duration> = LazyLock::new(|| Duration::from_millis(Settings::default().get("try again")));

/// The way in which a person logs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// The number of presses of the send button for an impatient person; `None` for a calm one.
    pub(crate) clicks: Option<u32>,
    /// How the code is exchanged.
    pub(crate) exchange: Exchange,
}

/// How the code that the relying party receives is exchanged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Exchange {
    /// It is exchanged through the balancer.
    Once,
    /// It is presented to all replicas at once.
    Race,
    /// Somebody presents it with a wrong verifier first.
    Burn,
}

impl Style {
    /// One press of each button, one exchange.
    pub(crate) const CALM: Style = Style {
        clicks: None,
        exchange: Exchange::Once,
    };
}

/// Logs in, from the relying party's page to the checked ID token and userinfo. Returns whether this succeeded before
/// the person gave up (`PATIENCE`).
pub(crate) async fn log_in(person: &Arc<Person>, style: Style) -> bool {
    let rp = person.relying_party();
    let id = person.scene.recorder.begin(&person.who, Op::People(people::Op::LogIn));
    let until = Instant::now() + PATIENCE;
    let seen = loop {
        match attempt(person, &rp, style, until).await {
            Ok(()) => break Seen::Ok,
            Err(seen) if Instant::now() >= until => break seen,
            // After any failure, the relying party's page still has a "Sign in" button. A person whose browser is
            // logged in by now is not asked for a code again.
            Err(_) => person.think().await,
        }
    };
    let succeeded = seen == Seen::Ok;
    person.scene.recorder.end(&person.who, id, seen);
    succeeded
}

/// Logs in on a login page that is open already. If that fails, the person begins anew at the relying party. Returns whether they
/// are logged in before they give up.
pub(crate) async fn log_in_on(person: &Arc<Person>, rp: &RelyingParty, begun: &Begun, page: &Reply) -> bool {
    let id = person.scene.recorder.begin(&person.who, Op::People(people::Op::LogIn));
    let until = Instant::now() + PATIENCE;
    let mut seen = attempt_on(person, rp, begun, page, until).await;
    while seen.is_err() && Instant::now() < until {
        person.think().await;
        seen = attempt(person, rp, Style::CALM, until).await;
    }
    let succeeded = seen.is_ok();
    let seen = seen.map_or_else(|seen| seen, |()| Seen::Ok);
    person.scene.recorder.end(&person.who, id, seen);
    succeeded
}

async fn attempt_on(
    person: &Arc<Person>,
    rp: &RelyingParty,
    begun: &Begun,
    page: &Reply,
    until: Instant,
) -> Result<(), Seen> {
    let onward = sign_in(person, page, until).await?;
    let code = person.receive_code(rp, begun, &onward, until).await?;
    use_code(person, rp, begun, &code, Exchange::Once, until).await
}

async fn attempt(person: &Arc<Person>, rp: &RelyingParty, style: Style, until: Instant) -> Result<(), Seen> {
    let begun = rp.begin();
    let code = obtain_code(person, rp, &begun, style.clicks, until).await?;
    use_code(person, rp, &begun, &code, style.exchange, until).await
}

/// Performs the steps from the authorization code to userinfo. Then the code leaks.
async fn use_code(
    person: &Arc<Person>,
    rp: &RelyingParty,
    begun: &Begun,
    code: &SeenCode,
    how: Exchange,
    until: Instant,
) -> Result<(), Seen> {
    let tokens = match how {
        Exchange::Once => exchange(person, rp, code).await,
        Exchange::Race => race::exchange(person, rp, code).await,
        Exchange::Burn => burn::exchange(person, rp, code).await,
    };
    let used = match &tokens {
        // The presentations that were refused may have ended the access that one of them got: nothing is certain of it.
        Ok(tokens) if matches!(how, Exchange::Race) => check(person, rp, begun, tokens, until).await.map(|_| ()),
        Ok(tokens) => use_tokens(person, rp, begun, code, tokens, until).await,
        Err(seen) => Err(seen.clone()),
    };
    // Not earlier: who presents it again ends the access that it gave (RFC 6749 section 4.1.2).
    rp.publish(code, tokens.as_ref().ok());
    used
}

async fn check(
    person: &Person,
    rp: &RelyingParty,
    begun: &Begun,
    tokens: &Tokens,
    until: Instant,
) -> Result<Claims, Seen> {
    person.insist(until, || rp.check_id_token(begun, tokens)).await
}

/// Checks the ID token, and asks userinfo.
async fn use_tokens(
    person: &Person,
    rp: &RelyingParty,
    begun: &Begun,
    code: &SeenCode,
    tokens: &Tokens,
    until: Instant,
) -> Result<(), Seen> {
    let claims = check(person, rp, begun, tokens, until).await?;
    person
        .insist(until, || rp.userinfo(code, tokens, &claims, &person.address))
        .await
}

/// Exchanges a code. A client that is told to try again in a moment does so, as `Retry-After` says (RFC 9110 section 10.2.3);
/// the library of a hasty one repeats a request that it did not wait for.
async fn exchange(person: &Person, rp: &RelyingParty, code: &SeenCode) -> Result<Tokens, Seen> {
    let mut result = rp.exchange(code).await;
    for _ in 0..AGAIN_MAX {
        match &result {
            Err(seen) if person.gave_up(seen) => {}
            Err(Seen::Fail(told)) if told == "temporarily_unavailable" => sleep(*RETRY_AFTER).await,
            _ => break,
        }
        result = rp.exchange(code).await;
    }
    result
}

/// Performs the steps from the relying party's page to the authorization code that the relying party receives.
///
/// # Errors
/// The outcome of the last attempt of the step that failed.
pub(crate) async fn obtain_code(
    person: &Arc<Person>,
    rp: &RelyingParty,
    begun: &Begun,
    clicks: Option<u32>,
    until: Instant,
) -> Result<SeenCode, Seen> {
    let mut opened = person.open(rp, begun).await;
    while opened.as_ref().is_err_and(|seen| person.gave_up(seen)) {
        opened = person.open(rp, begun).await;
    }
    match opened? {
        Opened::Code(code) => Ok(code),
        Opened::LoginPage(page) => {
            sleep(person.choices.ms(200, 1200)).await; // finds the field, types the address
            let onward = match clicks {
                None => sign_in(person, &page, until).await?,
                Some(clicks) => impatient::sign_in(person, &page, clicks, until).await?,
            };
            person.receive_code(rp, begun, &onward, until).await
        }
    }
}

/// Performs the steps from the login page to the redirect that follows a verified code.
async fn sign_in(person: &Arc<Person>, login: &Reply, until: Instant) -> Result<Reply, Seen> {
    let since = person.mails();
    let sent = person.insist(until, || person.press_send(login)).await?;
    let page = person.arrive(&sent, "code", until).await?;
    let mut tried = BTreeSet::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let Ok(_) = person.await_code(since, &tried, left.min(PATIENCE_PER_MAIL)).await else {
            if Instant::now() >= until {
                return Err(Seen::Fail("no mail came".into()));
            }
            match person.insist(until, || person.press_send(&page)).await {
                Err(Seen::Fail(told)) if told == "too-many-mails" => {} // a mail may still be on its way
                result => drop(result?),
            }
            continue;
        };
        sleep(person.choices.ms(300, 1500)).await; // opens the mail, types the code
        let newest = person.codes(since, &tried).pop().expect("mails are not taken back");
        match person.insist(until, || person.press_verify(&page, &newest)).await {
            // The code may belong to another browser's login: try the next mail, if there is one.
            Err(Seen::Fail(told)) if told == "wrong-code" => {
                tried.insert(newest);
                if person.codes(since, &tried).is_empty() {
                    return Err(Seen::Fail(told));
                }
            }
            result => return result,
        }
    }
}
