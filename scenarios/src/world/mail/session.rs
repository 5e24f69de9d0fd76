//! One conversation with the relay.

use super::{
    FULL, GONE, deliver,
    gate::{Gate, Tampering},
};
use crate::{
    login::Observation,
    mail::{self, Barred},
    vocabulary::{Event, Recorder},
    world::{Inboxes, Mode, PeerMode},
};
use seams::{Env, Stream};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    time::sleep,
};

/// Longest line, bytes, CRLF included: RFC 5321 section 4.5.3.1.6 requires 1000; longer ones are tolerated.
const LINE_BYTES_MAX: u64 = 4096;
/// Longest mail, bytes.
const MAIL_BYTES_MAX: usize = 1 << 20;

pub(super) struct Session {
    pub(super) env: Env,
    pub(super) host: String,
    /// `None` only while it is being encrypted.
    pub(super) stream: Option<BufReader<Stream>>,
    pub(super) gate: Option<Gate>,
    pub(super) tampering: Tampering,
    pub(super) is_encrypted: bool,
    /// Its client has given name and password.
    pub(super) is_known: bool,
    pub(super) mode: PeerMode,
    pub(super) inboxes: Inboxes,
    pub(super) recorder: Recorder,
    pub(super) sender: Option<String>,
    pub(super) recipients: Vec<String>,
    /// The `Message-ID`s of the mails that it has accepted.
    pub(super) took: Vec<String>,
    /// The recipients whom it has refused for good.
    pub(super) refused: Vec<String>,
    /// When it answered QUIT, milliseconds from the start of the run.
    pub(super) quit_ms: Option<u64>,
}

impl Session {
    /// The whole conversation, as it is recorded.
    pub(super) async fn converse(mut self) {
        let number = self.recorder.number();
        let note = |recorder: &Recorder, host: &str, what| recorder.note(host, Event::Own(Observation::Mail(what)));
        let began = mail::Observation::ConversationBegan { number };
        note(&self.recorder, &self.host, began);
        if let Err(error) = self.run().await {
            tracing::debug!(%error, "a mail session ended early");
        }
        let ended = mail::Observation::ConversationEnded {
            number,
            took: std::mem::take(&mut self.took),
            refused: std::mem::take(&mut self.refused),
            quit_ms: self.quit_ms,
        };
        note(&self.recorder, &self.host, ended);
    }

    async fn run(&mut self) -> io::Result<()> {
        match self.mode.now() {
            Mode::Hanging => return self.hang().await,
            Mode::Failing => {
                return self
                    .say("421 relay.example Service not available, closing channel")
                    .await;
            }
            Mode::Garbage => return self.answer_garbage().await,
            Mode::Healthy | Mode::Slow { .. } | Mode::Dropping => self.say("220 relay.example ESMTP").await?,
        }
        while let Some(line) = self.line().await? {
            match self.mode.now() {
                Mode::Hanging => return self.hang().await,
                Mode::Garbage => return self.answer_garbage().await,
                Mode::Failing => {
                    self.say("451 4.3.0 Requested action aborted: local error in processing")
                        .await?;
                    continue;
                }
                Mode::Healthy | Mode::Slow { .. } | Mode::Dropping => {}
            }
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            if self.is_handled_at_the_gate(&verb, argument).await? || self.is_barred(&verb).await? {
                continue;
            }
            match verb.as_str() {
                "EHLO" | "HELO" => {
                    self.reset();
                    self.say("250 relay.example").await?;
                }
                "MAIL" => match path(argument, "FROM:") {
                    Some(sender) => {
                        self.reset();
                        self.sender = Some(sender);
                        self.say("250 2.1.0 Ok").await?;
                    }
                    None => self.say("501 5.5.4 Syntax: MAIL FROM:<address>").await?,
                },
                "RCPT" => match (path(argument, "TO:"), &self.sender) {
                    (_, None) => self.say("503 5.5.1 Error: need MAIL command").await?,
                    (Some(recipient), Some(_)) if recipient.starts_with(GONE) => {
                        self.refused.push(recipient);
                        self.say("550 5.1.1 Recipient address rejected: User unknown").await?;
                    }
                    (Some(recipient), Some(_)) if recipient.starts_with(FULL) => {
                        self.say("452 4.2.2 Mailbox full").await?;
                    }
                    (Some(recipient), Some(_)) if recipient.contains('@') => {
                        self.recipients.push(recipient);
                        self.say("250 2.1.5 Ok").await?;
                    }
                    _ => self.say("501 5.5.4 Syntax: RCPT TO:<address>").await?,
                },
                "DATA" if self.recipients.is_empty() => self.say("503 5.5.1 Error: need RCPT command").await?,
                "DATA" => {
                    self.say("354 End data with <CR><LF>.<CR><LF>").await?;
                    let Some(mail) = self.data().await? else { return Ok(()) };
                    self.take(mail).await?;
                    if self.mode.now() == Mode::Dropping {
                        return Ok(());
                    }
                }
                "RSET" => {
                    self.reset();
                    self.say("250 2.0.0 Ok").await?;
                }
                "NOOP" => self.say("250 2.0.0 Ok").await?,
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    self.quit_ms = Some(self.inboxes.now_ms());
                    return self.hang().await; // its client closes the connection
                }
                _ => self.say("500 5.5.2 Error: command not recognized").await?,
            }
        }
        Ok(())
    }

    /// Whether a mail is refused here, whoever it is for.
    async fn is_barred(&mut self, verb: &str) -> io::Result<bool> {
        let what = match verb {
            "MAIL" => Barred::Sender,
            "RCPT" => Barred::Recipient,
            _ => return Ok(false),
        };
        self.refuses(what).await
    }

    async fn refuses(&mut self, what: Barred) -> io::Result<bool> {
        let Some(refusal) = self.tampering.refusal(what, self.inboxes.now_ms()) else {
            return Ok(false);
        };
        self.reset();
        self.say(refusal).await?;
        Ok(true)
    }

    /// Accepts a mail that has arrived completely: from now on the relay is responsible for it.
    async fn take(&mut self, mail: String) -> io::Result<()> {
        match self.mode.now() {
            Mode::Hanging => return self.hang().await,
            Mode::Garbage => return self.answer_garbage().await,
            Mode::Failing => {
                self.reset();
                return self.say("451 4.3.0 Error: queue file write error").await;
            }
            Mode::Slow { by_ms } => sleep(Duration::from_millis(by_ms)).await,
            Mode::Healthy | Mode::Dropping => {}
        }
        if self.refuses(Barred::Content).await? {
            return Ok(());
        }
        let (headers, body) = parse(&mail);
        for recipient in std::mem::take(&mut self.recipients) {
            let id = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
            self.took.push(id.map(|(_, id)| id.clone()).unwrap_or_default());
            let (host, inboxes) = (&self.host, &self.inboxes);
            deliver(host, inboxes, &self.recorder, &recipient, headers.clone(), body.clone());
        }
        self.reset();
        match self.mode.now() {
            Mode::Dropping => Ok(()),
            _ => self.say("250 2.0.0 Ok: queued").await,
        }
    }

    /// Reads up to the line that is a single dot, and undoes dot-stuffing (RFC 5321 section 4.5.2). `None` if the
    /// client goes away before the end: then there is no mail.
    async fn data(&mut self) -> io::Result<Option<String>> {
        let mut mail = String::new();
        while let Some(line) = self.line().await? {
            if line == "." {
                return Ok(Some(mail));
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.push('\n');
            if mail.len() > MAIL_BYTES_MAX {
                return Err(io::Error::other("the mail is too long"));
            }
        }
        Ok(None)
    }

    fn stream(&mut self) -> &mut BufReader<Stream> {
        self.stream
            .as_mut()
            .expect("nothing is read or written while it is being encrypted")
    }

    pub(super) async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = vec![];
        let mut limited = self.stream().take(LINE_BYTES_MAX);
        limited.read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(io::Error::other("a line is too long, or was cut off"));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    pub(super) async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream().write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream().flush().await
    }

    /// Answers nothing until the client goes away.
    async fn hang(&mut self) -> io::Result<()> {
        let mut ignored = [0; 512];
        while self.stream().read(&mut ignored).await? > 0 {}
        Ok(())
    }

    async fn answer_garbage(&mut self) -> io::Result<()> {
        self.stream()
            .write_all(b"\x16\x03\x01 99 \xff\xfe not a reply\n\n\0")
            .await?;
        self.stream().flush().await
    }

    pub(super) fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }
}

/// The address in an argument such as `FROM:<ann@example.com> SIZE=…`.
fn path(argument: &str, keyword: &str) -> Option<String> {
    let head = argument.get(..keyword.len())?;
    let rest = argument[keyword.len()..].trim_start();
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    head.eq_ignore_ascii_case(keyword).then(|| address.to_owned())
}

/// Splits a mail into unfolded header fields and a body (RFC 5322 section 2.2).
fn parse(mail: &str) -> (Vec<(String, String)>, String) {
    let (head, body) = mail.split_once("\n\n").unwrap_or((mail, ""));
    let mut headers: Vec<(String, String)> = vec![];
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    (headers, body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_from_between_the_brackets() {
        assert_eq!(path("FROM:<a@b.c>", "FROM:").as_deref(), Some("a@b.c"));
        assert_eq!(path("from: <a@b.c> SIZE=9", "FROM:").as_deref(), Some("a@b.c"));
        assert_eq!(path("FROM:<>", "FROM:").as_deref(), Some(""));
        assert_eq!(path("TO:<a@b.c>", "FROM:"), None);
        assert_eq!(path("FROM:a@b.c", "FROM:"), None);
        assert_eq!(path("F", "FROM:"), None);
        assert_eq!(path("äöü…", "FROM:"), None);
    }

    #[test]
    fn headers_are_unfolded_and_the_body_is_kept() {
        let (headers, body) = parse("Subject: one\n two\nX-Reminder-Due: 7\n\nHello\n\nBye\n");
        assert_eq!(headers[0], ("Subject".into(), "one two".into()));
        assert_eq!(headers[1], ("X-Reminder-Due".into(), "7".into()));
        assert_eq!(body, "Hello\n\nBye\n");
    }
}
