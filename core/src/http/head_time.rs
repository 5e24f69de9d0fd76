//! The head of a request that does not come is given up.
//!
//! Whoever connects and says nothing, or says a byte now and then, keeps a connection, and with it a descriptor, of which a
//! process has few. So the head of the first request must come within some seconds of the connection, and that of each later
//! one within as many of its first byte. Between two requests a connection may stay idle for longer: a balancer keeps some.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// For how long a head is waited for.
pub(crate) const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// A connection whose requests have to begin in time.
pub(super) struct HeadsInTime<S> {
    stream: S,
    /// Whether a head has come whose request is not answered yet.
    is_under_way: Arc<AtomicBool>,
    /// While a head is awaited of which something has come, or that is the first.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether it was given up.
    is_over: bool,
}

impl<S> HeadsInTime<S> {
    /// From now on. Whoever answers requests says when one is under way.
    pub(super) fn new(stream: S, is_under_way: Arc<AtomicBool>) -> HeadsInTime<S> {
        HeadsInTime {
            stream,
            is_under_way,
            timer: Some(Box::pin(sleep(HEAD_TIME_MAX))),
            is_over: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadsInTime<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        if this.is_under_way.load(Ordering::Relaxed) {
            this.timer = None;
            return polled;
        }
        if buf.filled().len() > before && this.timer.is_none() {
            this.timer = Some(Box::pin(sleep(HEAD_TIME_MAX)));
        }
        match (polled, &mut this.timer) {
            (Poll::Pending, Some(timer)) => timer.as_mut().poll(cx).map(|()| {
                this.is_over = true;
                Err(io::ErrorKind::TimedOut.into())
            }),
            (polled, _) => polled,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadsInTime<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_over {
            return Poll::Ready(Ok(())); // nobody waits for an answer: it is closed at once
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
