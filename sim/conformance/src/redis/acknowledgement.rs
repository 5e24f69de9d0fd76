//! What a replica acknowledges when its master asks. The master is a script: it sends an empty dataset, a write, the question and
//! another write, all at once.

use super::request;
use crate::{Agreement, Unavailable, port::Port, process::Process};
use model_redis::{Disk, RedisConfig, resp::Args, serve};
use seams_os::clock::Stopwatch;
use sim::testbed::{Stage, answer_requests};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

/// Where the stream begins.
const BEGIN: u64 = 1_000;
/// An empty dataset as a real node reads it: the head and the end of an RDB file, without a checksum.
const RDB: &[u8] = b"REDIS0009\xff\0\0\0\0\0\0\0\0";
/// The same as the model reads it.
const SNAPSHOT: &[u8] = b"SQUALL01";
/// How long the acknowledgement of a real replica may take, milliseconds.
const ACK_MS_MAX: u64 = 10_000;

/// The offsets that a replica has acknowledged.
type Acks = Arc<Mutex<Vec<u64>>>;

/// The master: its replies to a replica.
fn master(dataset: &'static [u8], acks: &Acks) -> impl Fn(&Args) -> Vec<u8> + Clone + Send + 'static {
    let acks = acks.clone();
    move |args| {
        let word = |nth: usize| {
            args.get(nth)
                .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
        };
        match (word(0).as_deref(), word(1).as_deref()) {
            (Some("ping"), _) => b"+PONG\r\n".to_vec(),
            (Some("replconf"), Some("ack")) => {
                let offset = word(2).and_then(|offset| offset.parse::<u64>().ok());
                acks.lock().expect("unpoisoned").extend(offset);
                Vec::new()
            }
            (Some("psync"), _) => {
                let head = format!("+FULLRESYNC {} {BEGIN}\r\n${}\r\n", "a".repeat(40), dataset.len());
                let question = request(&["REPLCONF", "GETACK", "*"]);
                let write = request(&["SET", "a", "1"]);
                [head.as_bytes(), dataset, &write, &question, &write].concat()
            }
            _ => b"+OK\r\n".to_vec(),
        }
    }
}

/// The first acknowledgement of something that came after the dataset.
fn first(acks: &Acks) -> Option<u64> {
    let acks = acks.lock().expect("unpoisoned");
    acks.iter().copied().find(|offset| *offset != BEGIN)
}

fn real() -> Result<Option<u64>, Unavailable> {
    let broken = |why| Unavailable::broken("redis-server", why);
    let [port, own] = [Port::reserve().map_err(broken)?, Port::reserve().map_err(broken)?];
    let (acks, number) = (Acks::default(), port.number());
    let (script, runtime) = (
        master(RDB, &acks),
        tokio::runtime::Builder::new_current_thread().enable_all().build(),
    );
    let runtime = runtime.map_err(broken)?;
    let _replica = Process::start("redis-server", |command, folder| {
        let (own, master) = (own.number().to_string(), number.to_string());
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &own]);
        command
            .args(["--replicaof", "127.0.0.1", &master])
            .arg("--dir")
            .arg(folder);
    })?;
    runtime.block_on(async {
        let env = seams_os::env("master", IpAddr::V4(Ipv4Addr::LOCALHOST));
        env.spawn(answer_requests(env.clone(), number, script));
        let watch = Stopwatch::start();
        while first(&acks).is_none() && watch.elapsed_ms() < ACK_MS_MAX {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    Ok(first(&acks))
}

fn simulated() -> Option<u64> {
    let (mut stage, acks) = (Stage::new(), Acks::default());
    let script = master(SNAPSHOT, &acks);
    let host = stage.host("master", move |env| answer_requests(env, 6379, script.clone()));
    stage.host("replica", move |env| {
        let config = RedisConfig {
            replica_of: Some((host.clone(), 6379)),
            ..RedisConfig::default()
        };
        serve(env, config, Disk::new(), Arc::new(|_| {}))
    });
    stage.run(Duration::from_secs(10), |_| tokio::time::sleep(Duration::from_secs(3)));
    first(&acks)
}

/// Compares the acknowledgement of the model with that of a real replica.
///
/// # Errors
/// There is no real server.
pub fn compare() -> Result<Agreement, Unavailable> {
    let (theirs, ours) = (real()?, simulated());
    let agrees = theirs.is_some() && ours == theirs;
    let difference = format!("asked at offset {BEGIN} + 27, redis-server acknowledges {theirs:?}, the model {ours:?}");
    Ok(Agreement {
        compared: 1,
        differences: if agrees { Vec::new() } else { vec![difference] },
        ..Agreement::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured on 7.0.15.
    #[test]
    fn the_question_itself_is_not_acknowledged() {
        let write = request(&["SET", "a", "1"]).len() as u64;
        assert_eq!(simulated(), Some(BEGIN + write));
    }
}
