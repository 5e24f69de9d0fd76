//! Who is master, according to the Sentinels.

use super::link::{authenticate, speak};
use crate::config::{Config, Deadlines, RedisAccess, StateConfig};
use ::redis::{FromRedisValue, Value};
use async_trait::async_trait;
use seams::{Cause, Env, Failure, Outcome, within};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;

/// Finds the Redis master.
#[async_trait]
pub trait MasterFinder: Send + Sync {
    /// Host and port of the node that is said to be master. The caller still asks the node itself.
    ///
    /// # Errors
    /// Always `Fail`: looking changes nothing.
    async fn find(&self) -> Outcome<(String, u16)>;

    /// The same if most of those who know agree; otherwise nothing. Whoever has a connection that works leaves it only for
    /// that.
    async fn elected(&self) -> Option<(String, u16)> {
        None
    }
}

/// Asks all Sentinels at once, and believes what more than half of them say. Without a majority, the one whose configuration
/// is newest is right: a Sentinel that was cut off still names the old master (measured on Redis 7.0.15).
#[derive(Clone)]
pub struct SentinelFinder(Arc<Sentinels>);

struct Sentinels {
    env: Env,
    addresses: Vec<(String, u16)>,
    master: String,
    deadlines: Deadlines,
    access: RedisAccess,
}

/// What a Sentinel says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Opinion {
    master: (String, u16),
    /// The epoch of its configuration, which grows with each failover; 0 if it does not say.
    epoch: u64,
}

/// What became of a search.
enum Search {
    /// Most Sentinels name this master.
    Elected((String, u16)),
    /// Those that answered, fewer than that or at odds, and why the others did not.
    Divided(Vec<Opinion>, Option<Cause>),
}

impl SentinelFinder {
    /// `sentinels` as host and port; `master` is the name they know the master by. Each Sentinel
    /// has [`Deadlines::connect`] to take the connection and answer.
    pub fn new(env: Env, sentinels: Vec<(String, u16)>, master: String, deadlines: Deadlines) -> SentinelFinder {
        SentinelFinder::with_access(env, sentinels, master, deadlines, RedisAccess::default())
    }

    /// The same for Sentinels that ask for a password, or for TLS.
    pub fn with_access(
        env: Env,
        sentinels: Vec<(String, u16)>,
        master: String,
        deadlines: Deadlines,
        access: RedisAccess,
    ) -> SentinelFinder {
        SentinelFinder(Arc::new(Sentinels {
            env,
            addresses: sentinels,
            master,
            deadlines,
            access,
        }))
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
        let (sentinels, master, access) = (sentinels.clone(), master.clone(), sentinel_access.clone());
        Some(SentinelFinder::with_access(
            env.clone(),
            sentinels,
            master,
            config.deadlines,
            access,
        ))
    }

    /// Asks all of them, until most agree or the last has answered.
    async fn search(&self) -> Search {
        let all = self.0.addresses.len();
        let (say, mut said) = mpsc::channel(all.max(1));
        for at in 0..all {
            let (sentinels, say) = (self.0.clone(), say.clone());
            // In a task of its own: a search that has ended does not wait for those that are silent.
            self.0.env.spawn(async move {
                let _ = say.send(sentinels.opinion(at).await).await;
            });
        }
        drop(say);
        let (mut opinions, mut refusal) = (Vec::<Opinion>::new(), None);
        while let Some(opinion) = said.recv().await {
            match opinion {
                Ok(opinion) => {
                    let agree = opinions.iter().filter(|other| other.master == opinion.master);
                    if 2 * (agree.count() + 1) > all {
                        return Search::Elected(opinion.master);
                    }
                    opinions.push(opinion);
                }
                Err(cause @ Cause::SentinelRefuses { .. }) => drop(refusal.get_or_insert(cause)),
                Err(_) => {}
            }
        }
        Search::Divided(opinions, refusal)
    }
}

#[async_trait]
impl MasterFinder for SentinelFinder {
    async fn find(&self) -> Outcome<(String, u16)> {
        match self.search().await {
            Search::Elected(master) => Ok(master),
            Search::Divided(opinions, refusal) => match newest(opinions) {
                Some(opinion) => {
                    self.0.env.mark("the sentinels are divided");
                    Ok(opinion.master)
                }
                // That one refuses says more than that the others are silent.
                None => Err(Failure::Fail(refusal.unwrap_or(Cause::NoMaster))),
            },
        }
    }

    async fn elected(&self) -> Option<(String, u16)> {
        match self.search().await {
            Search::Elected(master) => Some(master),
            Search::Divided(..) => None,
        }
    }
}

/// The opinion of the highest epoch; of several, the one that was heard first.
fn newest(opinions: Vec<Opinion>) -> Option<Opinion> {
    opinions
        .into_iter()
        .reduce(|best, other| if other.epoch > best.epoch { other } else { best })
}

impl Sentinels {
    /// What one of them says, within its deadline.
    async fn opinion(&self, at: usize) -> Result<Opinion, Cause> {
        let (host, port) = &self.addresses[at];
        let cause = match within(self.deadlines.connect, "a sentinel", self.ask(host, *port)).await {
            Ok(Ok(opinion)) => return Ok(opinion),
            Ok(Err(failure)) => failure.cause().clone(),
            Err(cause) => cause,
        };
        tracing::debug!(sentinel = %host, port, %cause, "a sentinel did not help");
        Err(cause)
    }

    async fn ask(&self, host: &str, port: u16) -> Outcome<Opinion> {
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
        let asking = |question: &str| {
            let mut command = ::redis::cmd("SENTINEL");
            command.arg(question).arg(&self.master);
            let mut connection = connection.clone();
            async move { command.query_async(&mut connection).await }
        };
        // Both at once: the second question costs no time.
        let (named, known) = tokio::join!(asking("get-master-addr-by-name"), asking("master"));
        let named: Option<(String, u16)> =
            FromRedisValue::from_redis_value(named.map_err(failed)?).map_err(|e| failed(e.into()))?;
        let master = match named {
            None => return Err(Failure::Fail(Cause::NoMaster)),
            // An empty name could resolve to ourselves, and nobody listens on port 0.
            Some((host, port)) if host.is_empty() || port == 0 => {
                let what = format!("a Sentinel names {host:?}, port {port}, as the master");
                return Err(Failure::Fail(Cause::Protocol(what)));
            }
            Some(address) => address,
        };
        let known = known.and_then(|known: Value| Ok(BTreeMap::<String, String>::from_redis_value(known)?));
        let epoch = known.ok().and_then(|known| known.get("config-epoch")?.parse().ok());
        Ok(Opinion {
            master,
            epoch: epoch.unwrap_or(0),
        })
    }
}
