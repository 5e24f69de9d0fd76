//! How a client authenticates at a guarded relay: STARTTLS (RFC 3207) and AUTH (RFC 4954).

use super::{
    gate::{self, Gate},
    session::Session,
};
use sim::tls;
use std::io;
use tokio::io::BufReader;

/// Mark: somebody has hidden that it offers STARTTLS.
pub(crate) const NOT_OFFERED: &str = "the relay offered no STARTTLS";
/// Mark: somebody has put text in clear behind its reply to STARTTLS.
pub(crate) const CLEAR_TEXT: &str = "there was text in clear behind the reply to STARTTLS";
/// Mark: a client gave another password than it wants.
pub(crate) const PASSWORD_REFUSED: &str = "the relay refused a password";
/// Mark: a client has authenticated.
pub(crate) const LET_IN: &str = "the relay let a client in";

impl Session {
    /// Does what the gate demands, and returns whether that was all that this command is for.
    pub(super) async fn is_handled_at_the_gate(&mut self, verb: &str, argument: &str) -> io::Result<bool> {
        let Some(gate) = self.gate.clone() else {
            return Ok(false);
        };
        let now_ms = self.inboxes.now_ms();
        let must_encrypt = !self.is_encrypted && !gate.is_downgraded(now_ms);
        match verb {
            "EHLO" => {
                self.reset();
                if !self.is_encrypted && !must_encrypt {
                    self.env.mark(NOT_OFFERED);
                }
                let offers = gate.offers(self.is_encrypted, now_ms);
                self.say(&format!("250-relay.example\r\n250 {offers}")).await?;
            }
            "STARTTLS" if !must_encrypt => {
                self.say("502 5.5.1 Error: command not implemented").await?;
            }
            "STARTTLS" => {
                let (reply, is_tampered) = gate.go_ahead(now_ms);
                if is_tampered {
                    self.env.mark(CLEAR_TEXT);
                }
                self.say(reply).await?;
                self.reset();
                // What a client has sent in clear behind its command is forgotten with the buffer (RFC 3207 section 4.2).
                let stream = self.stream.take().map(BufReader::into_inner);
                let stream = stream.map(|stream| tls::accept(stream, &gate.certificate));
                self.stream = stream.map(BufReader::new);
                self.is_encrypted = true;
            }
            "HELO" | "NOOP" | "RSET" | "QUIT" => return Ok(false),
            _ if must_encrypt => self.say("530 5.7.0 Must issue a STARTTLS command first").await?,
            "AUTH" if self.is_known => self.say("503 5.5.1 Error: already authenticated").await?,
            "AUTH" => self.authenticate(&gate, argument).await?,
            "MAIL" if !self.is_known => self.say("530 5.7.0 Authentication required").await?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// AUTH, with an initial response or without one.
    async fn authenticate(&mut self, gate: &Gate, argument: &str) -> io::Result<()> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" if !gate.is_implicit => {
                let message = self.answer("", initial).await?;
                message
                    .as_deref()
                    .and_then(gate::plain)
                    .map(|(name, password)| (name.to_owned(), password.to_owned()))
            }
            "LOGIN" if gate.is_implicit || !self.is_encrypted => {
                let name = self.answer("Username:", initial).await?;
                let password = self.answer("Password:", "").await?;
                name.zip(password)
            }
            _ => return self.say("504 5.5.4 Unrecognized authentication type").await,
        };
        let Some((name, password)) = given else {
            return self.say("501 5.5.2 Cannot decode response").await;
        };
        if gate.lets_in(&name, &password, self.inboxes.now_ms()) {
            self.is_known = true;
            self.env.mark(LET_IN);
            return self.say("235 2.7.0 Authentication successful").await;
        }
        self.env.mark(PASSWORD_REFUSED);
        self.say("535 5.7.8 Error: authentication failed").await
    }

    /// What a client answers to a challenge, or has said at once; `None` if it is not base64.
    async fn answer(&mut self, challenge: &str, initial: &str) -> io::Result<Option<String>> {
        if !initial.is_empty() {
            return Ok(gate::decoded(initial));
        }
        self.say(&format!("334 {}", gate::encoded(challenge))).await?;
        Ok(self.line().await?.and_then(|line| gate::decoded(&line)))
    }
}
