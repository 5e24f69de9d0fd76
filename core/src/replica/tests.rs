use super::*;
use crate::{
    config::StateConfig,
    http::client,
    leader::LEASE,
    registry,
    store::{
        AuthStateStore, Key, MemoryStore, SqliteDirectory,
        testing::{Fixture, Flaky},
    },
    testing::rsa::FixedRsaKeys,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use seams::{Cause, Failure};
use std::time::Duration;
use tokio::{sync::oneshot, time::sleep};

const SECOND: Duration = Duration::from_secs(1);

struct Running {
    fixture: Fixture,
    env: Env,
    store: Arc<Flaky>,
    stop: Option<oneshot::Sender<()>>,
    ended: watch::Receiver<bool>,
}

impl Running {
    async fn new(test: &str, store_answers: bool) -> Running {
        let config = config();
        let fixture = Fixture::new();
        fixture.clock.follow_tokio();
        let env = fixture.env("idp-a");
        let location = format!("file:/replica-{test}?vfs=memdb");
        let directory = SqliteDirectory::open(env.clone(), &location, SECOND)
            .await
            .expect("it opens");
        let store = Arc::new(Flaky::new(MemoryStore::new(env.clock.clone())));
        let (stop, asked) = oneshot::channel();
        let (tell, ended) = watch::channel(false);
        let running = Running {
            store: store.clone(),
            fixture,
            env: env.clone(),
            stop: Some(stop),
            ended,
        };
        if !store_answers {
            running.lose_the_store();
        }
        let mut wiring = Wiring::standard(&env, &config, Arc::new(directory), Arc::new(FixedRsaKeys::default()));
        wiring.store = store;
        env.clone().spawn(async move {
            let asked = async move {
                if asked.await.is_err() {
                    std::future::pending::<()>().await; // the test is over
                }
            };
            serve(env, config, wiring, asked).await.expect("it starts");
            tell.send_replace(true);
        });
        running
    }

    fn ask_to_stop(&mut self) {
        self.stop.take().expect("asked once").send(()).expect("it is there");
    }

    fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    fn lose_the_store(&self) {
        self.store.fail(Err(Failure::Fail(Cause::NoMaster)));
    }

    async fn get(&self, port: u16, path: &str) -> Option<Response<Bytes>> {
        let request = Request::get(path).body(Full::default()).expect("a request");
        client::send(&self.env, ("idp-a", port), request, SECOND).await.ok()
    }

    async fn is_open(&self) -> bool {
        self.get(8080, "/jwks")
            .await
            .is_some_and(|r| r.status() == StatusCode::OK)
    }
}

fn config() -> Config {
    Config {
        account_port: Some(8081),
        ..Config::new("idp-a", "https://login.example", StateConfig::Memory)
    }
}

#[tokio::test(start_paused = true)]
async fn the_port_is_open_exactly_while_the_replica_can_work() {
    let replica = Running::new("port", false).await;
    sleep(10 * SECOND).await;
    assert!(!replica.is_open().await, "not before the store has answered");
    assert_eq!(
        replica.fixture.marks.seen("replica degraded"),
        0,
        "it was never anything else"
    );

    replica.store.fail(Ok(()));
    sleep(2 * SECOND).await;
    assert!(replica.is_open().await);
    let health = replica.get(9090, "/health").await.expect("an answer");
    assert_eq!(health.status(), StatusCode::OK);

    replica.lose_the_store();
    sleep(5 * SECOND).await;
    assert!(replica.is_open().await, "a failover is not worth closing for");
    sleep(3 * SECOND).await;
    assert!(!replica.is_open().await);
    let health = replica.get(9090, "/health").await.expect("the ops port stays open");
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    let text = str::from_utf8(health.body()).unwrap();
    assert!(
        text.contains(r#""status":"degraded","closed":["logins"],"reasons":["store: no sentinel names a master"]"#),
        "{text}"
    );
    assert_eq!(replica.fixture.marks.seen("replica degraded"), 1);

    replica.store.fail(Ok(()));
    sleep(SECOND).await;
    assert!(!replica.is_open().await, "one answer is not enough");
    sleep(3 * SECOND).await;
    assert!(replica.is_open().await, "by itself");
    assert_eq!(replica.fixture.marks.seen("replica recovered"), 1);
}

/// What needs no store goes on, and whoever wants to log in is told.
#[tokio::test(start_paused = true)]
async fn the_port_for_accounts_needs_no_store() {
    let replica = Running::new("accounts", false).await;
    sleep(2 * SECOND).await;
    for path in ["/jwks", "/.well-known/openid-configuration", "/"] {
        let answer = replica.get(8081, path).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let answer = replica.get(8081, "/userinfo").await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "it has no token");
    for path in registry::LOGINS {
        let answer = replica.get(8081, path).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.headers()["retry-after"], "2", "{path}");
        assert!(
            str::from_utf8(answer.body())
                .unwrap()
                .contains("data-error=\"no-logins\""),
            "{path}"
        );
    }
    let answer = replica.get(8081, "/token").await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert!(
        str::from_utf8(answer.body())
            .unwrap()
            .contains(r#""error":"temporarily_unavailable""#)
    );
    let answer = replica.get(8081, "/nowhere").await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

/// Every path that needs the store is known as one: at the port for logins there is something.
#[tokio::test(start_paused = true)]
async fn all_paths_of_logins_exist() {
    let replica = Running::new("paths", true).await;
    sleep(2 * SECOND).await;
    for path in registry::LOGINS {
        let answer = replica.get(8080, path).await.expect("an answer");
        assert_ne!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn ops_can_see_who_leads() {
    let replica = Running::new("leads", true).await;
    sleep(2 * SECOND).await;
    let health = replica.get(9090, "/health").await.expect("an answer");
    assert_eq!(
        str::from_utf8(health.body()).unwrap(),
        r#"{"status":"ok","closed":[],"reasons":[],"leader":true,"replica":"idp-a"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_port_in_use_is_said_at_once() {
    let fixture = Fixture::new();
    let env = fixture.env("idp-a");
    let location = "file:/replica-taken?vfs=memdb";
    let directory = SqliteDirectory::open(env.clone(), location, SECOND)
        .await
        .expect("it opens");
    let wiring = Wiring::standard(&env, &config(), Arc::new(directory), Arc::new(FixedRsaKeys::default()));
    let _somebody_else = env.network.listen(8080).await.unwrap();
    let error = serve(env, config(), wiring, std::future::pending()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot listen on port 8080: address in use");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_stops_lets_nobody_in_gives_the_lease_back_and_ends() {
    let mut replica = Running::new("stops", true).await;
    sleep(2 * SECOND).await;
    let lease = Key::new(LEASE, "jobs");
    assert!(replica.store.get(&lease).await.unwrap().is_some());
    let idle = replica.env.network.connect("idp-a", 8080).await.unwrap();
    replica.ask_to_stop();
    sleep(SECOND).await;
    assert!(!replica.has_ended(), "a connection is left");
    assert_eq!(replica.store.get(&lease).await, Ok(None));
    assert!(replica.env.network.connect("idp-a", 8080).await.is_err());
    let health = replica.get(9090, "/health").await.expect("the ops port stays open");
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        str::from_utf8(health.body()).unwrap(),
        r#"{"status":"stopping","closed":["logins","accounts"],"reasons":[],"leader":false,"replica":"idp-a"}"#
    );
    drop(idle);
    sleep(SECOND / 10).await;
    assert!(replica.has_ended(), "nothing is left to wait for");
    assert_eq!(replica.fixture.marks.seen("lease given back"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_never_got_ready_ends_at_once() {
    let mut replica = Running::new("unready", false).await;
    sleep(2 * SECOND).await;
    replica.ask_to_stop();
    sleep(SECOND / 10).await;
    assert!(replica.has_ended());
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_no_longer_than_documented() {
    let mut replica = Running::new("late", true).await;
    sleep(2 * SECOND).await;
    replica.store.hang();
    replica.ask_to_stop();
    sleep(config().deadlines.stop_work - SECOND).await;
    assert!(!replica.has_ended(), "the lease has not been given back yet");
    sleep(2 * SECOND).await;
    assert!(replica.has_ended());
    assert_eq!(replica.fixture.marks.seen("cut off by a stop"), 1);
}
