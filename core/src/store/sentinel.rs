//! Who is master, according to the Sentinels.

use super::link::{authenticate, speak};
use crate::config::{Config, Deadlines, RedisAccess, StateConfig};
use async_trait::async_trait;
use seams::{Cause, Env, Failure, Outcome, within};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Finds the Redis master.
#[async_trait]
pub trait MasterFinder: Send + Sync {
    /// Host and port of the node that is said to be master. The caller still asks the node itself.
    ///
    /// # Errors
    /// Always `Fail`: looking changes nothing.
    async fn find(&self) -> Outcome<(String, u16)>;

    /// The node that was found last cannot be used: ask another Sentinel first, next time.
    fn report_unusable(&self) {}
}

/// Asks the Sentinels, one after the other, beginning with the one that answered last.
pub struct SentinelFinder {
    env: Env,
    sentinels: Vec<(String, u16)>,
    master: String,
    deadlines: Deadlines,
    access: RedisAccess,
    first: AtomicUsize,
}

impl SentinelFinder {
    /// `sentinels` as host and port; `master` is the name they know the master by. Each Sentinel
    /// has [`Deadlines::connect`] to take the connection and answer.
    pub fn new(env: Env, sentinels: Vec<(String, u16)>, master: String, deadlines: Deadlines) -> SentinelFinder {
        SentinelFinder {
            env,
            sentinels,
            master,
            deadlines,
            access: RedisAccess::default(),
            first: AtomicUsize::new(0),
        }
    }

    /// The Sentinels of a configuration; without any, the state is in memory.
    pub fn of(env: &Env, config: &Config) -> Option<SentinelFinder> {
        let StateConfig::Sentinel {
            sentinels,
            master,
            sentinel_access,
            ..
        } = &config.state
        else {
            return None;
        };
        let finder = SentinelFinder::new(env.clone(), sentinels.clone(), master.clone(), config.deadlines);
        Some(finder.with_access(sentinel_access.clone()))
    }

    /// The same for Sentinels that ask for a password, or for TLS.
    #[must_use]
    pub fn with_access(self, access: RedisAccess) -> SentinelFinder {
        SentinelFinder { access, ..self }
    }

    async fn ask(&self, host: &str, port: u16) -> Outcome<(String, u16)> {
        let stream = self.env.network.connect(host, port).await;
        let stream = stream.map_err(|e| Failure::Fail(Cause::Unreachable(format!("{host}:{port} ({e})"))))?;
        let refuses = |why: String| {
            Failure::Fail(Cause::SentinelRefuses {
                sentinel: format!("{host}:{port}"),
                why,
            })
        };
        // A code means that the Sentinel has answered: with NOAUTH or WRONGPASS, for example.
        let failed = |error: ::redis::RedisError| match error.code() {
            Some(_) => refuses(super::classify::text(&error)),
            None => Failure::Fail(Cause::Protocol(error.to_string())),
        };
        let stream = match self.access.tls {
            true => self.env.network.secure(stream, host).await,
            false => Ok(stream),
        };
        let stream = stream.map_err(|error| refuses(format!("TLS: {error}")))?;
        let (mut connection, driver) = speak(stream).await.map_err(failed)?;
        self.env.spawn(driver);
        authenticate(&mut connection, &self.access).await.map_err(failed)?;
        let answer: Option<(String, u16)> = ::redis::cmd("SENTINEL")
            .arg("get-master-addr-by-name")
            .arg(&self.master)
            .query_async(&mut connection)
            .await
            .map_err(failed)?;
        match answer {
            None => Err(Failure::Fail(Cause::NoMaster)),
            // An empty name could resolve to ourselves, and nobody listens on port 0.
            Some((host, port)) if host.is_empty() || port == 0 => {
                let what = format!("a Sentinel names {host:?}, port {port}, as the master");
                Err(Failure::Fail(Cause::Protocol(what)))
            }
            Some(address) => Ok(address),
        }
    }
}

#[async_trait]
impl MasterFinder for SentinelFinder {
    async fn find(&self) -> Outcome<(String, u16)> {
        let count = self.sentinels.len();
        let first = self.first.load(Ordering::Relaxed);
        let mut refusal = None;
        for at in (first..first + count).map(|i| i % count) {
            let (host, port) = &self.sentinels[at];
            let cause = match within(self.deadlines.connect, "a sentinel", self.ask(host, *port)).await {
                Ok(Ok(address)) => {
                    self.first.store(at, Ordering::Relaxed);
                    return Ok(address);
                }
                Ok(Err(failure)) => failure.cause().clone(),
                Err(cause) => cause,
            };
            // Remembered even if the caller's deadline ends the search here: the next search must not
            // spend its time on the same silent Sentinel.
            self.first.store((at + 1) % count, Ordering::Relaxed);
            tracing::debug!(sentinel = %host, port, %cause, "a sentinel did not help");
            if matches!(cause, Cause::SentinelRefuses { .. }) {
                refusal.get_or_insert(cause);
            }
        }
        // That it refuses says more than that the others are silent.
        Err(Failure::Fail(refusal.unwrap_or(Cause::NoMaster)))
    }

    fn report_unusable(&self) {
        // Measured on Redis 7.0.15: a Sentinel that was cut off still names the old master.
        let next = self.first.load(Ordering::Relaxed) + 1;
        self.first.store(next % self.sentinels.len(), Ordering::Relaxed);
    }
}
