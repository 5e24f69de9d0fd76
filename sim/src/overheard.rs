//! What processes of the service send to hosts that have a certificate: what somebody on the path could read of it, and what
//! they say inside of TLS.
//!
//! It is recorded only in worlds that have such hosts, and changes nothing in a run. It is no part of the history, and contains
//! no secrets: where there was one, its kind is recorded instead, as in the log of operators.

use crate::{
    operators::{Secrets, take_out, words},
    tls::{Readable, Shown},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use seams::Stream;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are kept of what a connection carries in clear.
const CLEAR_BYTES_MAX: usize = 16 * 1024;
/// Bytes that are kept of what it carries encrypted: its beginning says how the client gets in.
const ENCRYPTED_BYTES_MAX: usize = 2 * 1024;

/// Where on a connection something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// In clear: whoever is on the path can read it.
    Clear,
    /// Inside of TLS.
    Encrypted,
}

/// What a process of the service has said on one layer of a connection that it has made. A connection of which all is encrypted
/// has an entry in clear with nothing in it, and one inside of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overheard {
    /// When the connection was made, or the handshake was over: milliseconds from the start of the run.
    pub at_ms: u64,
    /// The host of the process.
    pub from: String,
    /// The host that it is connected to.
    pub to: String,
    /// Where it was said.
    pub layer: Layer,
    /// The first kilobytes of it, with its secrets taken out.
    pub said: String,
    /// The kinds of secrets that were in it.
    pub secrets: Vec<&'static str>,
    /// Of the layer in clear: what was wrong with the certificate of the other end, if data was sent to it all the same.
    pub believed: Option<String>,
}

/// All that was overheard in a run. Clones are the same book.
#[derive(Clone, Default)]
pub(crate) struct OverheardBook(Arc<Mutex<Vec<Raw>>>);

struct Raw {
    entry: Overheard,
    bytes: Vec<u8>,
}

impl OverheardBook {
    fn lock(&self) -> MutexGuard<'_, Vec<Raw>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All entries, without these secrets.
    pub(crate) fn without(&self, secrets: &Secrets) -> Vec<Overheard> {
        let raw = self.lock();
        let told = raw.iter().map(|Raw { entry, bytes }| {
            let (said, found) = without_secrets(&String::from_utf8_lossy(bytes), secrets);
            Overheard {
                said,
                secrets: found,
                ..entry.clone()
            }
        });
        told.collect()
    }

    /// The same stream; what is written to it is overheard from now on.
    pub(crate) fn listen(&self, stream: Stream, at_ms: u64, from: &str, to: &str, layer: Layer) -> Stream {
        let mut raw = self.lock();
        raw.push(Raw {
            entry: Overheard {
                at_ms,
                from: from.to_owned(),
                to: to.to_owned(),
                layer,
                said: String::new(),
                secrets: vec![],
                believed: None,
            },
            bytes: vec![],
        });
        let peer = stream.peer();
        let tapped = Tapped {
            inner: stream,
            book: self.clone(),
            index: raw.len() - 1,
            to: to.to_owned(),
            path: (layer == Layer::Clear).then(Default::default),
        };
        Stream::new(tapped, peer)
    }
}

/// As [`take_out`], also where a secret stands in base64 (SASL PLAIN, RFC 4616).
fn without_secrets(text: &str, secrets: &Secrets) -> (String, Vec<&'static str>) {
    let (mut said, mut found) = (text.to_owned(), vec![]);
    let encoded = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')));
    for word in encoded.filter(|word| word.len() >= 8) {
        let decoded = STANDARD.decode(word).unwrap_or_default();
        let decoded = String::from_utf8_lossy(&decoded);
        if let Some(kind) = words(&decoded).find_map(|word| secrets.get(word)) {
            said = said.replace(word, &format!("({kind})"));
            found.push(*kind);
        }
    }
    let (said, plain) = take_out(&said, secrets);
    (said, [found, plain].concat())
}

struct Tapped {
    inner: Stream,
    book: OverheardBook,
    /// Its place in the book.
    index: usize,
    /// The other end.
    to: String,
    /// What can be read on the path, where not everything can.
    path: Option<(Readable, Shown)>,
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let Tapped { path, to, .. } = &mut *self;
        if let Some((readable, shown)) = path
            && readable.is_encrypted()
        {
            shown.take(&buf.filled()[before..], to);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        let piece = &buf[..written];
        let (said, max, believed) = match &mut self.path {
            Some((readable, shown)) => {
                let said = readable.of(piece);
                let wrong = shown.wrong().filter(|_| readable.has_data());
                (said, CLEAR_BYTES_MAX, wrong.map(str::to_owned))
            }
            None => (piece.to_vec(), ENCRYPTED_BYTES_MAX, None),
        };
        let mut book = self.book.lock();
        let raw = &mut book[self.index];
        raw.entry.believed = raw.entry.believed.take().or(believed);
        let kept = &mut raw.bytes;
        let room = max.saturating_sub(kept.len()).min(said.len());
        kept.extend_from_slice(&said[..room]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{Certificate, Check, accept, connect};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn secrets() -> Secrets {
        Secrets::from([("hunter-22".into(), "relay password"), ("123456".into(), "ticket")])
    }

    #[test]
    fn a_secret_is_found_in_words_and_in_base64() {
        let plain = STANDARD.encode("\0web\0hunter-22");
        let text = format!("AUTH PLAIN {plain}\r\nYour code is 123456.\r\n");
        let (said, found) = without_secrets(&text, &secrets());
        assert_eq!(said, "AUTH PLAIN (relay password)\r\nYour code is (ticket).\r\n");
        assert_eq!(found, ["relay password", "ticket"]);
        let (said, found) = without_secrets("EHLO web-1\r\nSTARTTLS\r\n", &secrets());
        assert_eq!((&said[..], found.len()), ("EHLO web-1\r\nSTARTTLS\r\n", 0));
    }

    /// As a client of a relay with STARTTLS.
    #[tokio::test]
    async fn what_is_in_clear_and_what_is_not_are_told_apart() {
        let (near, far) = duplex(4096);
        let at = ([127, 0, 0, 1], 587).into();
        let book = OverheardBook::default();
        let serving = async {
            let mut far = Stream::new(far, at);
            far.read_exact(&mut [0; 10]).await.unwrap();
            let mut far = accept(far, &Certificate::of("mail"));
            far.read_exact(&mut [0; 14]).await.unwrap();
        };
        let asking = async {
            let mut near = book.listen(Stream::new(near, at), 5, "web-1", "mail", Layer::Clear);
            near.write_all(b"STARTTLS\r\n").await.unwrap();
            let near = connect(near, "mail", Check::Everything).await.unwrap();
            let mut near = book.listen(near, 9, "web-1", "mail", Layer::Encrypted);
            near.write_all(b"AUTH hunter-22").await.unwrap();
            near.flush().await.unwrap();
        };
        tokio::join!(serving, asking);
        let heard = book.without(&secrets());
        let [clear, encrypted] = &heard[..] else {
            panic!("{heard:?}")
        };
        assert_eq!(
            (clear.said.as_str(), clear.layer, clear.at_ms),
            ("STARTTLS\r\n", Layer::Clear, 5)
        );
        assert!(clear.secrets.is_empty() && clear.believed.is_none());
        assert_eq!(encrypted.said, "AUTH (relay password)");
        assert_eq!(
            (encrypted.layer, &encrypted.secrets[..]),
            (Layer::Encrypted, &["relay password"][..])
        );
    }

    /// Whoever says something to an end that has not proved who it is, is found out; whoever goes away is not.
    #[tokio::test]
    async fn what_is_said_to_somebody_else_is_told() {
        for (check, is_told) in [(Check::Nothing, true), (Check::Everything, false)] {
            let (near, far) = duplex(4096);
            let at = ([127, 0, 0, 1], 465).into();
            let book = OverheardBook::default();
            let serving = async {
                let mut far = accept(Stream::new(far, at), &Certificate::of("another"));
                let _ = far.read(&mut [0; 14]).await;
            };
            let asking = async {
                let near = book.listen(Stream::new(near, at), 5, "web-1", "mail", Layer::Clear);
                if let Ok(mut near) = connect(near, "mail", check).await {
                    near.write_all(b"AUTH hunter-22").await.unwrap();
                }
            };
            tokio::join!(serving, asking);
            let heard = book.without(&secrets());
            assert_eq!(heard[0].believed.is_some(), is_told, "{heard:?}");
        }
    }
}
