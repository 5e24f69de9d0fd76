//! A model of TLS (RFC 8446): who proves to be whom, what can be read on the path, and how a connection breaks on which the
//! two ends do not agree. It has no cryptography, and hides nothing from who knows it.
//!
//! ```text
//! client                                   server
//! ClientHello (the name it wants)   ──►
//!                                   ◄──    ServerHello, Certificate
//! Finished, or an alert             ──►
//!                 records that say nothing to who reads along
//! ```
//!
//! - **Records.** Each has the header of RFC 8446 section 5.1: type, version, length. Handshake records can be read on the path,
//!   as far as here is anything to read in them; the bytes of application data are changed, so that no word of them is found
//!   there by whoever looks for it ([`Readable`] finds the rest).
//! - **Certificates.** A [`Certificate`] is of the names of its host, and is trusted; a fault makes it another's, lets it
//!   expire, or has an authority sign it that nobody trusts ([`Defect`]). Whoever connects checks it as rustls does, and gets its
//!   words for what is wrong.
//! - **Disagreement.** What is no record breaks the handshake, and later the connection: whoever sends plain text to a port for
//!   TLS gets no answer (OpenSSL closes without an alert), plain text from the other end is "corrupt", and so is what somebody
//!   puts in clear behind the reply to STARTTLS (CVE-2011-0411). A stream that ends without `close_notify` was cut off.
//!
//! A client's side is behind [`seams::Network::secure`] on every simulated host. [`accept`] is a server's side, from the first
//! byte of a connection or from some later one on; [`network()`] lets a model that knows nothing of TLS speak it on all its
//! connections, as a Redis node does with `port 0`, `tls-port` and `tls-replication`.
//!
//! Deliberately absent: versions and ciphers to negotiate, certificates of clients, ALPN, resumption, renegotiation, chains,
//! revocation. A certificate expires by a fault and not by the clock.

mod certificate;
mod network;
mod path;
mod record;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use certificate::DEFECTS;
pub use certificate::{Certificate, Check, Defect};
pub use network::network;
pub use path::{Readable, Shown};
pub use record::label;

use seams::Stream;
use std::{future::poll_fn, io};
use stream::Secured;

/// Encrypts a connection as its client; the other end must prove that it is `name`, as far as it is checked.
///
/// # Errors
/// The other end cannot prove it, does not speak TLS, or closes the connection: with the words of rustls.
pub async fn connect(stream: Stream, name: &str, check: Check) -> io::Result<Stream> {
    let peer = stream.peer();
    let mut secured = Secured::of_client(stream, name, check);
    poll_fn(|cx| secured.poll_handshake(cx)).await?;
    Ok(Stream::new(secured, peer))
}

/// A connection that is encrypted from here on, as its server: it presents this certificate, in the state in which that is
/// when the client says hello. The handshake happens when the stream is first read or written, and its errors are errors of
/// that.
pub fn accept(stream: Stream, certificate: &Certificate) -> Stream {
    let peer = stream.peer();
    Stream::new(Secured::of_server(stream, certificate.clone()), peer)
}
