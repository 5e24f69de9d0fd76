//! STARTTLS (RFC 3207), before lettre begins.
//!
//! lettre can do it, but only over connections that it has opened itself. So the few lines before TLS are spoken here, and
//! lettre begins with the greeting, which the relay sent before.

use seams::{Cause, Env, Failure, Outcome, Stream};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longest reply that is read, in bytes. RFC 5321 section 4.5.3.1.5: 512 for a line.
const REPLY_BYTES_MAX: usize = 16 * 1024;

/// A connection that is encrypted from here on, and the greeting.
pub(super) struct Upgraded {
    pub(super) stream: Stream,
    pub(super) greeting: Vec<u8>,
}

/// Says EHLO and STARTTLS, and encrypts the connection. Of what the relay said before, only the greeting is kept: the rest
/// could be anybody's (RFC 3207 section 4.2).
///
/// # Errors
/// `Fail`: the relay refuses or does not offer STARTTLS, or the handshake failed. There is no going on without.
pub(super) async fn upgrade(env: &Env, mut stream: Stream, host: &str) -> Outcome<Upgraded> {
    let lost = |error: io::Error| Failure::Fail(Cause::ConnectionLost(error.to_string()));
    let greeting = reply(&mut stream, "220").await?;
    let hello = format!("EHLO {}\r\n", env.host);
    stream.write_all(hello.as_bytes()).await.map_err(lost)?;
    let offers = reply(&mut stream, "250").await?;
    let is_offered = String::from_utf8_lossy(&offers).lines().any(|line| {
        line.get(4..)
            .is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))
    });
    if !is_offered {
        return Err(refused("it does not offer STARTTLS"));
    }
    stream.write_all(b"STARTTLS\r\n").await.map_err(lost)?;
    // Read to the end of the line and no further: what somebody has put behind it in clear is no TLS, and breaks the
    // handshake (CVE-2011-0411).
    reply(&mut stream, "220").await?;
    let stream = env.network.secure(stream, host).await;
    let stream = stream.map_err(|error| refused(&format!("TLS: {error}")))?;
    Ok(Upgraded { stream, greeting })
}

fn refused(why: &str) -> Failure {
    Failure::Fail(Cause::Refused(why.to_owned()))
}

/// One reply (RFC 5321 section 4.2), with all its lines, if it has this code.
async fn reply(stream: &mut Stream, code: &str) -> Outcome<Vec<u8>> {
    let mut read = vec![];
    let mut line_from = 0;
    loop {
        let byte = stream.read_u8().await;
        read.push(byte.map_err(|error| Failure::Fail(Cause::ConnectionLost(error.to_string())))?);
        if read.len() > REPLY_BYTES_MAX {
            return Err(Failure::Fail(Cause::Protocol("an endless reply".into())));
        }
        if read.last() == Some(&b'\n') {
            // "250-" goes on, "250 " is the last line.
            if read.get(line_from + 3) != Some(&b'-') {
                break;
            }
            line_from = read.len();
        }
    }
    if read[line_from..].starts_with(code.as_bytes()) {
        return Ok(read);
    }
    Err(refused(String::from_utf8_lossy(&read[line_from..]).trim_end()))
}
