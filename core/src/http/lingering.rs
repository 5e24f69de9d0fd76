//! Connections that are closed late, as nginx closes those of its clients (`lingering_close`).
//!
//! Not every answer waits for the whole request: a path that is not there, a head with too many lines, a body of the wrong
//! kind. If the connection was closed while the rest is still coming, the kernel would reset it, and the peer may lose the
//! answer that it has not read yet. A balancer takes that for a failure of the replica and sends nobody there for a while. So
//! the answer's end is sent, and what still comes is read and forgotten, within bounds.

use seams::Stream;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How much is read and forgotten at most, in bytes: more than nginx lets through in a body (`client_max_body_size`: 1 MiB) and
/// in a head.
const FORGOTTEN_BYTES_MAX: usize = 2 * 1024 * 1024;
/// For how long.
const LINGERS_MAX: Duration = Duration::from_secs(5);

/// A connection that is closed late.
pub(super) struct Lingering {
    stream: Stream,
    /// Since the end of the answers was sent: when to close it, and how many bytes may come until then.
    closing: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Lingering {
    pub(super) fn new(stream: Stream) -> Lingering {
        Lingering { stream, closing: None }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Lingering { stream, closing } = &mut *self;
        if closing.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            *closing = Some((Box::pin(sleep(LINGERS_MAX)), FORGOTTEN_BYTES_MAX));
        }
        let Some((timer, left)) = closing else {
            return Poll::Ready(Ok(()));
        };
        let mut bytes = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            match Pin::new(&mut *stream).poll_read(cx, &mut buf) {
                Poll::Pending => return timer.as_mut().poll(cx).map(Ok),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())), // the peer has closed it
                Poll::Ready(Ok(())) => {
                    let read = buf.filled().len();
                    *left = left.saturating_sub(read);
                    if read == 0 || *left == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    fn pair() -> (Lingering, tokio::io::DuplexStream) {
        let (ours, theirs) = duplex(1 << 10);
        (Lingering::new(Stream::new(ours, ([127, 0, 0, 1], 1).into())), theirs)
    }

    #[tokio::test(start_paused = true)]
    async fn what_still_comes_is_read_and_the_peer_reads_the_end_at_once() {
        let (mut ours, mut theirs) = pair();
        let closing = async {
            ours.write_all(b"answer").await.unwrap();
            ours.shutdown().await.unwrap();
            drop(ours);
        };
        let peer = async {
            let mut answer = String::new();
            theirs.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, "answer");
            // More than the pipe holds: somebody must be reading it.
            theirs.write_all(&[0; 100_000]).await.unwrap();
            drop(theirs);
        };
        let began = Instant::now();
        tokio::join!(closing, peer);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn neither_silence_nor_a_flood_keeps_it_open() {
        let (mut ours, theirs) = pair();
        let began = Instant::now();
        ours.shutdown().await.unwrap();
        assert_eq!(began.elapsed(), LINGERS_MAX);
        drop(theirs);

        let (mut ours, mut theirs) = pair();
        let flood = async { while theirs.write_all(&[0; 1000]).await.is_ok() {} };
        let closing = async {
            ours.shutdown().await.unwrap();
            drop(ours);
        };
        let began = Instant::now();
        tokio::join!(closing, flood);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
