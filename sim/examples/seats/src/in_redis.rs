//! Seats in Redis: fast, and not to be trusted alone, for a failover takes back what was acknowledged.

use crate::desk::Seats;
use async_trait::async_trait;
use redis::{Cmd, FromRedisValue, RedisConnectionInfo, Value, aio::MultiplexedConnection, cmd};
use seams::{Cause, Env, Failure, Outcome, within};
use std::{sync::Mutex, time::Duration};

/// The name that the Sentinels know the master by.
pub(crate) const MASTER: &str = "seats";
const SENTINELS: [(&str, u16); 3] = [("sentinel-1", 26379), ("sentinel-2", 26379), ("sentinel-3", 26379)];

/// Whichever Redis is the master now.
pub(crate) struct InRedis {
    env: Env,
    connection: Mutex<Option<MultiplexedConnection>>,
}

#[async_trait]
impl Seats for InRedis {
    /// `SET NX` looks and writes in one command: two desks cannot both find the seat free.
    async fn sell(&self, seat: u64) -> Outcome<bool> {
        let key = format!("seat:{seat}");
        let set: Option<String> = self.ask(cmd("SET").arg(key).arg("sold").arg("NX")).await?;
        Ok(set.is_some())
    }
}

impl InRedis {
    pub(crate) fn new(env: &Env) -> InRedis {
        let (env, connection) = (env.clone(), Mutex::default());
        InRedis { env, connection }
    }

    /// Sends one command to the master. `Fail` if there is none to send it to, `Unknown` if there is no answer.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Outcome<T> {
        let mut connection = self.master().await.ok_or(Failure::Fail(Cause::NoMaster))?;
        let answer = command.query_async(&mut connection).await;
        answer.map_err(|error| Failure::Unknown(Cause::ConnectionLost(error.to_string())))
    }

    /// Whether the connection at hand still leads to the master is asked each time: asking changes nothing, so a
    /// connection that has died in silence costs half a second, and no sale.
    async fn master(&self) -> Option<MultiplexedConnection> {
        let kept = self.connection.lock().expect("nobody panics with it").clone();
        let mut master = is_master(kept).await;
        for sentinel in SENTINELS {
            if master.is_none() {
                let found = within(Duration::from_millis(500), "a Sentinel", self.found_by(sentinel)).await;
                master = found.ok().flatten();
            }
        }
        *self.connection.lock().expect("nobody panics with it") = master.clone();
        master
    }

    async fn found_by(&self, sentinel: (&str, u16)) -> Option<MultiplexedConnection> {
        let mut sentinel = self.connect(sentinel.0, sentinel.1).await?;
        let mut question = cmd("SENTINEL");
        question.arg("get-master-addr-by-name").arg(MASTER);
        let (host, port): (String, u16) = question.query_async(&mut sentinel).await.ok()?;
        is_master(self.connect(&host, port).await).await
    }

    /// redis-rs over a stream of ours. Its answers have half a second, by default.
    async fn connect(&self, host: &str, port: u16) -> Option<MultiplexedConnection> {
        let stream = self.env.network.connect(host, port).await.ok()?;
        let (info, config) = (RedisConnectionInfo::default(), Default::default());
        let connected = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (connection, driver) = connected.ok()?;
        self.env.spawn(driver);
        Some(connection)
    }
}

/// The connection, if it leads to a master: a Sentinel may name one that was. A replica's answer has other parts.
async fn is_master(connection: Option<MultiplexedConnection>) -> Option<MultiplexedConnection> {
    let mut connection = connection?;
    let role: (String, u64, Value) = cmd("ROLE").query_async(&mut connection).await.ok()?;
    (role.0 == "master").then_some(connection)
}
