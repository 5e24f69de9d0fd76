//! Short-lived state in Redis.
//!
//! A failover of Redis may forget or resurrect anything here (measured on Redis 7.0.15: an
//! acknowledged GETDEL came back on the promoted replica). Whether a code is spent and who leads is
//! therefore decided by the directory, never by this store (inventory 7, 29).

use super::{
    MasterFinder,
    classify::{Verdict, classify},
    link::{Link, Live},
    lookout::Lookout,
};
use crate::{
    config::{Config, Deadlines, RedisAccess, StateConfig},
    store::{AuthStateStore, Key, Namespace},
};
use ::redis::{Cmd, FromRedisValue, Pipeline, cmd, pipe};
use async_trait::async_trait;
use seams::{Cause, Env, Failure, Outcome, Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// What a replica writes and takes to see whether the store works.
pub(crate) const HEALTH: Namespace = Namespace::new("auth:health");
/// It need not live for longer than the deadline of a look.
const HEALTH_LIVES: Duration = Duration::from_secs(5);

/// Short-lived state in the Redis that is master now.
///
/// One call has one deadline ([`Deadlines::store`]) over discovery, connecting and the answer. A
/// call whose outcome is unknown is never repeated here.
pub struct RedisStore {
    env: Env,
    limit: Duration,
    /// Shared by all requests.
    shared: Arc<Link>,
    /// For compare-and-set: WATCH is a state of the connection, so one caller at a time has it.
    exclusive: tokio::sync::Mutex<Arc<Link>>,
    lookout: Arc<Lookout>,
}

/// What is sent at once, and gets one answer.
enum Request {
    Command(Cmd),
    /// A MULTI … EXEC if it is atomic, else merely one write.
    Batch(Pipeline),
}

impl RedisStore {
    /// A store on the master that `finder` finds. Connects when first used.
    pub fn new(env: Env, finder: Arc<dyn MasterFinder>, deadlines: Deadlines) -> RedisStore {
        RedisStore::with_access(env, finder, deadlines, RedisAccess::default())
    }

    /// The same for a Redis that asks for a password, or for TLS.
    pub fn with_access(
        env: Env,
        finder: Arc<dyn MasterFinder>,
        deadlines: Deadlines,
        access: RedisAccess,
    ) -> RedisStore {
        let link = || Link::new(env.clone(), finder.clone(), deadlines, access.clone());
        let (shared, exclusive) = (link(), link());
        RedisStore {
            limit: deadlines.store,
            lookout: Lookout::new(&env, finder, deadlines, [shared.clone(), exclusive.clone()]),
            shared,
            exclusive: tokio::sync::Mutex::new(exclusive),
            env,
        }
    }

    /// The same with the deadlines of a configuration, and with what its Redis asks for.
    pub fn of(env: &Env, config: &Config, finder: Arc<dyn MasterFinder>) -> RedisStore {
        let access = match &config.state {
            StateConfig::Sentinel { redis_access, .. } => redis_access.clone(),
            StateConfig::Memory => RedisAccess::default(),
        };
        RedisStore::with_access(env.clone(), finder, config.deadlines, access)
    }

    fn late(&self) -> Cause {
        Cause::Deadline {
            what: "the store",
            limit_ms: self.limit.as_millis() as u64,
        }
    }

    /// Sends a request to the master, on the connection that all share.
    async fn ask<T: FromRedisValue>(&self, request: Request) -> Outcome<T> {
        self.ask_twice_at_most(request).await.map_err(named)
    }

    async fn ask_twice_at_most<T: FromRedisValue>(&self, request: Request) -> Outcome<T> {
        let deadline = Instant::now() + self.limit;
        for again in [true, false] {
            let live = self.live(&self.shared, deadline).await?;
            match self.exchange(&self.shared, &live, deadline, &request).await {
                // It did not happen, for this node has been demoted or is not ready: safe to look
                // for the master once more. Every other failure is for the caller to judge.
                Err(Verdict {
                    failure: Failure::Fail(Cause::Refused(_) | Cause::WritesRefused(_)),
                    reconnect: true,
                }) if again => self.env.mark("store refused, asked again"),
                result => return result.map_err(|verdict| verdict.failure),
            }
        }
        unreachable!("the second round returns")
    }

    async fn live(&self, link: &Arc<Link>, deadline: Instant) -> Outcome<Live> {
        match timeout_at(deadline, link.connection()).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Fail(self.late())), // nothing was sent
        }
    }

    async fn exchange<T: FromRedisValue>(
        &self,
        link: &Link,
        live: &Live,
        deadline: Instant,
        request: &Request,
    ) -> Result<T, Verdict> {
        let mut connection = live.connection.clone();
        let answer = async {
            match request {
                Request::Command(command) => command.query_async(&mut connection).await,
                Request::Batch(batch) => batch.query_async(&mut connection).await,
            }
        };
        let verdict = match timeout_at(deadline, answer).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => classify(&error),
            Err(_) => Verdict {
                failure: Failure::Unknown(self.late()),
                reconnect: true,
            },
        };
        if verdict.reconnect {
            link.forget(live);
        }
        if verdict.failure.is_unknown() {
            self.env.mark("store outcome unknown");
        }
        tracing::warn!(cause = %verdict.failure, "the store did not answer as it should");
        Err(verdict)
    }

    /// `change` if `holder` holds the key: WATCH, GET, then MULTI … EXEC, which Redis executes only
    /// if nobody has touched the key meanwhile. A compare-and-set without a script to load.
    async fn if_held(&self, key: &Key, holder: &[u8], change: Cmd) -> Outcome<bool> {
        let deadline = Instant::now() + self.limit;
        let Ok(link) = timeout_at(deadline, self.exclusive.lock()).await else {
            return Err(Failure::Fail(self.late()));
        };
        let name = key.to_string();
        let live = self.live(&link, deadline).await?;
        // UNWATCH first: a caller before us may have been dropped between its WATCH and its EXEC.
        let mut look = pipe();
        look.cmd("UNWATCH").ignore();
        look.cmd("WATCH").arg(&name).ignore();
        look.cmd("GET").arg(&name);
        let look = self.exchange(&link, &live, deadline, &Request::Batch(look)).await;
        let (held,): (Option<Vec<u8>>,) = match look {
            Ok(held) => held,
            // Only read so far: whatever the outcome, nothing was changed.
            Err(verdict) => return Err(Failure::Fail(verdict.failure.cause().clone())),
        };
        if held.as_deref() != Some(holder) {
            return Ok(false);
        }
        let mut transaction = pipe();
        transaction.atomic().add_command(change);
        let done: Option<(i64,)> = self
            .exchange(&link, &live, deadline, &Request::Batch(transaction))
            .await
            .map_err(|verdict| verdict.failure)?;
        Ok(done == Some((1,)))
    }
}

/// Adds to a cause that it was Redis: who finds it in the log by a request's correlation ID must see which part failed,
/// and "connection lost: broken pipe" could come from any (inventory 56).
fn named(failure: Failure) -> Failure {
    let name = |cause| match cause {
        Cause::Unreachable(what) => Cause::Unreachable(format!("redis at {what}")),
        Cause::ConnectionLost(why) => Cause::ConnectionLost(format!("redis: {why}")),
        Cause::Refused(why) => Cause::Refused(format!("redis: {why}")),
        Cause::WritesRefused(why) => Cause::WritesRefused(format!("redis: {why}")),
        Cause::Protocol(what) => Cause::Protocol(format!("redis: {what}")),
        named => named,
    };
    match failure {
        Failure::Fail(cause) => Failure::Fail(name(cause)),
        Failure::Unknown(cause) => Failure::Unknown(name(cause)),
    }
}

/// A lifetime as Redis takes it: whole milliseconds, at least one.
fn millis(ttl: Duration) -> u64 {
    (ttl.as_millis() as u64).max(1)
}

#[async_trait]
impl AuthStateStore for RedisStore {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let mut set = cmd("SET");
        set.arg(key.to_string()).arg(value).arg("PX").arg(millis(ttl));
        self.ask(Request::Command(set)).await
    }

    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        let mut set = cmd("SET");
        set.arg(key.to_string()).arg(value).arg("NX").arg("PX").arg(millis(ttl));
        let written: Option<String> = self.ask(Request::Command(set)).await?;
        Ok(written.is_some())
    }

    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let mut get = cmd("GET");
        get.arg(key.to_string());
        self.ask(Request::Command(get)).await
    }

    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let mut take = cmd("GETDEL");
        take.arg(key.to_string());
        self.ask(Request::Command(take)).await
    }

    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        // SET NX PX gives the lifetime and INCR keeps it. INCR followed by EXPIRE would leave a
        // counter without one when the caller dies in between (inventory 24).
        let name = key.to_string();
        let mut counting = pipe();
        counting.atomic();
        let lifetime = counting.cmd("SET").arg(&name).arg(0).arg("PX").arg(millis(window));
        lifetime.arg("NX").ignore();
        counting.cmd("INCR").arg(&name);
        let (count,): (u64,) = self.ask(Request::Batch(counting)).await?;
        Ok(count)
    }

    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        let mut prolong = cmd("PEXPIRE");
        prolong.arg(key.to_string()).arg(millis(ttl));
        self.if_held(key, holder, prolong).await.map_err(named)
    }

    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        let mut delete = cmd("DEL");
        delete.arg(key.to_string());
        self.if_held(key, holder, delete).await.map_err(named)
    }

    /// Does what a login does: writes a key, and takes it. A node may answer, be the master, and refuse every write
    /// (`OOM`, `NOREPLICAS`); one that is no master any more refuses it as well (`READONLY`).
    async fn health(&self) -> Outcome<()> {
        self.lookout.look();
        let key = Key::new(HEALTH, &*self.env.host);
        self.put(&key, b"1", HEALTH_LIVES).await?;
        self.take(&key).await.map(drop)
    }

    async fn time(&self) -> Outcome<Timestamp> {
        let (seconds, microseconds): (u64, u64) = self.ask(Request::Command(cmd("TIME"))).await?;
        Ok(Timestamp(seconds * 1000 + microseconds / 1000))
    }
}

#[cfg(test)]
mod tests;
