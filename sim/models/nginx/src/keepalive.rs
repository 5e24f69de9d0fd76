//! Connections to upstreams that wait for another request: nginx's `keepalive`
//! (`ngx_http_upstream_keepalive_module.c`), whichever upstream they lead to.

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Notify;

/// `keepalive_timeout` of an upstream: how long a connection waits. nginx's default.
const TIMEOUT: Duration = Duration::from_secs(60);
/// `keepalive_requests` of an upstream: what a connection carries in its life. nginx's default.
const REQUESTS_MAX: u32 = 1_000;

/// A connection on which nothing is under way.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// Carried so far.
    pub(super) requests: u32,
}

struct Waiting {
    upstream: usize,
    connection: Connection,
    until: Duration,
}

/// The connections that wait, the one used last in front.
#[derive(Clone)]
pub(super) struct Idle {
    waiting: Arc<Mutex<VecDeque<Waiting>>>,
    /// `keepalive`: how many may wait, over all upstreams. One too many closes the one that has waited longest.
    max: usize,
    added: Arc<Notify>,
}

impl Idle {
    pub(super) fn new(max: usize) -> Idle {
        Idle {
            waiting: Arc::default(),
            max,
            added: Arc::default(),
        }
    }

    /// Whether any connection is ever kept.
    pub(super) fn keeps(&self) -> bool {
        self.max > 0
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting
            .lock()
            .expect("nobody panics while holding the connections")
    }

    /// Keeps a connection whose answer has come to its end.
    pub(super) fn put(&self, upstream: usize, connection: Connection, now: Duration) {
        if self.max == 0 || connection.requests >= REQUESTS_MAX || connection.sender.is_closed() {
            return;
        }
        let mut waiting = self.lock();
        waiting.truncate(self.max - 1);
        waiting.push_front(Waiting {
            upstream,
            connection,
            until: now + TIMEOUT,
        });
        self.added.notify_one();
    }

    /// A connection to this upstream, if one waits that is known to be open still.
    pub(super) async fn take(&self, upstream: usize) -> Option<Connection> {
        loop {
            let waiting = {
                let mut all = self.lock();
                let place = all.iter().position(|waiting| waiting.upstream == upstream)?;
                all.remove(place)?
            };
            let mut connection = waiting.connection;
            if connection.sender.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    /// Closes what has waited too long, for ever. `now` is a monotonic clock.
    pub(super) async fn reap(&self, now: impl Fn() -> Duration) {
        loop {
            let next = {
                let mut waiting = self.lock();
                while waiting.back().is_some_and(|last| last.until <= now()) {
                    waiting.pop_back();
                }
                waiting.back().map(|last| last.until)
            };
            match next {
                Some(until) => tokio::time::sleep(until.saturating_sub(now())).await,
                None => self.added.notified().await,
            }
        }
    }
}

/// Where a connection goes when the answer that it carries has come to its end.
pub(super) struct Return {
    pub(super) idle: Idle,
    pub(super) upstream: usize,
    pub(super) connection: Connection,
    pub(super) clock: Arc<dyn seams::Clock>,
}

impl Return {
    pub(super) fn put(self) {
        let now = self.clock.monotonic();
        self.idle.put(self.upstream, self.connection, now);
    }
}
