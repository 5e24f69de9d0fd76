//! A client that asks one question on a connection of its own.

use super::{Inspection, MASTER_NAME, WATCH_MS};
use crate::redis::request;
use redis::Value;
use seams::Env;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Duration, timeout},
};

/// Sends these commands in turn on a connection of its own. Returns the last reply as one word; `refused` if nothing
/// listens there; `unknown` if no reply came in time.
pub async fn ask(env: &Env, host: &str, port: u16, commands: &[&str], timeout_ms: u64) -> String {
    let conversation = async {
        let Ok(mut stream) = env.network.connect(host, port).await else {
            return "refused".to_owned();
        };
        let mut answer = "unknown".to_owned();
        for command in commands {
            let words: Vec<&str> = command.split(' ').collect();
            if stream.write_all(&request(&words)).await.is_err() {
                return "unknown".to_owned();
            }
            let mut bytes = Vec::new();
            answer = loop {
                match redis::parse_redis_value(&bytes) {
                    Ok(value) => break as_one_word(&value),
                    Err(_) => match stream.read_buf(&mut bytes).await {
                        Ok(1..) => {}
                        _ => return "unknown".to_owned(),
                    },
                }
            };
        }
        answer
    };
    timeout(Duration::from_millis(timeout_ms), conversation)
        .await
        .unwrap_or_else(|_| "unknown".to_owned())
}

/// Tries to write until a write succeeds.
pub(super) async fn until_writable(env: &Env, host: &str, port: u16) {
    while ask(env, host, port, &["SET watched 1"], WATCH_MS * 10).await != "OK" {
        tokio::time::sleep(Duration::from_millis(WATCH_MS)).await;
    }
}

/// Asks a Sentinel every 10 ms what it knows of the master, and reports each change: the flags, and the state of a failover.
pub(super) async fn inspect(env: &Env, host: &str, port: u16, mut seen: impl FnMut(Inspection)) {
    let Ok(mut stream) = env.network.connect(host, port).await else {
        return;
    };
    let (mut last, mut bytes) = (Inspection::default(), Vec::new());
    loop {
        let question = request(&["SENTINEL", "MASTER", MASTER_NAME]);
        if stream.write_all(&question).await.is_err() {
            return;
        }
        bytes.clear();
        let answer = loop {
            match redis::parse_redis_value(&bytes) {
                Ok(value) => break value,
                Err(_) => match stream.read_buf(&mut bytes).await {
                    Ok(1..) => {}
                    _ => return,
                },
            }
        };
        let field = |wanted: &str| {
            let Value::Array(items) = &answer else { return None };
            let pair = items.chunks(2).find(|pair| as_one_word(&pair[0]) == wanted)?;
            Some(as_one_word(pair.get(1)?))
        };
        let now = Inspection {
            flags: field("flags").unwrap_or_default(),
            failover_state: field("failover-state"),
        };
        if now != last {
            last = now.clone();
            seen(now);
        }
        tokio::time::sleep(Duration::from_millis(WATCH_MS)).await;
    }
}

fn as_one_word(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Okay => "OK".to_owned(),
        Value::Int(n) => n.to_string(),
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::ServerError(error) => error.code().to_owned(),
        Value::Array(items) => items.first().map_or_else(|| "nothing".to_owned(), as_one_word),
        other => format!("{other:?}"),
    }
}
