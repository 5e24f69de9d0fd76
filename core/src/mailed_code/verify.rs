//! A person types the code from a mail. Requests that are repeated share one outcome; judging is in the module `judge`.

use super::{MailedCode, MailedCodeRefused, code};
use crate::{
    authorize::OpenFlow,
    http::Caller,
    limits::{self, Known, LimitRefused, VERIFY_ATTEMPTS},
    session,
    store::Key,
    unavailable::{During, Unavailable},
};
use seams::{Cause, Failure};
use std::{convert::Infallible, time::Duration};

/// For how long the outcome of an attempt is remembered, so that its twin (a double click, a proxy's repetition)
/// shares it. Short, for the twin of a wrong code is not judged again.
const TWIN: Duration = Duration::from_secs(5);
/// For how long an attempt is noted that goes on. One that goes on for longer, because the directory's disk is slow, stays noted;
/// one whose process has died does not.
const PENDING: Duration = Duration::from_secs(2);
/// Between two notes of one that goes on.
const NOTED_EVERY: Duration = Duration::from_millis(500);
/// What is noted of an attempt that was charged and not judged, because something failed: typing the same code again is no
/// further guess.
const CHARGED: &[u8] = b"charged";
/// Between two polls for the outcome of a twin, and how many polls at most: for longer than a dead one is noted.
const POLL_EVERY: Duration = Duration::from_millis(50);
const POLLS_MAX: u32 = 50;

/// What is known of an attempt from before.
enum Before {
    /// Its outcome.
    Judged(Result<LoggedIn, MailedCodeRefused>),
    /// It was charged, and something failed. It is judged again by whoever has claimed that.
    Charged,
    /// Nothing: it is the first of its kind, and claimed.
    Nothing,
}

/// An attempt to verify: all that identifies it.
pub(super) struct Attempt<'a> {
    pub(super) flow: &'a OpenFlow,
    pub(super) address: &'a str,
    /// Keyed hash of what was typed.
    pub(super) mac: String,
    /// The session that it opens in this browser if it is right.
    pub(super) cookie: String,
    /// The browser, if the person with this address is known in it.
    pub(super) known: Option<Known>,
    /// The cookie by which it is known from then on.
    pub(super) known_cookie: String,
}

/// The cookies of a browser in which somebody has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// That of the session.
    pub session: String,
    /// That by which the browser is known.
    pub known: String,
}

impl Attempt<'_> {
    /// What the browser gets if it is right.
    pub(super) fn logged_in(&self) -> LoggedIn {
        LoggedIn {
            session: self.cookie.clone(),
            known: self.known_cookie.clone(),
        }
    }
}

impl MailedCode {
    /// Answers `POST /login/verify`: the cookies to set.
    ///
    /// # Errors
    /// See [`MailedCodeRefused`].
    pub async fn verify_code(
        &self,
        caller: &Caller,
        flow_id: &str,
        typed: &str,
    ) -> Result<LoggedIn, MailedCodeRefused> {
        let service = &self.service;
        let flow = self.authorization.open_flow(caller, flow_id).await?;
        let address = flow.record.address.as_deref();
        let address = address.ok_or(MailedCodeRefused::NoCodeSent)?;
        let code = code::typed(typed).ok_or_else(|| MailedCodeRefused::NotACode(self.authorization.view(&flow)))?;
        let mac = code::mac(&service.pepper, &flow.hash, address, &code);
        let known = self.limits.known(caller, address).await?;
        // A browser that is known already keeps its cookie: its person has others, and not one more at each login.
        let known_cookie = known.as_ref().map_or_else(
            || limits::new_cookie(&service.pepper, &flow.id, &flow.cookie, &mac),
            |known| known.cookie.clone(),
        );
        let attempt = Attempt {
            flow: &flow,
            address,
            cookie: session::value(&service.pepper, &flow.id, &flow.cookie, &mac),
            mac,
            known,
            known_cookie,
        };

        // The same code in the same flow and browser is the same attempt. It is charged once, and both
        // requests have one outcome (inventory 4):
        // 1. its session is open already: that is the outcome;
        // 2. it is being judged, here or on the other replica: wait for the outcome. A twin that waits in vain is
        //    told to try again: nothing was judged for it, so that this is no way around the limiter, and two that
        //    judge at once would take the code from each other;
        // 3. it was charged before, and something failed: judge it, and charge nothing. Whoever presses
        //    again while the directory is locked must not run out of attempts;
        // 4. none of them: charge and judge it.
        if self.is_open(&attempt).await? {
            service.env.mark("a repeated verification met its own session");
            return Ok(attempt.logged_in());
        }
        let twin = Key::new(VERIFY_ATTEMPTS, format!("{}:{}", flow.hash, attempt.mac));
        let pending = format!("pending {}", service.random_token());
        let first = self.claims(caller, &twin, &pending).await?;
        let again = Key::new(VERIFY_ATTEMPTS, format!("{}:{}:again", flow.hash, attempt.mac));
        let before = match first {
            true => Before::Nothing,
            false => self.await_twin(caller, &attempt, &twin, &again, &pending).await?,
        };
        let (claimed, was_charged) = match before {
            Before::Judged(outcome) => {
                service.env.mark("a twin of a verification shared its outcome");
                return outcome;
            }
            Before::Charged => {
                service.env.mark("an attempt was judged again, and charged once");
                (&again, true)
            }
            Before::Nothing => (&twin, false),
        };
        let working = async {
            if !was_charged {
                let known = attempt.known.as_ref();
                let charged = self.limits.charge(caller, &flow.hash, address, known).await;
                charged.map_err(|refused| (false, MailedCodeRefused::from(refused)))?;
            }
            let judged = self.judge(caller, &attempt).await;
            judged.map_err(|refused| (true, refused))
        };
        let outcome = seams::select! {
            outcome = working => outcome,
            never = self.stays_noted(caller, claimed, &pending) => match never {},
        };
        let (is_charged, refused) = match outcome {
            Ok(logged_in) => return Ok(logged_in),
            Err(refused) => refused,
        };
        match outcome_name(&refused) {
            Some(name) => self.note(caller, &twin, name, TWIN).await,
            None if is_charged => {
                self.note(caller, &twin, CHARGED, service.config.ttl.flow).await;
                if was_charged {
                    self.forget(caller, &again, &pending).await;
                }
            }
            None => self.forget(caller, &twin, &pending).await,
        }
        Err(refused)
    }

    pub(super) async fn is_open(&self, attempt: &Attempt<'_>) -> Result<bool, MailedCodeRefused> {
        Ok(self.sessions.is_open(&attempt.cookie, &attempt.mac).await?)
    }

    async fn claims(&self, caller: &Caller, key: &Key, pending: &str) -> Result<bool, Unavailable> {
        let claimed = self.service.store.put_if_absent(key, pending.as_bytes(), PENDING).await;
        if claimed.is_err() {
            self.forget(caller, key, pending).await; // it may have been noted
        }
        claimed.during("noting an attempt")
    }

    /// Notes for twins what became of an attempt. Without it each of them is judged by itself.
    async fn note(&self, caller: &Caller, twin: &Key, outcome: &[u8], lasts: Duration) {
        if let Err(failure) = self.service.store.put(twin, outcome, lasts).await {
            tracing::info!(correlation = caller.correlation, %failure, "the outcome of an attempt is not noted for its twins");
        }
    }

    /// Keeps an attempt noted that goes on.
    async fn stays_noted(&self, caller: &Caller, claimed: &Key, pending: &str) -> Infallible {
        loop {
            tokio::time::sleep(NOTED_EVERY).await;
            let noted = self.service.store.renew(claimed, pending.as_bytes(), PENDING).await;
            if let Err(failure) = noted {
                tracing::info!(correlation = caller.correlation, %failure, "an attempt that goes on is not noted any more");
            }
        }
    }

    /// Lets a person try again at once after a failure of the service.
    async fn forget(&self, caller: &Caller, twin: &Key, pending: &str) {
        if let Err(failure) = self.service.store.release(twin, pending.as_bytes()).await {
            tracing::info!(correlation = caller.correlation, %failure, "an attempt stays noted for some seconds");
        }
    }

    /// Waits for the outcome of a twin. An attempt that was charged before is judged again by one request at a time: who
    /// claims `again`.
    async fn await_twin(
        &self,
        caller: &Caller,
        attempt: &Attempt<'_>,
        twin: &Key,
        again: &Key,
        pending: &str,
    ) -> Result<Before, MailedCodeRefused> {
        for _ in 0..POLLS_MAX {
            if self.is_open(attempt).await? {
                return Ok(Before::Judged(Ok(attempt.logged_in())));
            }
            let noted = self.service.store.get(twin).await;
            let refused = match noted.during("looking for the outcome of an attempt")?.as_deref() {
                Some(b"wrong") => MailedCodeRefused::WrongCode(self.authorization.view(attempt.flow)),
                Some(b"flow") => LimitRefused::TooManyAttempts.into(),
                Some(b"address") => LimitRefused::TooManyLogins {
                    window: self.service.config.limits.window,
                }
                .into(),
                Some(b"here") => LimitRefused::TooManyFromHere {
                    window: self.service.config.limits.window,
                }
                .into(),
                Some(b"locked") => LimitRefused::Locked.into(),
                Some(CHARGED) if self.claims(caller, again, pending).await? => return Ok(Before::Charged),
                Some(_) => {
                    tokio::time::sleep(POLL_EVERY).await;
                    continue;
                }
                None if self.claims(caller, twin, pending).await? => return Ok(Before::Nothing),
                None => continue, // another twin was quicker
            };
            return Ok(Before::Judged(Err(refused)));
        }
        self.service.env.mark("a twin of a verification waited in vain");
        let limit = POLL_EVERY * POLLS_MAX;
        let cause = Cause::Deadline {
            what: "a twin of this attempt",
            limit_ms: limit.as_millis() as u64,
        };
        Err(MailedCodeRefused::Unavailable(Unavailable {
            doing: "waiting for the outcome of an attempt",
            failure: Failure::Fail(cause),
        }))
    }
}

/// How an outcome is written down for a twin. A failure of the service is none: it may be over when the twin comes.
fn outcome_name(refused: &MailedCodeRefused) -> Option<&'static [u8]> {
    match refused {
        MailedCodeRefused::WrongCode(_) => Some(b"wrong"),
        MailedCodeRefused::Limit(LimitRefused::TooManyAttempts) => Some(b"flow"),
        MailedCodeRefused::Limit(LimitRefused::TooManyLogins { .. }) => Some(b"address"),
        MailedCodeRefused::Limit(LimitRefused::TooManyFromHere { .. }) => Some(b"here"),
        MailedCodeRefused::Limit(LimitRefused::Locked) => Some(b"locked"),
        _ => None,
    }
}
