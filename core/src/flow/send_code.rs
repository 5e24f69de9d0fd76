//! A person asks for a code by mail.

use super::{
    App, Caller, During, Refusal,
    open::{OpenFlow, encode, open_flow, write_flow},
};
use crate::{
    mail::{Mail, Subject},
    model::{hash::sha256_hex, limiter, one_time},
    store::Key,
};
use seams::Timestamp;
use serde::{Deserialize, Serialize};

/// A mailed code, as kept in the store under the keyed hash of the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EmailCodeRecord {
    /// Where it was sent.
    pub(super) address: String,
    /// When it ends.
    pub(super) expires_at: Timestamp,
}

/// One key for each code: a new code does not replace the last one, so that whichever of six mails
/// the person opens works (inventory 5).
pub(super) fn email_code_key(flow: &OpenFlow, mac: &str) -> Key {
    Key::new(crate::mailed_code::EMAIL_CODE, format!("{}:{mac}", flow.hash))
}

/// Answers `POST /login/send`. Whether anybody has this address makes no difference that can be seen.
///
/// # Errors
/// [`Refusal`].
pub async fn send_code(app: &App, caller: &Caller, flow_id: &str, address: &str) -> Result<(), Refusal> {
    let mut flow = open_flow(app, caller, flow_id).await?;
    let Some(address) = one_time::address(address) else {
        let mut form = flow.form();
        form.address = address.chars().take(254).collect();
        return Err(Refusal::Address(form));
    };
    let address_hash = sha256_hex(&address);

    // The button may be pressed six times: one mail (inventory 3). The mark is a lock and not a
    // count, so that it can be taken back when no mail was sent after all; else a person who met an
    // error and presses again would be told that a mail is on its way.
    let once = Key::new(crate::mailed_code::SEND_ONCE, format!("{}:{address_hash}", flow.hash));
    let press = app.random_token();
    let first = app
        .store()
        .put_if_absent(&once, press.as_bytes(), app.config.limits.send_once)
        .await;
    if first == Ok(false) {
        app.env.mark("a second press sent no second mail");
        return Ok(());
    }
    let sent = match first.during("noting that the button was pressed") {
        Ok(_) => send(app, &mut flow, &address, &address_hash).await,
        Err(trouble) => Err(trouble.into()),
    };
    if sent.is_err()
        && let Err(failure) = app.store().release(&once, press.as_bytes()).await
    {
        // The person can press "Send another" when the window is over.
        tracing::info!(correlation = caller.correlation, %failure, "the mark of a press stays until its window ends");
    }
    sent
}

async fn send(app: &App, flow: &mut OpenFlow, address: &str, address_hash: &str) -> Result<(), Refusal> {
    let sends = Key::new(crate::mailed_code::SENDS, address_hash);
    let counted = app.store().count(&sends, app.config.limits.window).await;
    if !limiter::admits(counted.during("counting mails")?, app.config.limits.sends) {
        app.env.mark("a mail was refused by the limiter");
        return Err(Refusal::TooManyMails);
    }
    let user = app.directory().users.user_by_address(address).await;
    let known = user.during("looking up the person")?.is_some();

    // The address first: the code page needs it, and so does verification.
    flow.record.address = Some(address.to_owned());
    write_flow(app, flow).await?;

    let code = one_time::draw(|| {
        let mut bytes = [0; 4];
        app.env.entropy.fill(&mut bytes);
        u32::from_be_bytes(bytes)
    });
    let mac = one_time::mac(&app.pepper, &flow.hash, address, &code);
    let ttl = app.config.ttl.email_code;
    let record = EmailCodeRecord {
        address: address.to_owned(),
        expires_at: app.env.now() + ttl,
    };
    // Kept for an unknown address as well, with a code that nobody is told: as many calls as for a
    // known one, so that time tells nothing either.
    let kept = app
        .store()
        .put(&email_code_key(flow, &mac), &encode(&record), ttl)
        .await;
    kept.during("keeping a one-time code")?; // if unknown: no mail with a code that may not work
    if known {
        let mail = Mail {
            to: address.to_owned(),
            subject: Subject::Code {
                code,
                minutes: ttl.as_secs() / 60,
            },
        };
        let queued = app.mailer().enqueue(mail).await;
        queued.during("queueing a mail")?;
    }
    app.tell("code_sent", &flow.record.request.client_id, None).await;
    Ok(())
}
