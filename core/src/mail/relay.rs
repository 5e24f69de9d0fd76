//! Rendering a mail, and handing it to the relay.

use super::{
    Mail, Subject,
    starttls::{Upgraded, upgrade},
};
use crate::config::{MailAccess, MailTls};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, AsyncTokioStream},
        commands,
        extension::ClientId,
    },
};
use seams::{Cause, Env, Failure, Outcome, Stream, within};
use std::{
    error::Error,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, UNIX_EPOCH},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long QUIT may take, once the mail has been accepted.
const QUIT_LIMIT: Duration = Duration::from_secs(1);

/// Renders a mail. Addresses are parsed and nothing that a person wrote goes into a header, so that
/// no header can be injected. Date and Message-ID are ours: lettre would take them from the
/// operating system.
///
/// # Errors
/// `Fail`: an address is not a mail address.
pub(super) fn render(env: &Env, from: &str, mail: &Mail) -> Outcome<Message> {
    let invalid = |what: &str| Failure::Fail(Cause::Protocol(what.to_owned()));
    let from: Address = from.parse().map_err(|_| invalid("the sender is not a mail address"))?;
    let to: Address =
        (mail.to.parse()).map_err(|_| Failure::Fail(Cause::RefusedForGood("not a mail address".into())))?;
    let (name, subject, body, due) = match &mail.subject {
        Subject::Code {
            code,
            client,
            service,
            minutes,
        } => (
            fresh_name(env),
            "Your login code",
            // Short lines of ASCII: lettre then leaves them as they are (7bit).
            format!(
                "Your login code is {code}\r\n\r\n\
                 Type it at {service} to go on to {client}.\r\n\
                 It is good for {minutes} minutes, once.\r\n\
                 If you did not ask for it, ignore this mail.\r\n\
                 Tell nobody the code: we never ask for it.\r\n"
            ),
            None,
        ),
        Subject::Reminder { id, text, due } => (
            id_name(id),
            "Reminder",
            format!("{}\r\n", text.replace('\r', "").replace('\n', "\r\n")),
            Some(due),
        ),
    };
    let mut message = Message::builder()
        .from(Mailbox::new(None, from.clone()))
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(UNIX_EPOCH + Duration::from_millis(env.now().millis()))
        .message_id(Some(format!("<{name}@{}>", from.domain())))
        .header(ContentType::TEXT_PLAIN);
    if let Some(due) = due {
        let header = HeaderName::new_from_ascii_str("X-Reminder-Due");
        message = message.raw_header(HeaderValue::new(header, due.millis().to_string()));
    }
    message.body(body).map_err(|e| invalid(&e.to_string()))
}

fn fresh_name(env: &Env) -> String {
    let mut bytes = [0; 16];
    env.entropy.fill(&mut bytes);
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The same Message-ID for the same reminder, whoever sends it: RFC 5322 section 3.6.4 allows no
/// arbitrary text there.
fn id_name(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !id.is_empty() && id.bytes().all(plain) {
        id.to_owned()
    } else {
        format!("r-{}", URL_SAFE_NO_PAD.encode(id))
    }
}

/// Where the relay is, and how to get in.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) access: &'a MailAccess,
}

impl Place<'_> {
    async fn connect(self, env: &Env) -> Outcome<SmtpStream> {
        let Place { host, port, access } = self;
        let stream = env.network.connect(host, port).await;
        let stream = stream.map_err(|e| Failure::Fail(Cause::Unreachable(format!("{host}:{port} ({e})"))))?;
        let Upgraded { stream, greeting } = match access.tls {
            MailTls::None => return Ok(SmtpStream::new(stream, vec![])),
            MailTls::StartTls => upgrade(env, stream, host).await?,
            MailTls::Implicit => {
                let stream = env.network.secure(stream, host).await;
                let no_tls = |error| Failure::Fail(Cause::Refused(format!("TLS: {error}")));
                Upgraded {
                    stream: stream.map_err(no_tls)?,
                    greeting: vec![],
                }
            }
        };
        Ok(SmtpStream::new(stream, greeting))
    }
}

/// Whether the relay refuses this mail for good. Not for reasons of policy (`5.7.x`, RFC 3463 section 3.8): they concern this
/// service or the relay's configuration, which somebody will mend.
fn is_final(error: &lettre::transport::smtp::Error) -> bool {
    let is_policy = |reply: &dyn std::error::Error| reply.to_string().starts_with("5.7.");
    error.is_permanent() && !error.source().is_some_and(is_policy)
}

/// Hands a message to the relay over a connection of its own.
///
/// # Errors
/// `Fail` when the relay cannot have taken it: it was not reached, refused, or broke off before the
/// message itself was on its way. `Unknown` after that (RFC 5321 section 4.2.5: the relay is
/// responsible once it has answered the final dot, and its answer may be lost).
pub(super) async fn submit(env: &Env, place: Place<'_>, message: &Message, limit: Duration) -> Outcome<()> {
    let mut on_its_way = false;
    let conversation = async {
        let stream = place.connect(env).await?;
        let refused = |e: lettre::transport::smtp::Error| Failure::Fail(Cause::Refused(e.to_string()));
        let of_this_mail = |e: lettre::transport::smtp::Error| match is_final(&e) {
            true => Failure::Fail(Cause::RefusedForGood(e.to_string())),
            false => refused(e),
        };
        let hello = ClientId::Domain(env.host.to_string());
        let mut smtp = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
            .await
            .map_err(refused)?;
        if let Some((name, password)) = &place.access.login {
            let credentials = Credentials::new(name.clone(), password.reveal().to_owned());
            let ways = [Mechanism::Plain, Mechanism::Login];
            smtp.auth(&ways, &credentials).await.map_err(refused)?;
        }
        let envelope = message.envelope();
        smtp.command(commands::Mail::new(envelope.from().cloned(), vec![]))
            .await
            .map_err(refused)?;
        for to in envelope.to() {
            smtp.command(commands::Rcpt::new(to.clone(), vec![]))
                .await
                .map_err(of_this_mail)?;
        }
        smtp.command(commands::Data).await.map_err(refused)?;
        on_its_way = true;
        smtp.message(&message.formatted()).await.map_err(|e| match e.status() {
            Some(_) => of_this_mail(e), // a refusal
            None => Failure::Unknown(Cause::ConnectionLost(e.to_string())),
        })?;
        Ok(smtp)
    };
    let result = within(limit, "the mail relay", conversation).await;
    match result {
        Ok(Ok(mut smtp)) => {
            // The mail is accepted: the outcome of QUIT changes nothing.
            let _ = within(QUIT_LIMIT, "QUIT", smtp.quit()).await;
            Ok(())
        }
        Ok(Err(failure)) => Err(failure),
        Err(cause) if on_its_way => Err(Failure::Unknown(cause)),
        Err(cause) => Err(Failure::Fail(cause)),
    }
}

/// A seam's stream as lettre wants it.
#[derive(Debug)]
struct SmtpStream {
    /// What has been read already, and is read again first.
    greeting: io::Cursor<Vec<u8>>,
    stream: Stream,
}

impl SmtpStream {
    fn new(stream: Stream, greeting: Vec<u8>) -> SmtpStream {
        SmtpStream {
            greeting: io::Cursor::new(greeting),
            stream,
        }
    }
}

impl AsyncTokioStream for SmtpStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.stream.peer())
    }
}

impl AsyncRead for SmtpStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if Pin::new(&mut self.greeting).poll_read(cx, buf)?.is_ready() && buf.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for SmtpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
