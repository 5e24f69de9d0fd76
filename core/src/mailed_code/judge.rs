//! Whether a typed code is right; and its session, if it is.

use super::{
    MailedCode, MailedCodeRefused,
    send::{EmailCodeRecord, email_code_key},
    verify::{Attempt, LoggedIn},
};
use crate::{
    http::Caller,
    session::SessionOpening,
    store::{Key, decode, encode},
    unavailable::{During, Unavailable},
};
use seams::Failure;

impl MailedCode {
    /// Judges an attempt that has been charged, and opens its session.
    pub(super) async fn judge(&self, caller: &Caller, attempt: &Attempt<'_>) -> Result<LoggedIn, MailedCodeRefused> {
        let service = &self.service;
        // Also if it was charged before: what has failed meanwhile may have been this.
        let known = attempt.known.as_ref();
        self.limits.count_attempt(attempt.address, known).await?;
        let (now, key) = (service.now(), email_code_key(attempt.flow, &attempt.mac));

        let user = self.users.user_by_address(attempt.address).await;
        let user = user.during("looking up the person")?;
        let found = service.store.get(&key).await.during("looking up a one-time code")?;
        let record: Option<EmailCodeRecord> = found
            .as_deref()
            .map(decode)
            .transpose()
            .during("looking up a one-time code")?;
        let live = record.filter(|record| record.expires_at > now && record.address == attempt.address);
        let (Some(record), Some(user)) = (live, user) else {
            if self.is_open(attempt).await? {
                return Ok(attempt.logged_in()); // a twin opened the session before it recorded its outcome
            }
            return self.refuse(attempt).await;
        };

        // The code is right. Now it is consumed, and after that the ledger decides, whatever became of
        // the taking:
        // 1. taken: nobody else will find it in the store;
        // 2. gone meanwhile: a twin of this very attempt took it, for a code is bound to one browser's
        //    flow. The ledger gives both the same session;
        // 3. not taken, or unknown: it may be found again, also after a failover that forgets. Then the
        //    ledger refuses it (inventory 23). The taking is never repeated.
        let taken = service.store.take(&key).await;
        if let Err(failure) = &taken {
            service.env.mark("a one-time code may be in the store still");
            tracing::warn!(correlation = caller.correlation, %failure, "taking a one-time code; the ledger decides");
        }
        let opening = self
            .sessions
            .open(caller, &user, &attempt.cookie, &attempt.mac, now, record.expires_at)
            .await;
        let client = &attempt.flow.record.request.client_id;
        match opening {
            Ok(SessionOpening::Opened) => {
                tracing::info!(correlation = caller.correlation, client, subject = user.id, "signed in");
            }
            Ok(SessionOpening::AlreadyOpen) => {}
            Ok(SessionOpening::CodeSpent) => return self.refuse(attempt).await,
            Err(failure) => {
                // It is put back, for the person will press again. Safe even if the session was opened
                // after all: the ledger knows the code then.
                let is_there = match taken {
                    Ok(Some(_)) => self.put_back(caller, &key, &record, &failure).await,
                    Err(taking) if taking.is_unknown() => self.put_back(caller, &key, &record, &failure).await,
                    Ok(None) | Err(_) => true, // a twin has it, or nobody
                };
                let unavailable = Unavailable {
                    doing: "opening a session",
                    failure,
                };
                return Err(match is_there {
                    true => unavailable.into(),
                    false => MailedCodeRefused::InDoubt(self.authorization.view(attempt.flow), unavailable),
                });
            }
        }
        let known = self.limits.succeed(&user, attempt.address, &attempt.known_cookie).await;
        if let Err(failure) = known {
            // They stay counted, which errs on the safe side; the login is not undone for it.
            tracing::warn!(correlation = caller.correlation, %failure, "forgetting the failures of an address");
        }
        service.report("login_succeeded", client, Some(&user.id)).await;
        Ok(attempt.logged_in())
    }

    /// Says "wrong". The failure has been counted.
    async fn refuse(&self, attempt: &Attempt<'_>) -> Result<LoggedIn, MailedCodeRefused> {
        let client_id = &attempt.flow.record.request.client_id;
        self.service.report("login_failed", client_id, None).await;
        let view = self.authorization.view(attempt.flow);
        Err(MailedCodeRefused::WrongCode(view))
    }

    /// Whether it is certainly there again, or its time is over.
    async fn put_back(&self, caller: &Caller, key: &Key, record: &EmailCodeRecord, why: &Failure) -> bool {
        let service = &self.service;
        let left = record.expires_at.since(service.now());
        if left.is_zero() {
            return true;
        }
        let left = left.min(service.config.ttl.email_code); // of another clock
        service.env.mark("a one-time code was put back");
        let put = service.store.put(key, &encode(record), left).await;
        if let Err(failure) = &put {
            tracing::warn!(correlation = caller.correlation, %why, %failure, "a one-time code could not be put back");
        }
        put.is_ok()
    }
}
