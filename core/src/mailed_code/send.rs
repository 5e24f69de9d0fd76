//! A person asks for a code by mail.

use super::{EMAIL_CODE, MailedCode, MailedCodeRefused, SEND_ONCE, code};
use crate::{
    authorize::OpenFlow,
    hash::sha256_hex,
    http::Caller,
    limits::LimitRefused,
    mail::{Mail, Subject},
    store::{Key, encode},
    unavailable::During,
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
    Key::new(EMAIL_CODE, format!("{}:{mac}", flow.hash))
}

impl MailedCode {
    /// Answers `POST /login/send`. Whether anybody has this address makes no difference that can be seen.
    ///
    /// # Errors
    /// See [`MailedCodeRefused`].
    pub async fn send_code(&self, caller: &Caller, flow_id: &str, address: &str) -> Result<(), MailedCodeRefused> {
        let service = &self.service;
        let mut flow = self.authorization.open_flow(caller, flow_id).await?;
        let Some(address) = code::address(address) else {
            let mut view = self.authorization.view(&flow);
            view.address = address.chars().take(254).collect();
            return Err(MailedCodeRefused::Address(view));
        };
        let address_hash = sha256_hex(&address);

        // The button may be pressed six times: one mail (inventory 3). The marker is a lock and not a
        // count, so that it can be taken back when no mail was sent after all; else a person who met an
        // error and presses again would be told that a mail is on its way.
        let once = Key::new(SEND_ONCE, format!("{}:{address_hash}", flow.hash));
        let press = service.random_token();
        let window = service.config.limits.send_once;
        let first = service.store.put_if_absent(&once, press.as_bytes(), window).await;
        if first == Ok(false) {
            service.env.mark("a second press sent no second mail");
            return Ok(());
        }
        let sent = match first.during("noting that the button was pressed") {
            Ok(_) => self.send(caller, &mut flow, &address).await,
            Err(unavailable) => Err(unavailable.into()),
        };
        if sent.is_err()
            && let Err(failure) = service.store.release(&once, press.as_bytes()).await
        {
            // The person can press "Send another" when the window is over.
            tracing::info!(correlation = caller.correlation, %failure, "the mark of a press stays until its window ends");
        }
        sent
    }

    async fn send(&self, caller: &Caller, flow: &mut OpenFlow, address: &str) -> Result<(), MailedCodeRefused> {
        let service = &self.service;
        let known = self.limits.known(caller, address).await?;
        // Whoever has pressed while something failed was counted, and has got no mail: that is made good before they are
        // refused. One press that was counted is good for one mail.
        let unspent = Key::new(SEND_ONCE, format!("{}:{}:counted", flow.hash, sha256_hex(address)));
        if let Err(refused) = self.limits.charge_mail(caller, address, known.as_ref()).await {
            let is_over = matches!(
                refused,
                LimitRefused::TooManyFromHere { .. } | LimitRefused::TooManyMails { .. }
            );
            let found = match is_over {
                true => service.store.take(&unspent).await,
                false => Ok(None),
            };
            if found.during("looking for a press that was counted")?.is_none() {
                return Err(refused.into());
            }
            service.env.mark("a press that had failed was made good");
        }
        let sent = self.send_counted(flow, address).await;
        if sent.is_err()
            && let Err(failure) = service
                .store
                .put(&unspent, b"counted", service.config.limits.window)
                .await
        {
            tracing::info!(correlation = caller.correlation, %failure, "a press that was counted may be counted again");
        }
        sent
    }

    /// Makes a code and queues its mail, which has been counted.
    async fn send_counted(&self, flow: &mut OpenFlow, address: &str) -> Result<(), MailedCodeRefused> {
        let service = &self.service;
        let user = self.users.user_by_address(address).await;
        let is_known = user.during("looking up the person")?.is_some();

        // The address first: the code page needs it, and so does verification.
        flow.record.address = Some(address.to_owned());
        self.authorization.write_flow(flow).await?;

        let code = code::draw(|| {
            let mut bytes = [0; 4];
            service.env.entropy.fill(&mut bytes);
            u32::from_be_bytes(bytes)
        });
        let mac = code::mac(&service.pepper, &flow.hash, address, &code);
        let ttl = service.config.ttl.email_code;
        let record = EmailCodeRecord {
            address: address.to_owned(),
            expires_at: service.now() + ttl,
        };
        // Kept for an unknown address as well, with a code that nobody is told: as many calls as for a
        // known one, so that time tells nothing either.
        let key = email_code_key(flow, &mac);
        let kept = service.store.put(&key, &encode(&record), ttl).await;
        kept.during("keeping a one-time code")?; // if unknown: no mail with a code that may not work
        // The same for the outbox, which may be full.
        let mail = Mail {
            to: address.to_owned(),
            subject: Subject::Code {
                code,
                client: flow.record.client_name.clone(),
                service: service.config.authority().to_owned(),
                minutes: ttl.as_secs() / 60,
            },
            is_decoy: !is_known,
        };
        self.mailer.enqueue(mail).await.during("queueing a mail")?;
        let client_id = &flow.record.request.client_id;
        service.report("code_sent", client_id, None).await;
        Ok(())
    }
}
