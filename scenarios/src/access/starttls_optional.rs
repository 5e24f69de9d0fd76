//! A relay that does not offer STARTTLS gets name, password and mail in clear (RFC 3207 section 6).
//!
//! What "opportunistic" means, and what mail clients did for twenty years: whoever can take one line out of an answer reads
//! everything from then on (Durumeric et al., "Neither snow nor rain nor MITM", IMC 2015).

use crate::vocabulary::PlantedBug;
use idp::{
    config::{Config, MailTls, StateConfig},
    mail::Outbox,
    replica::Wiring,
    store::{RedisStore, SentinelFinder},
};
use seams::{BoxFuture, Env, Listener, Network, Stream};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "starttls_optional",
    title: "a relay that offers no STARTTLS gets everything in clear",
    covers: &[56],
    scenario: "guarded_dependencies",
    detected_by: "NoSecretInClear",
    bug: |env, config, wiring| match config.mail_access.tls {
        MailTls::StartTls => {
            let network = Arc::new(Opportunistic(env.network.clone()));
            // The network does it, if it can be done.
            config.mail_access.tls = MailTls::None;
            let relay = config.mail_relay.clone().expect("every world has one");
            Wiring {
                mailer: Arc::new(Outbox::new(with_network(env, network), config, relay)),
                ..wiring
            }
        }
        _ => wiring,
    },
};

fn with_network(env: &Env, network: Arc<dyn Network>) -> Env {
    Env { network, ..env.clone() }
}

/// The same parts, which reach what they depend on over another network.
pub(super) fn over(env: &Env, config: &Config, wiring: Wiring, network: Arc<dyn Network>) -> Wiring {
    let env = with_network(env, network);
    let store = match &config.state {
        StateConfig::Sentinel {
            sentinels,
            master,
            sentinel_access,
            redis_access,
        } => {
            let finder = SentinelFinder::new(env.clone(), sentinels.clone(), master.clone(), config.deadlines);
            let finder = Arc::new(finder.with_access(sentinel_access.clone()));
            let (env, access) = (env.clone(), redis_access.clone());
            Arc::new(RedisStore::with_access(env, finder, config.deadlines, access))
        }
        StateConfig::Memory => wiring.store,
    };
    let mailer = match &config.mail_relay {
        Some(relay) => Arc::new(Outbox::new(env, config, relay.clone())),
        None => wiring.mailer,
    };
    Wiring {
        store,
        mailer,
        ..wiring
    }
}

/// A network that encrypts connections to a relay if the relay says that it can.
struct Opportunistic(Arc<dyn Network>);

impl Opportunistic {
    async fn encrypted(&self, mut stream: Stream, host: &str) -> io::Result<Option<Stream>> {
        let greeting = reply(&mut stream).await?;
        stream.write_all(b"EHLO idp\r\n").await?;
        if !reply(&mut stream).await?.contains("STARTTLS") {
            return Ok(None);
        }
        stream.write_all(b"STARTTLS\r\n").await?;
        reply(&mut stream).await?;
        let peer = stream.peer();
        let stream = self.0.secure(stream, host).await?;
        let greeting = io::Cursor::new(greeting.into_bytes());
        Ok(Some(Stream::new(Greeted { greeting, stream }, peer)))
    }
}

/// A reply with all its lines.
async fn reply(stream: &mut Stream) -> io::Result<String> {
    let mut read = String::new();
    loop {
        let from = read.len();
        while !read[from..].ends_with('\n') {
            read.push(char::from(stream.read_u8().await?));
        }
        if read.as_bytes().get(from + 3) != Some(&b'-') {
            return Ok(read);
        }
    }
}

impl Network for Opportunistic {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let stream = self.0.connect(host, port).await?;
            match self.encrypted(stream, host).await? {
                Some(stream) => Ok(stream),
                None => self.0.connect(host, port).await,
            }
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.secure(stream, name)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.0.listen(port)
    }
}

/// A stream on which the greeting is read again.
struct Greeted {
    greeting: io::Cursor<Vec<u8>>,
    stream: Stream,
}

impl AsyncRead for Greeted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if Pin::new(&mut self.greeting).poll_read(cx, buf)?.is_ready() && buf.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Greeted {
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
