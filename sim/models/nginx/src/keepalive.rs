//! Idle connections to all upstreams: nginx's `keepalive` (`ngx_http_upstream_keepalive_module.c`).

use super::head::HeadWatch;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// `keepalive_timeout` of an upstream: how long a connection may be idle. nginx's default.
const TIMEOUT: Duration = Duration::from_secs(60);
/// `keepalive_requests` of an upstream: how many requests one connection carries. nginx's default.
const REQUESTS_MAX: u32 = 1_000;

/// How long the HTTP library may need to learn that a connection is free. nginx waits for none: it keeps no connection on
/// which it is still sending (`request_body_sent` in `ngx_http_upstream_free_keepalive_peer`).
const HAND_OVER: Duration = Duration::from_millis(1);

/// A connection without a request in progress.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// The head of its answer.
    pub(super) watch: HeadWatch,
    /// Requests carried so far.
    pub(super) requests: u32,
    /// Whether its server said that it closes it after this answer.
    pub(super) is_last: bool,
}

struct IdleConnection {
    upstream: usize,
    connection: Connection,
    until: Duration,
}

/// The idle connections, the most recently used first.
#[derive(Clone)]
pub(super) struct Idle {
    idle: Arc<Mutex<VecDeque<IdleConnection>>>,
    /// `keepalive`: how many may be idle, over all upstreams. One more closes the one that has been idle longest.
    max: usize,
    added: Arc<Notify>,
}

impl Idle {
    pub(super) fn new(max: usize) -> Idle {
        Idle {
            idle: Arc::default(),
            max,
            added: Arc::default(),
        }
    }

    /// Whether connections are kept at all.
    pub(super) fn keeps(&self) -> bool {
        self.max > 0
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<IdleConnection>> {
        self.idle.lock().expect("no code panics while holding the connections")
    }

    /// Keeps a connection whose answer is complete.
    pub(super) fn put(&self, upstream: usize, connection: Connection, now: Duration) {
        let is_over = connection.is_last || connection.requests >= REQUESTS_MAX || connection.sender.is_closed();
        if self.max == 0 || is_over {
            return;
        }
        let mut idle = self.lock();
        idle.truncate(self.max - 1);
        idle.push_front(IdleConnection {
            upstream,
            connection,
            until: now + TIMEOUT,
        });
        self.added.notify_one();
    }

    /// An idle connection to this upstream that is not known to be closed.
    pub(super) async fn take(&self, upstream: usize) -> Option<Connection> {
        loop {
            let found = {
                let mut all = self.lock();
                let index = all.iter().position(|idle| idle.upstream == upstream)?;
                all.remove(index)?
            };
            let mut connection = found.connection;
            if let Ok(Ok(())) = timeout(HAND_OVER, connection.sender.ready()).await {
                return Some(connection);
            }
        }
    }

    /// Closes connections that have been idle too long; never returns. `now` is a monotonic clock.
    pub(super) async fn reap(&self, now: impl Fn() -> Duration) {
        loop {
            let next = {
                let mut idle = self.lock();
                while idle.back().is_some_and(|last| last.until <= now()) {
                    idle.pop_back();
                }
                idle.back().map(|last| last.until)
            };
            match next {
                Some(until) => tokio::time::sleep(until.saturating_sub(now())).await,
                None => self.added.notified().await,
            }
        }
    }
}

/// Returns a connection to the idle ones when the answer that it carries is complete.
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
