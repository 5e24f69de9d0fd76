//! A node on a network: one task for each connection, one for the clock, one for the link to the master.

use super::config::{Moment, RedisConfig, RedisEvent};
use super::disk::Disk;
use super::link;
use super::node::{ClientId, Node};
use super::shared::Shared;
use bytes::{Buf, Bytes, BytesMut};
use seams::{Env, Stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

/// Runs a node until its host dies; `observer` is called with its events. Returns only if the port is taken, which is
/// logged.
pub async fn serve(env: Env, config: RedisConfig, disk: Disk, observer: Arc<dyn Fn(RedisEvent) + Send + Sync>) {
    let (port, late_ppm) = (config.port, config.replication_late_ppm);
    let listener = match env.network.listen(port).await {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(port, %error, "redis cannot listen"),
    };
    let entropy = env.entropy.clone();
    let random_hex = move || {
        let mut bytes = [0; 20];
        entropy.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let node = Node::boot(config, disk, Moment::of(&env), random_hex, observer);
    let node = Shared::new(node);
    env.spawn(link::follow(env.clone(), node.clone()));
    env.spawn(keep_time(env.clone(), node.clone()));
    loop {
        match listener.accept().await {
            Ok(stream) => env.spawn(attend(env.clone(), node.clone(), stream, late_ppm)),
            Err(error) => {
                tracing::warn!(%error, "redis cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Runs the cron when something is due, not ten times a second.
async fn keep_time(env: Env, node: Shared) {
    let timers = node.lock().timers.clone();
    loop {
        let now = Moment::of(&env);
        let due = node.lock().cron(now);
        seams::select! {
            () = timers.notified() => {}
            () = sleep_until(due, now) => {}
        }
    }
}

/// Sleeps until a moment of the monotonic clock; `None`: without end.
pub async fn sleep_until(mono_ms: Option<u64>, now: Moment) {
    match mono_ms {
        Some(at) => tokio::time::sleep(Duration::from_millis(at.saturating_sub(now.mono_ms))).await,
        None => std::future::pending().await,
    }
}

/// See [`RedisConfig::replication_late_ppm`].
const DESCHEDULED: Duration = Duration::from_millis(1);

/// The probability is limited to one half, however many clients are answered at once, unless the configuration has more.
const LATE_PPM_MAX: u32 = 500_000;

fn is_late(env: &Env, late_ppm: u32, answered: u32) -> bool {
    if late_ppm == 0 {
        return false;
    }
    let mut draw = [0; 4];
    env.entropy.fill(&mut draw);
    let late_ppm = late_ppm.saturating_mul(answered.max(1)).min(LATE_PPM_MAX.max(late_ppm));
    u32::from_le_bytes(draw) % 1_000_000 < late_ppm
}

struct Departure<'a>(&'a Shared, ClientId);

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if let Some(mut node) = self.0.lock_if_sound() {
            node.disconnect(self.1);
        }
    }
}

/// Serves one connection.
async fn attend(env: Env, node: Shared, stream: Stream, late_ppm: u32) {
    let (id, wake): (ClientId, Arc<Notify>) = node.lock().connect(stream.peer());
    let _departure = Departure(&node, id);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut input = BytesMut::new();
    let mut output = Bytes::new();
    let mut replica = false;
    loop {
        if output.is_empty() {
            let (bytes, closing) = node.lock().take_output(id);
            if bytes.is_empty() && closing {
                return;
            }
            output = bytes;
        }
        let (now, wait_until) = (Moment::of(&env), node.lock().wait_until(id));
        input.reserve(4096);
        seams::select! {
            written = writer.write(&output), if !output.is_empty() => match written {
                Ok(n) if n > 0 => output.advance(n),
                _ => return,
            },
            () = wake.notified() => {
                // The reply to the client and the bytes to the replica are two events, and sometimes the process is
                // descheduled between them.
                if replica && is_late(&env, late_ppm, node.lock().answers(0, Moment::of(&env))) {
                    tokio::time::sleep(DESCHEDULED).await;
                }
                node.lock().pump(id, Moment::of(&env));
            }
            () = sleep_until(wait_until, now), if wait_until.is_some() => {
                let mut node = node.lock();
                node.wait_expired(id, Moment::of(&env));
                node.pump(id, Moment::of(&env));
            }
            read = reader.read_buf(&mut input) => match read {
                Ok(n) if n > 0 => {
                    let mut node = node.lock();
                    node.feed(id, &input.split(), Moment::of(&env));
                    replica = node.is_replica(id);
                    node.answers(u32::from(!replica), Moment::of(&env));
                }
                _ => return,
            },
        }
    }
}
