//! The mail relay: the part of SMTP (RFC 5321) that a submitting client needs. It misbehaves when a fault says so.
//!
//! A relay that has received the end of the data is responsible for the mail (RFC 5321 section 4.2.5). A slow relay
//! therefore accepts the mail even if the client has given up meanwhile; if the client then retries, the mail is sent
//! twice (RFC 1047).
//!
//! In a guarded world it wants a password, over TLS (`auth`, `gate`).
//!
//! Deliberately absent: other extensions, bounces, encodings other than 7bit.

mod auth;
mod gate;
mod session;

pub(crate) use auth::{CLEAR_TEXT, LET_IN, NOT_OFFERED, PASSWORD_REFUSED};
pub use gate::Tampering;

use super::{PeerMode, access, hosts, inbox::Inboxes};
use crate::{
    exchange, leader,
    login::{AccessOption, Login, Observation},
    mailed_code,
    vocabulary::{Event, Recorder, Tag},
};
use gate::Gate;
use seams::Env;
use session::Session;
use sim::{
    tls,
    world::{Host, HostKind, Installed, Start},
};
use std::io;
use tokio::io::BufReader;

/// People whose names begin so have no mailbox any more: the relay refuses their mail for good (RFC 5321 section 4.2.2, 550).
pub(crate) const GONE: &str = "gone-";
/// The mailboxes of people whose names begin so are full: the relay refuses their mail for the time being (452).
pub(crate) const FULL: &str = "full-";

/// The host of the mail relay.
pub(crate) fn host(access: AccessOption) -> Host<Login> {
    let host = Host::new(hosts::MAIL, HostKind::Peer, move |start: &Start<'_, Login>| {
        let (mode, inboxes) = (start.shared().mail.clone(), start.shared().inboxes.clone());
        let recorder = start.recorder.clone();
        let tampering = start.shared().tampering.clone();
        let gate = Gate::of(access, || start.certificate(), &tampering);
        Installed::new(Box::new(move |env| {
            let port = access::relay_port(access);
            let relay = Relay {
                mode: mode.clone(),
                inboxes: inboxes.clone(),
                recorder: recorder.clone(),
                gate: gate.clone(),
                tampering: tampering.clone(),
            };
            let serving = relay.serve(env, port);
            Box::pin(async { serving.await.expect("the port is free: nothing else runs on this host") })
        }))
    });
    match access.is_guarded() {
        true => host.with_certificate(),
        false => host,
    }
}

/// Accepts mails and never returns.
///
/// # Errors
/// The port cannot be listened on.
pub async fn serve(env: Env, port: u16, mode: PeerMode, inboxes: Inboxes, recorder: Recorder) -> io::Result<()> {
    let relay = Relay {
        mode,
        inboxes,
        recorder,
        gate: None,
        tampering: Tampering::default(),
    };
    relay.serve(env, port).await
}

/// A relay.
struct Relay {
    mode: PeerMode,
    inboxes: Inboxes,
    recorder: Recorder,
    /// What its clients have to pass, if they have.
    gate: Option<Gate>,
    tampering: Tampering,
}

impl Relay {
    async fn serve(self, env: Env, port: u16) -> io::Result<()> {
        let listener = env.network.listen(port).await?;
        loop {
            let Ok(stream) = listener.accept().await else { continue };
            let implicit = self.gate.as_ref().filter(|gate| gate.is_implicit);
            let stream = match implicit {
                Some(gate) => tls::accept(stream, &gate.certificate),
                None => stream,
            };
            let session = Session {
                env: env.clone(),
                host: env.host.to_string(),
                stream: Some(BufReader::new(stream)),
                is_encrypted: implicit.is_some(),
                is_known: false,
                gate: self.gate.clone(),
                tampering: self.tampering.clone(),
                mode: self.mode.clone(),
                inboxes: self.inboxes.clone(),
                recorder: self.recorder.clone(),
                sender: None,
                recipients: vec![],
                took: vec![],
                refused: vec![],
                quit_ms: None,
            };
            env.spawn(session.converse());
        }
    }
}

/// Puts a mail into an inbox and records it.
pub(crate) fn deliver(
    host: &str,
    inboxes: &Inboxes,
    recorder: &Recorder,
    recipient: &str,
    headers: Vec<(String, String)>,
    body: String,
) {
    let subject = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("subject"));
    let subject = subject.map(|(_, value)| value.clone()).unwrap_or_default();
    let mail = inboxes.deliver(recipient, subject, headers, body);
    let address = recipient.to_lowercase();
    recorder.note(
        host,
        Event::Own(Observation::Exchange(exchange::Observation::Mailed {
            address: address.clone(),
            mail: Box::new(exchange::read_mail(&mail)),
        })),
    );
    let due_ms = mail.header("x-reminder-due").and_then(|due| due.trim().parse().ok());
    if let Some(due_ms) = due_ms {
        recorder.note(
            host,
            Event::Own(Observation::Leader(leader::Observation::ReminderMailed {
                address,
                due_ms,
            })),
        );
    } else if let Some(code) = mail.code() {
        recorder.secret("mailed code", code);
        let code = Tag::of(code);
        recorder.note(
            host,
            Event::Own(Observation::MailedCode(mailed_code::Observation::CodeMailed {
                address,
                code,
            })),
        );
    }
}
