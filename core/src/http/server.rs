//! Accepts connections and serves them.
//!
//! `axum::serve` spawns on tokio's own executor and sets a `Date` from the real clock; neither is
//! possible in the simulation.

use super::{Peer, head_time::HeadsInTime, lingering::Lingering};
use axum::Router;
use http::{HeaderValue, Request, header};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use seams::{Env, Listener, Stream};
use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, watch};

/// Largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long a peer may stay idle between two requests. Longer than a balancer keeps its connections (nginx's
/// `keepalive_timeout`: 60 s): if this side closed first, a request might be on its way, and a POST that arrives on a closed
/// connection becomes a 502.
const IDLE_TIME_MAX: Duration = Duration::from_secs(75);
/// How long connections may take to finish once the port is closed.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);
/// For how long an idle connection of a port that [`PortState::Leaves`] is kept.
pub(crate) const KEPT_AFTER_LEAVING: Duration = Duration::from_secs(2);
/// How many connections are accepted at most that wait when such a port is closed.
const ACCEPTED_LAST_MAX: usize = 1024;
/// Before accepting again after an error: without file descriptors, an immediate retry would fail again.
const ACCEPT_RETRY_AFTER: Duration = Duration::from_millis(100);

/// What is to become of a port and of its connections. Whichever it is, a request under way is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortState {
    /// Whoever connects is served.
    Open,
    /// Nobody can connect, and idle connections are closed at once.
    Closed,
    /// Nobody can connect, but connections that were made before are still of use for a moment: each is closed with its next
    /// answer, which says so (RFC 9112 section 9.6). A balancer that has a connection at hand may send a request on it in the
    /// very moment in which it is closed; nginx then answers a POST with 502, for it may have been done. Until the
    /// connection is closed, the balancer finds out that no other can be made, and sends nothing more.
    Leaves,
}

/// [`serve_some`] without a bound on connections.
pub async fn serve_connections(
    env: Env,
    listener: Box<dyn Listener>,
    router: Router,
    state: watch::Receiver<PortState>,
) {
    let places = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
    serve_some(env, listener, router, state, places).await;
}

/// Serves HTTP/1.1 on `listener` until it is no longer to be open, or nobody is left to say so. Then the port is closed at
/// once; connections finish the request they are in.
///
/// Each connection takes one of the `places`; whoever finds none waits in the kernel's backlog. A process has only so many
/// descriptors, and this port must leave some: for operators, for the store, for mails.
pub async fn serve_some(
    env: Env,
    listener: Box<dyn Listener>,
    router: Router,
    state: watch::Receiver<PortState>,
    places: Arc<Semaphore>,
) {
    let serve = |stream, place| {
        let serving = serve_connection(stream, router.clone(), state.clone());
        env.spawn(async move {
            serving.await;
            drop(place);
        });
    };
    let mut told = state.clone();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = seams::select! {
            _ = told.wait_for(|state| *state != PortState::Open) => break,
            next = next => next,
        };
        match accepted {
            Ok(stream) => serve(stream, place.ok()),
            Err(error) => {
                let port = listener.local_addr().port();
                tracing::warn!(port, %error, "no connection could be accepted");
                env.mark("a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY_AFTER).await;
            }
        }
    }
    // A connection that waits to be accepted would be reset, perhaps with a request on it.
    if *state.borrow() == PortState::Leaves {
        for _ in 0..ACCEPTED_LAST_MAX {
            let Ok(place) = places.clone().try_acquire_owned() else {
                break;
            };
            let waits = seams::select! {
                accepted = listener.accept() => accepted.ok(),
                () = ready(()) => None,
            };
            let Some(stream) = waits else { break };
            serve(stream, Some(place));
        }
    }
}

async fn serve_connection(stream: Stream, router: Router, mut state: watch::Receiver<PortState>) {
    let peer = stream.peer();
    let (inner, leaves) = (TowerToHyperService::new(router), state.clone());
    let is_under_way = Arc::new(AtomicBool::new(false));
    let stream = HeadsInTime::new(Lingering::new(stream), is_under_way.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        is_under_way.store(true, Ordering::Relaxed);
        let (answering, leaves, is_under_way) = (inner.call(request), leaves.clone(), is_under_way.clone());
        async move {
            let mut answer = answering.await?;
            is_under_way.store(false, Ordering::Relaxed);
            if *leaves.borrow() == PortState::Leaves {
                answer
                    .headers_mut()
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let is_to_close = async {
        // It is also closed if nobody is left who could say so.
        let _ = state.wait_for(|state| *state != PortState::Open).await;
        if *state.borrow() == PortState::Leaves {
            tokio::time::sleep(KEPT_AFTER_LEAVING).await;
        }
    };
    let early = seams::select! {
        ended = connection.as_mut() => Some(ended),
        () = is_to_close => None,
    };
    let ended = match early {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(DRAIN_TIME_MAX, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::head_time::HEAD_TIME_MAX, store::testing::Fixture};
    use axum::routing::get;
    use seams::{BoxFuture, Stream};
    use std::{io, net::SocketAddr};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        sync::{Mutex, mpsc},
    };

    /// Gives out the streams that it is sent. Dropping it closes the sender.
    struct TestListener(Mutex<mpsc::UnboundedReceiver<Stream>>);

    impl Listener for TestListener {
        fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
            Box::pin(async {
                let stream = self.0.lock().await.recv().await;
                stream.ok_or_else(|| io::ErrorKind::ConnectionAborted.into())
            })
        }

        fn local_addr(&self) -> SocketAddr {
            ([127, 0, 0, 1], 8080).into()
        }
    }

    /// More than most tests need.
    const PLACES: usize = 8;

    struct Served {
        incoming: mpsc::UnboundedSender<Stream>,
        state: watch::Sender<PortState>,
    }

    impl Served {
        fn new() -> Served {
            let env = Fixture::new().env("idp");
            let slow = get(|| async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                "done"
            });
            let (incoming, streams) = mpsc::unbounded_channel();
            let (state, told) = watch::channel(PortState::Open);
            let listener = Box::new(TestListener(Mutex::new(streams)));
            let router = Router::new().route("/slow", slow);
            let places = Arc::new(Semaphore::new(PLACES));
            env.spawn(serve_some(env.clone(), listener, router, told, places));
            Served { incoming, state }
        }

        fn connect(&self) -> DuplexStream {
            let (ours, theirs) = duplex(1 << 16);
            let peer = ([127, 0, 0, 1], 1).into();
            assert!(
                self.incoming.send(Stream::new(theirs, peer)).is_ok(),
                "the port is open"
            );
            ours
        }
    }

    async fn rest(stream: &mut DuplexStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("text, then the end");
        text
    }

    #[tokio::test(start_paused = true)]
    async fn the_port_closes_at_once_and_requests_under_way_are_answered() {
        let served = Served::new();
        let (mut busy, mut idle) = (served.connect(), served.connect());
        busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        served.state.send(PortState::Closed).unwrap();
        tokio::time::timeout(Duration::from_millis(10), served.incoming.closed())
            .await
            .expect("the listener is dropped at once");
        assert_eq!(rest(&mut idle).await, "");
        let answer = rest(&mut busy).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"),
            "{answer}"
        );
        assert!(
            !answer.to_lowercase().contains("\r\ndate:"),
            "the real clock is not read"
        );
    }

    const ASKED: &[u8] = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";

    /// What a balancer keeps is of use once more, and whoever has connected already is served.
    #[tokio::test(start_paused = true)]
    async fn a_port_that_is_left_answers_whoever_is_connected() {
        let served = Served::new();
        let (mut idle, mut unused) = (served.connect(), served.connect());
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut waits = served.connect();
        served.state.send(PortState::Leaves).unwrap();
        tokio::time::timeout(Duration::from_millis(10), served.incoming.closed())
            .await
            .expect("the listener is dropped at once");
        tokio::time::sleep(KEPT_AFTER_LEAVING / 2).await;
        idle.write_all(ASKED).await.unwrap();
        waits.write_all(ASKED).await.unwrap();
        for asked in [&mut idle, &mut waits] {
            let answer = rest(asked).await;
            assert!(
                answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"),
                "{answer}"
            );
            assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        }
        let began = tokio::time::Instant::now();
        assert_eq!(rest(&mut unused).await, "");
        assert_eq!(began.elapsed(), Duration::ZERO, "an idle one is closed meanwhile");
    }

    #[tokio::test(start_paused = true)]
    async fn slow_and_oversized_heads_end_the_connection() {
        let served = Served::new();
        let mut slow = served.connect();
        slow.write_all(b"GET /slow HTTP/1.1\r\nhost:").await.unwrap();
        let began = tokio::time::Instant::now();
        assert!(!rest(&mut slow).await.contains("200"));
        assert_eq!(began.elapsed().as_secs(), HEAD_TIME_MAX.as_secs());

        // Nor is it prolonged by a byte now and then, and whoever says nothing is not waited for either.
        let (mut trickle, mut silent) = (served.connect(), served.connect());
        let began = tokio::time::Instant::now();
        for byte in b"GET /slow HTTP/1.1\r\nhost: x\r\nx: y" {
            tokio::time::sleep(Duration::from_millis(400)).await;
            if trickle.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        assert_eq!(
            (rest(&mut trickle).await, rest(&mut silent).await),
            (String::new(), String::new())
        );
        assert!(
            began.elapsed() < HEAD_TIME_MAX + Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );

        // Between two requests there is more time.
        let mut kept = served.connect();
        for pause in [0, IDLE_TIME_MAX.as_secs() - 5] {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            kept.write_all(ASKED).await.expect("it is kept");
            let mut answer = vec![];
            while !answer.ends_with(b"done") {
                let byte = kept.read_u8().await.expect("an answer");
                answer.push(byte);
            }
            assert!(answer.starts_with(b"HTTP/1.1 200"));
        }

        let mut oversized = served.connect();
        let head = format!("GET /slow HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(2 * HEAD_BYTES_MAX));
        let _ = oversized.write_all(head.as_bytes()).await; // it need not be read to the end
        assert!(rest(&mut oversized).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_no_place_waits_for_one() {
        let served = Served::new();
        let silent: Vec<DuplexStream> = (0..PLACES).map(|_| served.connect()).collect();
        let mut late = served.connect();
        late.write_all(ASKED).await.unwrap();
        let began = tokio::time::Instant::now();
        let mut answer = [0; 12];
        late.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
        assert_eq!(
            began.elapsed().as_secs(),
            HEAD_TIME_MAX.as_secs() + 2,
            "until one of them is given up"
        );
        drop(silent);
    }

    /// A balancer that is still sending when the connection is reset takes that for a failure.
    #[tokio::test(start_paused = true)]
    async fn an_answer_to_half_a_request_does_not_cut_the_rest_off() {
        let served = Served::new();
        let lines = "x: y\r\n".repeat(1_000);
        let body = "x".repeat(200_000);
        for request in [
            format!("GET /slow HTTP/1.1\r\n{lines}\r\n"),
            format!("POST /nowhere HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
        ] {
            let mut peer = served.connect();
            peer.write_all(request.as_bytes()).await.expect("somebody reads it");
            peer.shutdown().await.unwrap();
            assert!(rest(&mut peer).await.starts_with("HTTP/1.1 4"));
        }
    }
}
