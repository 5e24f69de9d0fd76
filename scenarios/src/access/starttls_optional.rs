//! A relay that does not offer STARTTLS gets name, password and mail in clear (RFC 3207 section 6).
//!
//! What "opportunistic" means, and what mail clients did for twenty years: whoever can take one line out of an answer reads
//! everything from then on (Durumeric et al., "Neither snow nor rain nor MITM", IMC 2015).

use crate::vocabulary::PlantedBug;
use idp::{config::MailTls, mail::Outbox, replica::Wiring};
use seams::{BoxFuture, Env, Listener, Network, Stream};
use std::{io, sync::Arc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

pub(super) fn with_network(env: &Env, network: Arc<dyn Network>) -> Env {
    Env { network, ..env.clone() }
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
        let (reads, writes) = tokio::io::split(stream);
        let again = io::Cursor::new(greeting.into_bytes()).chain(reads); // the greeting is read again
        Ok(Some(Stream::new(tokio::io::join(again, writes), peer)))
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
