//! One end of an encrypted connection.

use super::{
    certificate::{Certificate, Check, Presented},
    record::{self, Corrupt, Record},
};
use bytes::{Buf, BytesMut};
use seams::Stream;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read from the network at once.
const READ_BYTES: usize = 4096;

/// How far the handshake is.
enum State {
    /// A client has said hello, and waits for the certificate.
    Asks { name: String, check: Check },
    /// A server waits for the hello.
    Awaits(Certificate),
    /// A server has presented its certificate, and waits for what the client says to it.
    Presented,
    /// Application data goes both ways.
    Open,
    /// It has failed, for this reason.
    Failed(io::ErrorKind, String),
}

/// A connection on which all that is written goes in records.
pub(super) struct Secured {
    inner: Stream,
    state: State,
    incoming: BytesMut,
    /// Application data that nobody has read.
    plain: BytesMut,
    outgoing: BytesMut,
    /// The other end has said that it sends no more.
    is_over: bool,
    /// This end has.
    has_ended: bool,
}

impl Secured {
    pub(super) fn of_client(inner: Stream, name: &str, check: Check) -> Secured {
        let mut outgoing = BytesMut::new();
        let hello = [&[record::CLIENT_HELLO], name.as_bytes()].concat();
        record::put(&mut outgoing, record::HANDSHAKE, &hello);
        let name = name.to_owned();
        Secured::new(inner, State::Asks { name, check }, outgoing)
    }

    pub(super) fn of_server(inner: Stream, certificate: Certificate) -> Secured {
        Secured::new(inner, State::Awaits(certificate), BytesMut::new())
    }

    fn new(inner: Stream, state: State, outgoing: BytesMut) -> Secured {
        Secured {
            inner,
            state,
            incoming: BytesMut::new(),
            plain: BytesMut::new(),
            outgoing,
            is_over: false,
            has_ended: false,
        }
    }

    /// Goes on with the handshake; ready when it is over.
    pub(super) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &self.state {
                State::Open => return Poll::Ready(Ok(())),
                State::Failed(kind, why) => return Poll::Ready(Err(io::Error::new(*kind, why.clone()))),
                State::Asks { .. } | State::Awaits(_) | State::Presented => {}
            }
            ready!(self.poll_send(cx))?;
            let step = match ready!(self.poll_record(cx)) {
                Ok(Some(record)) => self.step(&record),
                Ok(None) => Err((None, io::ErrorKind::UnexpectedEof, "tls handshake eof".to_owned())),
                // rustls tells the other end; OpenSSL, as a server, closes without a word.
                Err(error) => {
                    let alert = matches!(self.state, State::Asks { .. }).then_some(record::DECODE_ERROR);
                    Err((alert, error.kind(), error.to_string()))
                }
            };
            match step {
                Ok(next) => self.state = next,
                Err((alert, kind, why)) => {
                    if let Some(alert) = alert {
                        record::put_alert(&mut self.outgoing, alert);
                    }
                    self.state = State::Failed(kind, why);
                }
            }
            // What the other end is told must leave before this one drops the connection. Whether it can still be told makes
            // no difference to what went wrong.
            let sent = self.poll_send(cx);
            if !matches!(self.state, State::Failed(..)) {
                let _ = sent?;
            }
        }
    }

    /// What a record of the handshake leads to; or the alert for the other end, and the error of this one.
    fn step(&mut self, record: &Record) -> Result<State, (Option<u8>, io::ErrorKind, String)> {
        let invalid = |alert, why: String| Err((alert, io::ErrorKind::InvalidData, why));
        match (&self.state, record.kind, record.body.first()) {
            (_, record::ALERT, _) => invalid(None, received(record)),
            (State::Asks { name, check }, record::HANDSHAKE, Some(&record::SERVER_HELLO)) => {
                let Some(presented) = Presented::decode(&record.body[1..]) else {
                    return invalid(Some(42), "received corrupt message of type InvalidCertificate".into());
                };
                if let Err(refused) = presented.check(name, *check) {
                    return invalid(Some(refused.alert), refused.why);
                }
                record::put(&mut self.outgoing, record::HANDSHAKE, &[record::FINISHED]);
                Ok(State::Open)
            }
            (State::Awaits(certificate), record::HANDSHAKE, Some(&record::CLIENT_HELLO)) => {
                let certificate = certificate.presented().encode();
                let hello = [&[record::SERVER_HELLO], &certificate[..]].concat();
                record::put(&mut self.outgoing, record::HANDSHAKE, &hello);
                Ok(State::Presented)
            }
            (State::Presented, record::HANDSHAKE, Some(&record::FINISHED)) => Ok(State::Open),
            (_, kind, _) => invalid(Some(10), format!("received unexpected message: got {kind}")),
        }
    }

    /// Sends what is to be sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.outgoing))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.outgoing.advance(sent),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The next record; `None`: the connection ends between two of them.
    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Record>>> {
        loop {
            match record::take(&mut self.incoming) {
                Ok(Some(record)) => return Poll::Ready(Ok(Some(record))),
                Err(corrupt) => return Poll::Ready(Err(corrupted(corrupt))),
                Ok(None) => {}
            }
            let mut bytes = [0; READ_BYTES];
            let mut part = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Ok(None));
            }
            self.incoming.extend_from_slice(part.filled());
        }
    }
}

fn corrupted(corrupt: Corrupt) -> io::Error {
    let why = format!("received corrupt message of type {corrupt:?}");
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn received(alert: &Record) -> String {
    let description = alert.body.get(1).copied().unwrap_or_default();
    format!("received fatal alert: {}", record::alert(description))
}

impl AsyncRead for Secured {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_handshake(cx))?;
        // What an earlier write left goes on: the other end may wait for it before it answers.
        let _ = this.poll_send(cx)?;
        loop {
            if !this.plain.is_empty() {
                let part = this.plain.len().min(buf.remaining());
                buf.put_slice(&this.plain.split_to(part));
                return Poll::Ready(Ok(()));
            }
            if this.is_over {
                return Poll::Ready(Ok(()));
            }
            match ready!(this.poll_record(cx))? {
                None => {
                    let why = "peer closed connection without sending TLS close_notify";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, why)));
                }
                Some(record) if record.kind == record::DATA => this.plain = record.body,
                Some(record) if record.kind == record::ALERT && record.body.get(1) == Some(&record::CLOSE_NOTIFY) => {
                    this.is_over = true;
                }
                Some(record) if record.kind == record::ALERT => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, received(&record))));
                }
                Some(_) => return Poll::Ready(Err(corrupted(Corrupt::InvalidContentType))),
            }
        }
    }
}

impl AsyncWrite for Secured {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_handshake(cx))?;
        ready!(this.poll_send(cx))?;
        let part = &buf[..buf.len().min(record::DATA_MAX)];
        if !part.is_empty() {
            record::put(&mut this.outgoing, record::DATA, part);
        }
        let _ = this.poll_send(cx)?; // what does not fit now is sent with the next write, read or flush
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.state, State::Open) && !self.has_ended {
            self.has_ended = true;
            record::put_alert(&mut self.outgoing, record::CLOSE_NOTIFY);
        }
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
