//! Against a server that is told what to answer. The commands themselves are tested against the
//! simulated Redis and a real one.

mod bytes;
mod sentinels;

use super::*;
use crate::{
    config::{Config, StateConfig},
    store::{Namespace, testing::Fixture},
};
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream},
    sync::mpsc::UnboundedReceiver,
};

const MASTER: &str = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
const REPLICA: &str = "*5\r\n$5\r\nslave\r\n$7\r\nredis-2\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n";

/// What the server does when asked.
enum Answer {
    Say(&'static str),
    Hang,
    HangUp,
}
use Answer::{Hang, HangUp, Say};

/// Serves a host: answers each command as `answer` says, and notes it.
fn serve(
    mut connections: UnboundedReceiver<DuplexStream>,
    asked: Arc<Mutex<Vec<String>>>,
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
) {
    let answer = Arc::new(answer);
    spawn(async move {
        while let Some(stream) = connections.recv().await {
            let (asked, answer) = (asked.clone(), answer.clone());
            spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Some(command) = read_command(&mut stream).await {
                    asked.lock().unwrap().push(command.clone());
                    match answer(&command) {
                        Say(text) => stream.write_all(text.as_bytes()).await.unwrap_or(()),
                        Hang => std::future::pending().await,
                        HangUp => return,
                    }
                }
            });
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test without the simulation has no other executor"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

async fn read_command(stream: &mut BufReader<DuplexStream>) -> Option<String> {
    let mut parts = vec![];
    for _ in 0..read_length(stream).await? {
        let mut part = vec![0; read_length(stream).await? + 2];
        stream.read_exact(&mut part).await.ok()?;
        part.truncate(part.len() - 2);
        parts.push(String::from_utf8_lossy(&part).into_owned());
    }
    Some(parts.join(" "))
}

async fn read_length(stream: &mut BufReader<DuplexStream>) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.get(1..)?.trim().parse().ok()
}

/// Names the hosts in turn; the last one for ever.
struct Finder {
    hosts: Vec<&'static str>,
    asked: AtomicUsize,
}

#[async_trait]
impl MasterFinder for Finder {
    async fn find(&self) -> Outcome<(String, u16)> {
        let at = self.asked.fetch_add(1, Ordering::Relaxed);
        let host = self.hosts.get(at).or(self.hosts.last()).expect("a host");
        Ok(((*host).to_owned(), 6379))
    }
}

struct World {
    fixture: Fixture,
    finder: Arc<Finder>,
    store: RedisStore,
    asked: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(hosts: &[&'static str]) -> World {
        let fixture = Fixture::new();
        let finder = Arc::new(Finder {
            hosts: hosts.to_vec(),
            asked: AtomicUsize::new(0),
        });
        let deadlines = Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines;
        World {
            store: RedisStore::new(fixture.env("idp-a"), finder.clone(), deadlines),
            asked: Arc::default(),
            fixture,
            finder,
        }
    }

    fn serve(&self, host: &str, answer: impl Fn(&str) -> Answer + Send + Sync + 'static) {
        serve(self.fixture.network.serve(host), self.asked.clone(), answer);
    }

    fn asked(&self, what: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|c| c.starts_with(what))
            .count()
    }

    fn found(&self) -> usize {
        self.finder.asked.load(Ordering::Relaxed)
    }
}

fn key() -> Key {
    Key::new(Namespace::new("auth:oidc:code"), "k")
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_unknown_and_never_asked_again() {
    let world = World::new(&["redis-1"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        _ => HangUp,
    });
    let taken = world.store.take(&key()).await;
    assert!(
        matches!(&taken, Err(Failure::Unknown(Cause::ConnectionLost(what))) if what.starts_with("redis: ")),
        "{taken:?}"
    );
    assert_eq!(world.asked("GETDEL auth:oidc:code:k"), 1);
    assert_eq!(world.fixture.marks.seen("store outcome unknown"), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_is_unknown_after_the_deadline_and_ends_the_connection() {
    let world = World::new(&["redis-1", "redis-2"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        _ => Hang,
    });
    world.serve("redis-2", |command| match command {
        "ROLE" => Say(MASTER),
        _ => Say("$-1\r\n"),
    });
    let began = Instant::now();
    let taken = world.store.take(&key()).await;
    assert!(
        matches!(taken, Err(Failure::Unknown(Cause::Deadline { .. }))),
        "{taken:?}"
    );
    assert_eq!(began.elapsed(), Duration::from_millis(800));
    assert_eq!(world.asked("GETDEL"), 1);
    assert_eq!(world.store.take(&key()).await, Ok(None), "of the next master");
}

#[tokio::test(start_paused = true)]
async fn a_demoted_master_is_left_within_the_same_call() {
    let world = World::new(&["redis-1", "redis-2"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        _ => Say("-READONLY You can't write against a read only replica.\r\n"),
    });
    world.serve("redis-2", |command| match command {
        "ROLE" => Say(MASTER),
        _ => Say("$1\r\nv\r\n"),
    });
    assert_eq!(world.store.take(&key()).await, Ok(Some(b"v".to_vec())));
    assert_eq!(world.asked("GETDEL"), 2);
}

#[tokio::test(start_paused = true)]
async fn refused_twice_is_a_definite_failure() {
    let world = World::new(&["redis-1"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        _ => Say("-NOREPLICAS Not enough good replicas to write.\r\n"),
    });
    let taken = world.store.take(&key()).await;
    assert!(
        matches!(taken, Err(Failure::Fail(Cause::WritesRefused(_)))),
        "{taken:?}"
    );
    assert_eq!(world.asked("GETDEL"), 2);
}

/// What Redis 7.0.15 answers to a transaction when it is out of memory: each command is refused, and then EXEC.
#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_refused_says_why_and_is_asked_once() {
    let world = World::new(&["redis-1"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        "MULTI" => Say("+OK\r\n"),
        "EXEC" => Say("-EXECABORT Transaction discarded because of previous errors.\r\n"),
        _ => Say("-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
    });
    let counted = world.store.count(&key(), Duration::from_secs(60)).await;
    assert!(
        matches!(&counted, Err(Failure::Fail(Cause::WritesRefused(why))) if why.starts_with("redis: OOM ")),
        "{counted:?}"
    );
    assert_eq!((world.asked("EXEC"), world.asked("ROLE")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_no_master_is_asked_nothing() {
    let world = World::new(&["redis-2"]);
    world.serve("redis-2", |_| Say(REPLICA));
    let taken = world.store.take(&key()).await;
    assert!(matches!(taken, Err(Failure::Fail(Cause::Refused(_)))), "{taken:?}");
    assert_eq!(world.asked("GETDEL"), 0);
    let nobody = World::new(&["redis-3"]);
    let taken = nobody.store.take(&key()).await;
    assert!(matches!(taken, Err(Failure::Fail(Cause::Unreachable(_)))), "{taken:?}");
}

#[tokio::test(start_paused = true)]
async fn everybody_waits_for_one_attempt_to_connect() {
    let world = World::new(&["redis-1"]);
    let _accepted_and_never_answered = world.fixture.network.serve("redis-1");
    let (key, began) = (key(), Instant::now());
    let (a, b) = tokio::join!(world.store.take(&key), world.store.get(&key));
    for failed in [a, b] {
        assert!(
            matches!(failed, Err(Failure::Fail(Cause::Deadline { .. }))),
            "{failed:?}"
        );
    }
    assert_eq!(world.found(), 1);
    assert_eq!(
        began.elapsed(),
        Duration::from_millis(300),
        "the deadline for connecting"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ended_while_idle_costs_no_request() {
    let world = World::new(&["redis-1"]);
    let hang_up = Arc::new(AtomicUsize::new(0));
    let countdown = hang_up.clone();
    world.serve("redis-1", move |command| match command {
        "ROLE" => Say(MASTER),
        "PING" => HangUp,
        _ => {
            countdown.fetch_add(1, Ordering::Relaxed);
            Say("$-1\r\n")
        }
    });
    assert_eq!(world.store.get(&key()).await, Ok(None));
    let live = world.store.shared.connection().await.unwrap();
    let mut connection = live.connection.clone();
    let _: Result<(), _> = cmd("PING").query_async(&mut connection).await; // ends the connection
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(world.store.get(&key()).await, Ok(None));
    assert_eq!((hang_up.load(Ordering::Relaxed), world.found()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_prolonged_only_if_nobody_touched_it() {
    let world = World::new(&["redis-1"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        "GET auth:leader:jobs" => Say("$1\r\na\r\n"),
        "PEXPIRE auth:leader:jobs 10000" => Say("+QUEUED\r\n"),
        "EXEC" => Say("*-1\r\n"), // the watched key was touched
        _ => Say("+OK\r\n"),
    });
    let lease = Key::new(Namespace::new("auth:leader"), "jobs");
    let ten = Duration::from_secs(10);
    assert_eq!(world.store.renew(&lease, b"b", ten).await, Ok(false));
    assert_eq!(world.asked("EXEC"), 0);
    assert_eq!(world.store.renew(&lease, b"a", ten).await, Ok(false));
    assert_eq!(world.asked("EXEC"), 1);
}

#[tokio::test(start_paused = true)]
async fn counting_gives_the_lifetime_first() {
    let world = World::new(&["redis-1"]);
    world.serve("redis-1", |command| match command {
        "ROLE" => Say(MASTER),
        "MULTI" => Say("+OK\r\n"),
        "EXEC" => Say("*2\r\n+OK\r\n:1\r\n"),
        _ => Say("+QUEUED\r\n"),
    });
    let counter = Key::new(Namespace::new("auth:limit:send"), "a");
    assert_eq!(world.store.count(&counter, Duration::from_secs(60)).await, Ok(1));
    assert_eq!(
        world.asked.lock().unwrap()[1..],
        [
            "MULTI",
            "SET auth:limit:send:a 0 PX 60000 NX",
            "INCR auth:limit:send:a",
            "EXEC"
        ]
    );
}
