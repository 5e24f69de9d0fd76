//! Who buys, what can be seen of it, and the hosts.

use crate::{
    desk::{self, Seats},
    in_redis::{self, InRedis},
    ledger::{Database, Ledger, new_database},
};
use sim::prelude::*;

/// What somebody does, as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Behaviour {
    Buy { seat: u64 },
    BuyTwiceAtOnce { seat: u64 },
}

impl sim::service::Behaviour<BoxOffice> for Behaviour {}

/// One thing that somebody tries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub(crate) enum Op {
    Buy { seat: u64 },
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["buy"];

    fn describe(&self) -> String {
        let Op::Buy { seat } = self;
        format!("buys seat {seat}")
    }
}

async fn act(scene: Scene<BoxOffice>, who: String, does: Behaviour) {
    match does {
        Behaviour::Buy { seat } => buy(&scene, &who, seat).await,
        Behaviour::BuyTwiceAtOnce { seat } => drop(tokio::join!(buy(&scene, &who, seat), buy(&scene, &who, seat))),
    }
}

async fn buy(scene: &Scene<BoxOffice>, who: &str, seat: u64) {
    let ask = async {
        match scene.http("front").post(&format!("/seats/{seat}"), "").await {
            Ok(Answer { status: 200, .. }) => Seen::Ok,
            Ok(Answer { status: 409, .. }) => Seen::Fail("sold".into()),
            Ok(answer) => Seen::Unknown(answer.to_string()), // it may have been sold all the same
            Err(seen) => seen,
        }
    };
    scene.observe(who, Op::Buy { seat }, ask).await;
}

/// The box office, as the harness knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoxOffice;

impl Service for BoxOffice {
    type World = NoOptions;
    type Behaviour = Behaviour;
    type Op = Op;
    type Observation = Nothing;
    type Fault = Nothing;
    type Bug = fn(InRedis) -> Arc<dyn Seats>;
    type Shared = Database;

    fn world(_: &NoOptions) -> World<BoxOffice> {
        World::new()
            .redis("redis", &RedisOptions::default())
            .sentinels("sentinel", 3, "redis", in_redis::MASTER, &SentinelOptions::default())
            .service(["desk-1", "desk-2"], desk::PORT, run)
            .nginx("front", 80, "desk", desk::PORT, &NginxOptions::without_keepalive())
            .people("people", act)
            .linked("people", "front")
    }

    fn share(_: &Start<'_, BoxOffice>) -> Database {
        new_database()
    }
}

/// One process of the service, from its boot on.
async fn run(process: Process<BoxOffice>, env: Env) {
    let redis = InRedis::new(&env);
    let seats = match process.bug {
        Some(mistake) => mistake(redis),
        None => Arc::new(Ledger::new(env.clone(), redis, process.shared)),
    };
    desk::serve(env, seats).await;
}
