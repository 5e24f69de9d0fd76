//! The body of an upstream's answer, passed on as it comes, with `proxy_read_timeout` between two
//! reads. When it breaks off, so does the answer: the client sees it truncated.

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
    patience: Option<Pin<Box<Sleep>>>,
}

impl Relayed {
    pub(super) fn new(upstream: Incoming, read_timeout: Duration) -> Relayed {
        Relayed {
            upstream,
            read_timeout,
            patience: None,
        }
    }
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.upstream).poll_frame(cx) {
            self.patience = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.read_timeout;
        ready!(
            self.patience
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
