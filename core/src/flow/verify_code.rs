//! A person types the code from a mail.

use super::{
    App, Caller, During, Refusal, Trouble,
    open::{OpenFlow, decode, encode, open_flow},
    send_code::{EmailCodeRecord, email_code_key},
};
use crate::{
    model::{
        hash::{same, sha256_hex},
        limiter, one_time, session,
    },
    session::{Session, SessionOpening},
    store::Key,
};
use seams::Failure;
use std::time::Duration;

/// For how long an attempt is remembered, so that its twin (a double click, a proxy's repetition)
/// shares its outcome. Short, for the twin of a wrong code is not judged anew.
const TWIN: Duration = Duration::from_secs(5);
/// Between two looks at what became of a twin, and how many looks at most.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 30;

/// An attempt to verify: all that stands for it.
struct Attempt<'a> {
    flow: &'a OpenFlow,
    address: &'a str,
    /// Keyed hash of what was typed.
    mac: String,
    /// The session that it opens in this browser if it is right.
    cookie: String,
}

/// Answers `POST /login/verify`: the session cookie to set.
///
/// # Errors
/// [`Refusal`].
pub async fn verify_code(app: &App, caller: &Caller, flow_id: &str, typed: &str) -> Result<String, Refusal> {
    let flow = open_flow(app, caller, flow_id).await?;
    let browser = caller.browser.as_deref().ok_or(Refusal::OtherBrowser)?;
    let address = flow.record.address.as_deref().ok_or(Refusal::NoCodeSent)?;
    let code = one_time::typed(typed).ok_or_else(|| Refusal::NotACode(flow.form()))?;
    let mac = one_time::mac(&app.pepper, &flow.hash, address, &code);
    let attempt = Attempt {
        flow: &flow,
        address,
        cookie: session::cookie(&app.pepper, &flow.id, browser, &mac),
        mac,
    };

    // The same code in the same flow and browser is the same attempt. It is charged once, and both
    // requests have one outcome (inventory 4):
    // 1. its session is open already: that is the outcome;
    // 2. it is being judged, here or on the other replica: wait for the outcome;
    // 3. neither: judge it. A twin that waits in vain is judged as well, and charged: to share an
    //    outcome must never be a way around the limiter.
    if opened(app, &attempt).await? {
        app.env.mark("a repeated verification met its own session");
        return Ok(attempt.cookie);
    }
    let twin = Key::new(crate::limits::VERIFY_ATTEMPTS, format!("{}:{}", flow.hash, attempt.mac));
    let pending = format!("pending {}", app.random_token());
    let claimed = app.store().put_if_absent(&twin, pending.as_bytes(), TWIN).await;
    let first = match claimed.during("noting an attempt") {
        Ok(first) => first,
        Err(trouble) => {
            forget(app, caller, &twin, &pending).await;
            return Err(trouble.into());
        }
    };
    if !first && let Some(outcome) = await_twin(app, &attempt, &twin).await? {
        app.env.mark("a twin of a verification shared its outcome");
        return outcome;
    }
    let outcome = judge(app, caller, &attempt).await;
    if first {
        match &outcome {
            Ok(_) => {} // the session says so
            Err(refusal) => match outcome_name(refusal) {
                Some(name) => {
                    let _ = app.store().put(&twin, name, TWIN).await; // a twin is then judged by itself
                }
                None => forget(app, caller, &twin, &pending).await,
            },
        }
    }
    outcome
}

async fn opened(app: &App, attempt: &Attempt<'_>) -> Result<bool, Trouble> {
    let found = app
        .directory()
        .sessions
        .session(&sha256_hex(&attempt.cookie), app.env.now())
        .await;
    let session = found.during("looking for the session of a code")?;
    Ok(session.is_some_and(|session| same(&session.opened_by, &attempt.mac)))
}

/// Lets a person try again at once after trouble.
async fn forget(app: &App, caller: &Caller, twin: &Key, pending: &str) {
    if let Err(failure) = app.store().release(twin, pending.as_bytes()).await {
        tracing::info!(correlation = caller.correlation, %failure, "an attempt stays noted for some seconds");
    }
}

/// How an outcome is written down for a twin. Trouble is none: it may be over when the twin comes.
fn outcome_name(refusal: &Refusal) -> Option<&'static [u8]> {
    match refusal {
        Refusal::WrongCode(_) => Some(b"wrong"),
        Refusal::TooManyAttempts => Some(b"flow"),
        Refusal::TooManyLogins => Some(b"address"),
        Refusal::Locked => Some(b"locked"),
        _ => None,
    }
}

async fn await_twin(app: &App, attempt: &Attempt<'_>, twin: &Key) -> Result<Option<Result<String, Refusal>>, Refusal> {
    for _ in 0..LOOKS_MAX {
        if opened(app, attempt).await? {
            return Ok(Some(Ok(attempt.cookie.clone())));
        }
        let noted = app
            .store()
            .get(twin)
            .await
            .during("looking for the outcome of an attempt")?;
        let refusal = match noted.as_deref() {
            Some(b"wrong") => Refusal::WrongCode(attempt.flow.form()),
            Some(b"flow") => Refusal::TooManyAttempts,
            Some(b"address") => Refusal::TooManyLogins,
            Some(b"locked") => Refusal::Locked,
            Some(_) => {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            None => return Ok(None),
        };
        return Ok(Some(Err(refusal)));
    }
    Ok(None)
}

/// Judges an attempt and opens its session.
async fn judge(app: &App, caller: &Caller, attempt: &Attempt<'_>) -> Result<String, Refusal> {
    let earlier_failures = admit(app, attempt).await?;
    let (now, key) = (app.env.now(), email_code_key(attempt.flow, &attempt.mac));

    let user = app.directory().users.user_by_address(attempt.address).await;
    let user = user.during("looking up the person")?;
    let found = app.store().get(&key).await.during("looking up a one-time code")?;
    let record: Option<EmailCodeRecord> = found
        .as_deref()
        .map(decode)
        .transpose()
        .during("looking up a one-time code")?;
    let live = record.filter(|record| record.expires_at > now && record.address == attempt.address);
    let (Some(record), Some(user)) = (live, user) else {
        if opened(app, attempt).await? {
            return Ok(attempt.cookie.clone()); // a twin was faster than its note
        }
        return refuse(app, attempt).await;
    };

    // The code is right. Now it is consumed, and after that the ledger decides, whatever became of
    // the taking:
    // 1. taken: nobody else will find it in the store;
    // 2. gone meanwhile: a twin of this very attempt took it, for a code is bound to one browser's
    //    flow. The ledger gives both the same session;
    // 3. not taken, or unknown: it may be found again, also after a failover that forgets. Then the
    //    ledger refuses it (inventory 23). The taking is never repeated.
    let taken = app.store().take(&key).await;
    if let Err(failure) = &taken {
        app.env.mark("a one-time code may be in the store still");
        tracing::warn!(correlation = caller.correlation, %failure, "taking a one-time code; the ledger decides");
    }
    let opening = app
        .directory()
        .sessions
        .open_session(
            Session {
                id_hash: sha256_hex(&attempt.cookie),
                user_id: user.id.clone(),
                authenticated_at: now,
                expires_at: now + app.config.ttl.session,
                opened_by: attempt.mac.clone(),
            },
            &attempt.mac,
            record.expires_at + app.config.ttl.clock_slack,
        )
        .await;
    match opening {
        Ok(SessionOpening::Opened) => app.env.mark("a session was opened"),
        Ok(SessionOpening::AlreadyOpen) => app.env.mark("a session was open already"),
        Ok(SessionOpening::CodeSpent) => return refuse(app, attempt).await,
        Err(failure) => {
            // Back with it, for the person will press again. Safe even if the session was opened
            // after all: the ledger knows the code then.
            if let Ok(Some(_)) = taken {
                put_back(app, caller, &key, &record, &failure).await;
            }
            return Err(Trouble {
                doing: "opening a session",
                failure,
            }
            .into());
        }
    }
    if earlier_failures > 0
        && let Err(failure) = app.directory().failures.clear_failures(attempt.address).await
    {
        // They stay counted, which errs on the safe side; the login is not to be undone for it.
        tracing::warn!(correlation = caller.correlation, %failure, "forgetting the failures of an address");
    }
    let client_id = &attempt.flow.record.request.client_id;
    app.tell("login_succeeded", client_id, Some(&user.id)).await;
    Ok(attempt.cookie.clone())
}

/// The limiters, before the code is looked at: each counts this attempt first and judges then, so
/// that replicas that look at the same moment admit no more than the limit together (inventory 18).
/// Nothing here is ever reset by sending a new code (inventory 20). Says how many consecutive
/// failures there were before.
async fn admit(app: &App, attempt: &Attempt<'_>) -> Result<u64, Refusal> {
    let limits = &app.config.limits;
    // The flow first: who hammers one flow is stopped there, and does not use up the attempts of
    // the person whose address it is.
    let in_flow = Key::new(crate::limits::VERIFY_ATTEMPTS, attempt.flow.hash.clone());
    let counted = app.store().count(&in_flow, app.config.ttl.flow).await;
    if !limiter::admits(counted.during("counting attempts in a login")?, limits.verify_attempts) {
        app.env.mark("an attempt was refused by the limiter of its flow");
        return Err(Refusal::TooManyAttempts);
    }
    let at_address = Key::new(crate::limits::LOGIN_ATTEMPTS, sha256_hex(attempt.address));
    let counted = app.store().count(&at_address, limits.window).await;
    if !limiter::admits(
        counted.during("counting attempts at an address")?,
        limits.login_attempts,
    ) {
        app.env.mark("an attempt was refused by the limiter of its address");
        return Err(Refusal::TooManyLogins);
    }
    let failures = app.directory().failures.failures(attempt.address).await;
    let failures = failures.during("reading the failures of an address")?;
    if failures >= limits.consecutive_failures {
        app.env.mark("an attempt met a locked address");
        return Err(Refusal::Locked);
    }
    Ok(failures)
}

/// Counts the failure, durably, and only then says "wrong": an answer that is not counted would be a
/// free guess.
async fn refuse(app: &App, attempt: &Attempt<'_>) -> Result<String, Refusal> {
    let counted = app.directory().failures.count_failure(attempt.address).await;
    counted.during("counting a failure")?;
    app.tell("login_failed", &attempt.flow.record.request.client_id, None)
        .await;
    Err(Refusal::WrongCode(attempt.flow.form()))
}

async fn put_back(app: &App, caller: &Caller, key: &Key, record: &EmailCodeRecord, why: &Failure) {
    let left = record.expires_at.since(app.env.now());
    if left.is_zero() {
        return;
    }
    app.env.mark("a one-time code was put back");
    if let Err(failure) = app.store().put(key, &encode(record), left).await {
        tracing::warn!(correlation = caller.correlation, %why, %failure, "a one-time code could not be put back");
    }
}
