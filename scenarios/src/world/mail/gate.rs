//! How clients get in at the relay: STARTTLS (RFC 3207) or TLS from the beginning (RFC 8314 section 3.3), and AUTH with the
//! mechanisms PLAIN (RFC 4616) and LOGIN (RFC 4954); and what somebody on the path, or at the relay, can do to that.

use crate::{login::AccessOption, mail::Barred, world::access};
use base64::{Engine, engine::general_purpose::STANDARD};
use sim::tls::Certificate;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What is done to the relay's clients, until when: simulated milliseconds. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Tampering {
    /// Somebody on the path takes STARTTLS out of what the relay offers.
    pub(crate) no_starttls: Until,
    /// Somebody on the path puts text in clear behind the reply to STARTTLS.
    pub(crate) clear_text: Until,
    /// The relay has another password for its clients.
    pub(crate) another_password: Until,
    /// The relay refuses every mail, at MAIL, RCPT or the final dot.
    barred: [Until; 3],
}

impl Tampering {
    /// Until when the relay refuses all mails there.
    pub(crate) fn bars(&self, what: Barred) -> &Until {
        &self.barred[what as usize]
    }

    /// What the relay says there instead of "Ok".
    pub(super) fn refusal(&self, what: Barred, now_ms: u64) -> Option<&'static str> {
        let refusal = match what {
            Barred::Sender => "550 5.7.1 Sender address rejected: not authorized",
            Barred::Recipient => "554 5.7.1 Relay access denied",
            Barred::Content => "550 5.7.1 Message rejected by policy",
        };
        self.bars(what).is_now(now_ms).then_some(refusal)
    }

    /// Ends all of it.
    pub(crate) fn end(&self) {
        let of_the_gate = [&self.no_starttls, &self.clear_text, &self.another_password];
        for until in of_the_gate.into_iter().chain(&self.barred) {
            until.end();
        }
    }
}

/// Until when something lasts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Until(Arc<AtomicU64>);

impl Until {
    /// It lasts until then, milliseconds from the start of the run; if it lasts longer already, that stays.
    pub(crate) fn lasts_until(&self, ms: u64) {
        self.0.fetch_max(ms, Ordering::Relaxed);
    }

    fn end(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn is_now(&self, now_ms: u64) -> bool {
        now_ms < self.0.load(Ordering::Relaxed)
    }
}

/// A relay that lets nobody in who has not proved who they are, over a connection that is encrypted.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) certificate: Certificate,
    pub(super) is_implicit: bool,
    pub(super) tampering: Tampering,
}

impl Gate {
    /// The gate of a relay with this certificate; `None`: anybody on its network may send.
    pub(super) fn of(
        access: AccessOption,
        certificate: impl FnOnce() -> Certificate,
        tampering: &Tampering,
    ) -> Option<Gate> {
        access.is_guarded().then(|| Gate {
            certificate: certificate(),
            is_implicit: access == AccessOption::GuardedImplicit,
            tampering: tampering.clone(),
        })
    }

    /// The extensions that a client is told of. A client of implicit TLS is offered LOGIN alone, one of STARTTLS PLAIN alone, as
    /// some relays do: whoever knows only one of them fails at one of the relays.
    pub(super) fn offers(&self, is_encrypted: bool, now_ms: u64) -> &'static str {
        match (is_encrypted, self.is_implicit) {
            (true, true) => "AUTH LOGIN",
            (true, false) => "AUTH PLAIN",
            (false, _) if self.is_downgraded(now_ms) => "AUTH PLAIN LOGIN",
            (false, _) => "STARTTLS",
        }
    }

    /// Whether somebody on the path pretends that the relay knows nothing of TLS. They take whatever a client then says in
    /// clear, and hand it to the relay over a connection of their own.
    pub(super) fn is_downgraded(&self, now_ms: u64) -> bool {
        self.tampering.no_starttls.is_now(now_ms)
    }

    /// The reply to STARTTLS, with what somebody on the path has put behind it.
    pub(super) fn go_ahead(&self, now_ms: u64) -> (&'static str, bool) {
        match self.tampering.clear_text.is_now(now_ms) {
            true => (
                "220 2.0.0 Ready to start TLS\r\n250-relay.example\r\n250 AUTH PLAIN",
                true,
            ),
            false => ("220 2.0.0 Ready to start TLS", false),
        }
    }

    /// Whether these are the name and the password of somebody who may send.
    pub(super) fn lets_in(&self, name: &str, password: &str, now_ms: u64) -> bool {
        !self.tampering.another_password.is_now(now_ms) && (name, password) == (access::USER, access::RELAY)
    }
}

/// Decodes what a client says in base64.
pub(super) fn decoded(word: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(word).ok()?).ok()
}

/// Encodes what a client is asked.
pub(super) fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// Name and password of a PLAIN message: `[authzid] NUL authcid NUL passwd`.
pub(super) fn plain(message: &str) -> Option<(&str, &str)> {
    let mut parts = message.split('\0').skip(1);
    let both = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_message_has_a_name_and_a_password() {
        assert_eq!(plain("\0idp\0secret"), Some(("idp", "secret")));
        assert_eq!(plain("somebody\0idp\0secret"), Some(("idp", "secret")));
        for wrong in ["", "idp", "\0idp", "\0idp\0secret\0more"] {
            assert_eq!(plain(wrong), None, "{wrong:?}");
        }
        assert_eq!(decoded(&encoded("Username:")).as_deref(), Some("Username:"));
        assert_eq!(decoded("not base64!"), None);
    }

    #[test]
    fn what_is_done_to_clients_ends() {
        let tampering = Tampering::default();
        tampering.no_starttls.lasts_until(500);
        tampering.no_starttls.lasts_until(300);
        let gate = Gate::of(AccessOption::Guarded, || Certificate::of("mail"), &tampering).expect("guarded");
        assert!(gate.is_downgraded(499) && !gate.is_downgraded(500));
        assert_eq!(
            (gate.offers(false, 499), gate.offers(false, 500)),
            ("AUTH PLAIN LOGIN", "STARTTLS")
        );
        assert!(gate.lets_in(access::USER, access::RELAY, 0) && !gate.lets_in(access::USER, "another", 0));
        tampering.another_password.lasts_until(500);
        assert!(!gate.lets_in(access::USER, access::RELAY, 0));
        tampering.end();
        assert!(gate.lets_in(access::USER, access::RELAY, 0) && !gate.is_downgraded(0));
    }
}
