//! What no handler has read of a request's body.
//!
//! Some refusals need no body: a path that is not there, a body of the wrong kind. If it stayed unread, the connection would
//! have to be closed after the answer. A balancer that keeps connections may send the next request on it at that moment; a
//! POST is then lost, and the replica counts as failed (measured on nginx 1.22.1). So the rest is read, and forgotten, before
//! the answer is sent.

use super::read::{DISCARDED_BYTES_MAX, FORM_TIME_MAX};
use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
};
use tokio::time::timeout;

/// The body of a request, which a handler reads as far as it wants.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Body> {
        self.0.lock().expect("no code panics while holding a body")
    }
}

impl hyper::body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().size_hint()
    }
}

/// What may be left of a request's body when it is answered.
pub(super) struct Rest(Option<Shared>);

impl Rest {
    /// Splits a request.
    pub(super) fn of(request: Request) -> (Request, Rest) {
        if request.body().is_end_stream() {
            return (request, Rest(None));
        }
        let (head, body) = request.into_parts();
        let shared = Shared(Arc::new(Mutex::new(body)));
        let request = Request::from_parts(head, Body::new(shared.clone()));
        (request, Rest(Some(shared)))
    }

    /// Reads it, as far as a balancer lets it through.
    pub(super) async fn forget(self) {
        let Some(mut body) = self.0 else { return };
        let reading = async {
            let mut count = 0;
            while count <= DISCARDED_BYTES_MAX {
                match body.frame().await {
                    Some(Ok(frame)) => count += frame.data_ref().map_or(0, Bytes::len),
                    _ => return, // it ended, or nobody sends it any more
                }
            }
        };
        // If it takes too long, the connection is closed.
        drop(timeout(FORM_TIME_MAX, reading).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{sync::mpsc, time::Instant};

    /// A body of pieces of 1 KB that come when they are sent.
    struct Pieces(mpsc::Receiver<()>);

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            let came = self.0.poll_recv(cx);
            came.map(|came| came.map(|()| Ok(Frame::data(Bytes::from_static(&[0; 1024])))))
        }
    }

    fn request() -> (mpsc::Sender<()>, Request) {
        let (sender, pieces) = mpsc::channel(1);
        (sender, Request::new(Body::new(Pieces(pieces))))
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_reads_is_read_to_its_end() {
        let (sender, request) = request();
        let sending = async move {
            for _ in 0..1000 {
                sender.send(()).await.expect("somebody reads");
            }
        };
        let handling = async {
            let (request, rest) = Rest::of(request);
            let mut body = request.into_body();
            body.frame().await.unwrap().unwrap();
            drop(body);
            rest.forget().await;
        };
        tokio::join!(sending, handling);
    }

    #[tokio::test(start_paused = true)]
    async fn neither_silence_nor_a_flood_is_waited_for() {
        let (sender, silent) = request();
        let began = Instant::now();
        Rest::of(silent).1.forget().await;
        assert_eq!(began.elapsed(), FORM_TIME_MAX);
        drop(sender);

        let (sender, flood) = request();
        let sending = async move { while sender.send(()).await.is_ok() {} };
        let began = Instant::now();
        tokio::join!(sending, async { Rest::of(flood).1.forget().await });
        assert_eq!(began.elapsed(), Duration::ZERO);

        let (_, rest) = Rest::of(Request::new(Body::empty()));
        assert!(rest.0.is_none());
    }
}
