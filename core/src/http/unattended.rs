//! What has begun runs to its end, whoever waits for it.
//!
//! hyper drops a handler where it stands when its client leaves. A balancer leaves when its own client does (nginx: 499) and
//! when its own time for an answer is over (504). A handler that was dropped between two steps would leave the first one
//! without the second: a mark that a mail is on its way, and no mail; a code that was taken, and no session. So the rest of
//! such a request becomes a task of its own. A request whose body has not arrived ends by itself: there is nothing more to
//! read.
//!
//! Deliberately absent: a task for every request. As long as somebody waits, the connection's own task does the work.

use crate::{config::Config, stop::Stop};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use seams::{BoxFuture, Env};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// The requests of a replica that go on without a client. Strangers can leave as often as they like, so their number and
/// their time are bounded.
#[derive(Clone)]
pub(super) struct Unattended {
    env: Env,
    places: Arc<Semaphore>,
    time_max: Duration,
    /// A replica that stops waits for them, and for the connections that have a router.
    stop: Stop,
}

impl Unattended {
    pub(super) fn new(env: Env, config: &Config, stop: Stop) -> Unattended {
        Unattended {
            env,
            places: Arc::new(Semaphore::new(config.limits.unattended)),
            time_max: config.deadlines.unattended,
            stop,
        }
    }

    /// Goes on with a request whose client has left.
    fn run_on(&self, work: BoxFuture<'static, Response>) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("too many requests go on without their clients; one is dropped where it stands");
            return;
        };
        let (env, time_max, waited_for) = (self.env.clone(), self.time_max, self.stop.clone());
        self.env.spawn(async move {
            env.mark("a request went on without its client");
            if timeout(time_max, work).await.is_err() {
                tracing::error!("a request without a client did not end; it is dropped where it stands");
            }
            drop((place, waited_for));
        });
    }
}

/// The layer around all routes.
pub(super) async fn to_its_end(State(unattended): State<Unattended>, request: Request, next: Next) -> Response {
    let work = Box::pin(next.run(request));
    Attended {
        unattended,
        work: Some(work),
        in_poll: false,
    }
    .await
}

/// A request that somebody waits for. Whoever drops it no longer waits.
struct Attended {
    unattended: Unattended,
    /// `None` once it has ended.
    work: Option<BoxFuture<'static, Response>>,
    /// Stays true if a poll panics. What has panicked must not be polled again.
    in_poll: bool,
}

impl Future for Attended {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = &mut *self;
        let work = this.work.as_mut().expect("nobody polls what has ended");
        this.in_poll = true;
        let polled = work.as_mut().poll(cx);
        this.in_poll = false;
        if polled.is_ready() {
            this.work = None;
        }
        polled
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && !self.in_poll
        {
            self.unattended.run_on(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::StateConfig, store::testing::Fixture};
    use axum::{Router, body::Body, middleware, routing::get};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::sleep;
    use tower::ServiceExt;

    const STEP: Duration = Duration::from_secs(2);

    struct Served {
        fixture: Fixture,
        router: Router,
        ended: Arc<AtomicUsize>,
    }

    impl Served {
        /// Requests that take two seconds, at a replica on which so many may go on without their clients.
        fn new(unattended: usize) -> Served {
            let fixture = Fixture::new();
            let ended = Arc::<AtomicUsize>::default();
            let counted = ended.clone();
            let slow = get(move || async move {
                sleep(STEP).await;
                counted.fetch_add(1, Ordering::SeqCst);
            });
            let mut config = Config::new("idp", "https://login.example", StateConfig::Memory);
            config.limits.unattended = unattended;
            let layer =
                middleware::from_fn_with_state(Unattended::new(fixture.env("idp"), &config, Stop::never()), to_its_end);
            let never = get(std::future::pending::<()>);
            let panics = get(|| async {
                if true {
                    panic!("a bug")
                }
            });
            let router = Router::new()
                .route("/slow", slow)
                .route("/never", never)
                .route("/panics", panics)
                .layer(layer);
            Served { fixture, router, ended }
        }

        async fn ask_and_leave(&self, path: &str, after: Duration) {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let _ = timeout(after, self.router.clone().oneshot(request)).await;
        }

        fn ended(&self) -> usize {
            self.ended.load(Ordering::SeqCst)
        }

        fn went_on(&self) -> usize {
            self.fixture.marks.seen("a request went on without its client")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_begun_runs_to_its_end() {
        let served = Served::new(2);
        served.ask_and_leave("/slow", STEP / 2).await;
        assert_eq!(served.ended(), 0);
        sleep(STEP).await;
        assert_eq!((served.ended(), served.went_on()), (1, 1));
        // Somebody waits for the next one, so nothing has to go on.
        served.ask_and_leave("/slow", 2 * STEP).await;
        assert_eq!((served.ended(), served.went_on()), (2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn strangers_who_leave_take_no_more_than_their_places() {
        let served = Served::new(2);
        for _ in 0..5 {
            served.ask_and_leave("/slow", Duration::from_millis(1)).await;
        }
        sleep(STEP).await;
        assert_eq!((served.ended(), served.went_on()), (2, 2));
        served.ask_and_leave("/slow", Duration::from_millis(1)).await;
        sleep(STEP).await;
        assert_eq!(served.ended(), 3, "the places are free again");
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_gives_its_place_back() {
        let served = Served::new(1);
        served.ask_and_leave("/never", STEP).await;
        sleep(Duration::from_secs(31)).await;
        served.ask_and_leave("/slow", STEP / 2).await;
        sleep(STEP).await;
        assert_eq!(served.ended(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_panicked_is_not_polled_again() {
        let served = Served::new(1);
        let request = Request::get("/panics").body(Body::empty()).unwrap();
        let asked = served.router.clone().oneshot(request);
        served.fixture.env("idp").spawn(async move { drop(asked.await) });
        sleep(STEP).await;
        assert_eq!(served.went_on(), 0);
    }
}
