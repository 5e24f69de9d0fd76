//! A replica's link to its master.

use super::config::Moment;
use super::databases::Databases;
use super::replica::Incoming;
use super::replication::LinkState;
use super::resp::encode_request;
use super::shared::Shared;
use bytes::BytesMut;
use seams::{Env, Stream};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

/// Interval of acknowledgements and of attempts to reconnect.
const EVERY_MS: u64 = 1000;

/// Follows the node's current master until the host dies. After a broken link it reconnects at once; while it cannot connect,
/// it tries once a second (replicationHandleMasterDisconnection, replicationCron).
pub(super) async fn follow(env: Env, node: Shared) {
    let relink = node.lock().relink();
    let booted_ms = Moment::of(&env).mono_ms;
    loop {
        let Some(master) = node.lock().master() else {
            relink.notified().await;
            continue;
        };
        let mut connected = false;
        let ended = seams::select! {
            () = relink.notified() => continue,
            ended = session(&env, &node, &master, &mut connected) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, master = %master.0, "the link to the master is down");
        }
        let now = Moment::of(&env);
        node.lock().link_is(LinkState::Connect, now);
        if !connected {
            let next_ms = EVERY_MS - (now.mono_ms - booted_ms) % EVERY_MS;
            seams::select! {
                () = relink.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(next_ms)) => {}
            }
        }
    }
}

struct Link {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    input: Incoming,
}

impl Link {
    async fn send(&mut self, words: &[&str]) -> io::Result<()> {
        let mut out = BytesMut::new();
        encode_request(words, &mut out);
        self.writer.write_all(&out).await
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.input.bytes.reserve(4096);
        match self.reader.read_buf(&mut self.input.bytes).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// One line of a reply. Empty lines keep the link alive while the master is busy.
    async fn line(&mut self) -> io::Result<String> {
        loop {
            while let Some(end) = self.input.bytes.iter().position(|byte| *byte == b'\n') {
                let line = self.input.bytes.split_to(end + 1);
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                if !text.is_empty() {
                    return Ok(text);
                }
            }
            self.fill().await?;
        }
    }
}

/// One connection, from its beginning to its end. `connected` becomes true when the replica follows.
async fn session(env: &Env, node: &Shared, (host, port): &(String, u16), connected: &mut bool) -> io::Result<()> {
    let (limit, own_port, own_ip, password) = {
        let mut node = node.lock();
        node.link_is(LinkState::Connecting, Moment::of(env));
        let config = &node.config;
        (
            Duration::from_secs(config.repl_timeout_s),
            config.port.to_string(),
            config.announce_ip.clone(),
            config.masterauth.clone(),
        )
    };
    let handshake = async {
        let stream = env.network.connect(host, *port).await?;
        let (reader, writer) = tokio::io::split(stream);
        let mut link = Link {
            reader,
            writer,
            input: Incoming::default(),
        };
        link.send(&["PING"]).await?;
        let pong = link.line().await?;
        let asks = pong.starts_with("-NOAUTH") && !password.is_empty();
        if !pong.starts_with('+') && !asks {
            return Err(io::Error::other(pong));
        }
        if !password.is_empty() {
            link.send(&["AUTH", &password]).await?;
            let answer = link.line().await?;
            if answer.starts_with('-') {
                return Err(io::Error::other(answer));
            }
        }
        link.send(&["REPLCONF", "listening-port", &own_port]).await?;
        if !own_ip.is_empty() {
            link.send(&["REPLCONF", "ip-address", &own_ip]).await?;
            link.line().await?;
        }
        link.send(&["REPLCONF", "capa", "eof", "capa", "psync2"]).await?;
        link.line().await?;
        link.line().await?;
        let (id, offset) = node.lock().psync_request();
        link.send(&["PSYNC", &id, &offset.to_string()]).await?;
        let answer = link.line().await?;
        Ok((link, answer))
    };
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    let (mut link, answer) = tokio::time::timeout(limit, handshake).await.map_err(late)??;
    let words: Vec<&str> = answer.split(' ').collect();
    match words[..] {
        ["+CONTINUE", id] => node.lock().continue_with(id, Moment::of(env)),
        ["+FULLRESYNC", id, offset] => {
            let offset = offset.parse().map_err(io::Error::other)?;
            node.lock().link_is(LinkState::Sync, Moment::of(env));
            let data = tokio::time::timeout(limit, receive(&mut link)).await.map_err(late)??;
            node.lock().start_over(id, offset, data, Moment::of(env));
        }
        _ => return Err(io::Error::other(answer)),
    }
    *connected = true;
    stay(env, node, &mut link).await
}

/// The dataset, as one bulk.
async fn receive(link: &mut Link) -> io::Result<Databases> {
    let head = link.line().await?;
    let length = head
        .strip_prefix('$')
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| io::Error::other(head.clone()))?;
    while link.input.bytes.len() < length {
        link.fill().await?;
    }
    let snapshot = link.input.bytes.split_to(length).freeze();
    Databases::from_snapshot(&snapshot).ok_or_else(|| io::Error::other("not a snapshot"))
}

/// Applies the stream and acknowledges it: once a second, and when the master asks.
async fn stay(env: &Env, node: &Shared, link: &mut Link) -> io::Result<()> {
    let mut next_ms = Moment::of(env).mono_ms;
    loop {
        let now = Moment::of(env);
        let asked_at = node.lock().apply(&mut link.input, now).map_err(io::Error::other)?;
        if asked_at.is_some() || now.mono_ms >= next_ms {
            if node.lock().master_is_silent(now) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if let Some(offset) = asked_at {
                link.send(&["REPLCONF", "ACK", &offset.to_string()]).await?;
            }
            if now.mono_ms >= next_ms {
                let offset = node.lock().offset().to_string();
                link.send(&["REPLCONF", "ACK", &offset]).await?;
                next_ms = now.mono_ms + EVERY_MS;
            }
        }
        seams::select! {
            read = link.fill() => {
                read?;
                node.lock().master_spoke(Moment::of(env));
            }
            () = tokio::time::sleep(Duration::from_millis(next_ms - now.mono_ms)) => {}
        }
    }
}
