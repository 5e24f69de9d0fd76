//! The body of an upstream's answer, passed on as it arrives, with `proxy_read_timeout` between two reads. If the upstream
//! breaks off, the client receives a truncated answer.

use super::keepalive::Return;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

pub(super) struct Relayed {
    upstream: Incoming,
    read_timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// Where the connection goes when the answer is complete. If the answer breaks off, the connection is closed.
    then: Option<Return>,
}

impl Relayed {
    pub(super) fn new(upstream: Incoming, read_timeout: Duration, then: Return) -> Relayed {
        let mut relayed = Relayed {
            upstream,
            read_timeout,
            timer: None,
            then: Some(then),
        };
        relayed.keep_if_ended();
        relayed
    }

    fn keep_if_ended(&mut self) {
        if self.upstream.is_end_stream()
            && let Some(then) = self.then.take()
        {
            then.put();
        }
    }
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.upstream).poll_frame(cx) {
            self.timer = None;
            self.keep_if_ended();
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.read_timeout;
        ready!(
            self.timer
                .get_or_insert_with(|| Box::pin(sleep(limit)))
                .as_mut()
                .poll(cx)
        );
        Poll::Ready(Some(Err("upstream timed out in mid-body".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.upstream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.upstream.size_hint()
    }
}
