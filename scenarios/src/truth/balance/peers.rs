//! The upstreams and the client: the same code before nginx and in the simulation.

use seams::{Env, Stream};
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    time::{Duration, timeout},
};

/// What an upstream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Executes, and answers with this status.
    Answers(u16),
    /// Does not listen.
    Refuses,
    /// Executes, and closes the connection before the answer.
    Closes,
    /// Executes, and says nothing.
    Hangs,
    /// Executes, and closes the connection in the middle of its answer.
    Breaks,
    /// Executes, and answers something that is no HTTP.
    Gibberish,
}

/// One request, and how the upstreams behave while it lasts.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Seconds before it.
    pub wait_s: u64,
    /// GET, POST, …
    pub method: &'static str,
    /// Of the first upstream, and of the second.
    pub manners: [Manner; 2],
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What the client got: the status, who wrote the answer, whether it was whole.
    pub answer: String,
    /// Who executed it, in order.
    pub executed: Vec<&'static str>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executed = if self.executed.is_empty() {
            "nobody".to_owned()
        } else {
            self.executed.join(", ")
        };
        write!(f, "{}; executed by {executed}", self.answer)
    }
}

/// Names of the upstreams.
pub(super) const NAMES: [&str; 2] = ["a", "b"];

/// What the sequence and the upstreams share.
pub(super) struct Shared {
    manners: Mutex<[Manner; 2]>,
    changed: [Notify; 2],
    executed: Mutex<Vec<&'static str>>,
}

impl Shared {
    pub(super) fn new() -> Arc<Shared> {
        Arc::new(Shared {
            manners: Mutex::new([Manner::Answers(200); 2]),
            changed: Default::default(),
            executed: Mutex::default(),
        })
    }

    fn manner(&self, index: usize) -> Manner {
        self.manners.lock().expect("unpoisoned")[index]
    }

    fn behave(&self, manners: [Manner; 2]) {
        *self.manners.lock().expect("unpoisoned") = manners;
        self.changed.iter().for_each(Notify::notify_one);
    }
}

/// How long a change of manners takes to be seen by everybody.
const SETTLE: Duration = Duration::from_millis(30);
/// Longer than any answer takes: two upstreams that hang, one after the other.
const PATIENCE: Duration = Duration::from_secs(8);

/// One upstream.
pub(super) async fn upstream(env: Env, port: u16, index: usize, shared: Arc<Shared>) {
    loop {
        while shared.manner(index) == Manner::Refuses {
            shared.changed[index].notified().await;
        }
        let Ok(listener) = env.network.listen(port).await else {
            return; // the client is told 502 where an answer was expected
        };
        while shared.manner(index) != Manner::Refuses {
            seams::select! {
                accepted = listener.accept() => {
                    if let Ok(stream) = accepted {
                        env.spawn(attend(stream, index, shared.clone()));
                    }
                }
                () = shared.changed[index].notified() => {}
            }
        }
    }
}

async fn attend(mut stream: Stream, index: usize, shared: Arc<Shared>) {
    while let Some(head) = read_request(&mut stream).await {
        shared.executed.lock().expect("unpoisoned").push(NAMES[index]);
        let name = NAMES[index];
        let (answer, whole) = match shared.manner(index) {
            Manner::Answers(status) => {
                let body = if head.starts_with("HEAD") { "" } else { name };
                let head = format!("HTTP/1.1 {status} As told\r\nX-Upstream: {name}\r\nContent-Length: 1\r\n\r\n");
                (head + body, true)
            }
            Manner::Breaks => {
                let head = format!("HTTP/1.1 200 As told\r\nX-Upstream: {name}\r\nContent-Length: 100\r\n\r\n");
                (head + "half", false)
            }
            Manner::Gibberish => ("this is no HTTP\r\n\r\n".to_owned(), false),
            Manner::Hangs => std::future::pending().await,
            Manner::Closes | Manner::Refuses => (String::new(), false),
        };
        // Who does not listen any more has gone.
        let _ = stream.write_all(answer.as_bytes()).await;
        let goes_on = whole && head.contains(" HTTP/1.1") && header(&head, "connection") != Some("close");
        if !goes_on {
            break;
        }
    }
    let _ = stream.shutdown().await;
}

/// The head of a request that has come whole.
async fn read_request(stream: &mut Stream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length")
                .and_then(|value| value.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some(head.to_owned());
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(1..) => {}
            _ => return None,
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (header, value) = line.split_once(':')?;
        header.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Asks in turn through the balancer at this address.
pub(super) async fn ask_in_turn(env: &Env, host: &str, port: u16, asks: &[Ask], shared: &Shared) -> Vec<Seen> {
    let mut seen = Vec::new();
    for ask in asks {
        tokio::time::sleep(Duration::from_secs(ask.wait_s)).await;
        shared.behave(ask.manners);
        tokio::time::sleep(SETTLE).await;
        shared.executed.lock().expect("unpoisoned").clear();
        let answer = request(env, host, port, ask.method).await;
        seen.push(Seen {
            answer,
            executed: shared.executed.lock().expect("unpoisoned").clone(),
        });
    }
    seen
}

async fn request(env: &Env, host: &str, port: u16, method: &str) -> String {
    let exchange = async {
        let Ok(mut stream) = env.network.connect(host, port).await else {
            return "refused".to_owned();
        };
        let body = if ["GET", "HEAD"].contains(&method) { "" } else { "x=1" };
        let head = format!(
            "{method} /page HTTP/1.1\r\nHost: login.example\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(head.as_bytes()).await.is_err() {
            return "broke off".to_owned();
        }
        let mut bytes = Vec::new();
        // An answer that breaks off ends like one that does not, or with a reset.
        while let Ok(1..) = stream.read_buf(&mut bytes).await {}
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n").filter(|_| text.starts_with("HTTP/")) else {
            return "no HTTP".to_owned();
        };
        let status = head.split(' ').nth(1).unwrap_or("no status").to_owned();
        let length = header(head, "content-length")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        let by = header(head, "x-upstream").map_or_else(|| "the balancer".to_owned(), str::to_owned);
        let whole = if method == "HEAD" || body.len() >= length {
            ""
        } else {
            ", cut short"
        };
        format!("{status} by {by}{whole}")
    };
    timeout(PATIENCE, exchange)
        .await
        .unwrap_or_else(|_| "nothing in time".to_owned())
}
