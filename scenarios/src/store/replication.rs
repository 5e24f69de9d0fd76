//! An operator who checks replication as one would with `redis-cli`: `ROLE` at each node, then a write at the master
//! and `WAIT` until all replicas have it (inventory 37, 39; measured on Redis 7.0.15: `WAIT` counts the
//! acknowledgements of that connection's last write).

use crate::{
    store,
    vocabulary::{Op, Seen},
    world::{Scene, hosts},
};
use idp::config::RedisAccess;
use seams::{Stream, within};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep},
};

/// How long to repeat the check: longer than an old master accepts writes before it is demoted (10.2 s).
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest time for one check.
const LOOK: Duration = Duration::from_secs(3);
/// Time between two checks.
const PAUSE: Duration = Duration::from_secs(1);

/// Repeats the check until replication works, or the time is over.
pub(crate) async fn check(scene: &Scene, who: &str) {
    let id = scene.recorder.begin(who, Op::Store(store::Op::CheckReplication));
    let until = Instant::now() + PATIENCE;
    let seen = loop {
        let seen = match within(LOOK, "the look at Redis", look(scene)).await {
            Ok(Ok(())) => Seen::Ok,
            Ok(Err(why)) => Seen::Fail(why.into()),
            Err(_) => Seen::Fail("no-answer".into()),
        };
        if seen == Seen::Ok || Instant::now() >= until {
            break seen;
        }
        sleep(PAUSE).await;
    };
    scene.recorder.end(who, id, seen);
}

async fn look(scene: &Scene) -> Result<(), &'static str> {
    let mut masters = vec![];
    for node in &scene.redis {
        let mut connection = Connection::open(scene, node).await.ok_or("unreachable")?;
        if connection.says("ROLE", "master").await.ok_or("no-answer")? {
            masters.push(connection);
        }
    }
    match masters.len() {
        0 => return Err("no-master"),
        1 => {}
        _ => return Err("two-masters"),
    }
    let mut master = masters.remove(0);
    if !master.says("SET probe 1 PX 60000", "+OK").await.ok_or("no-answer")? {
        return Err("not-written");
    }
    let replicas = scene.redis.len() - 1;
    let reply = format!(":{replicas}");
    match master
        .says(&format!("WAIT {replicas} 1500"), &reply)
        .await
        .ok_or("no-answer")?
    {
        true => Ok(()),
        false => Err("not-replicated"),
    }
}

struct Connection(Stream);

impl Connection {
    async fn open(scene: &Scene, node: &str) -> Option<Connection> {
        let RedisAccess { password, tls, .. } = &scene.redis_access;
        let mut stream = scene.env.network.connect(node, hosts::REDIS_PORT).await.ok()?;
        if *tls {
            stream = scene.env.network.secure(stream, node).await.ok()?;
        }
        let mut connection = Connection(stream);
        if let Some(password) = password {
            let command = format!("AUTH {}", password.reveal());
            connection.says(&command, "+OK").await?.then_some(())?;
        }
        Some(connection)
    }

    /// Whether the reply to an inline command contains `words`; `None` if there is no reply. These replies are short
    /// enough to arrive in one read.
    async fn says(&mut self, command: &str, words: &str) -> Option<bool> {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        let mut reply = [0; 1024];
        let length = self.0.read(&mut reply).await.ok()?;
        (length > 0).then(|| String::from_utf8_lossy(&reply[..length]).contains(words))
    }
}
