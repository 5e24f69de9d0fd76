//! The upstreams and the client: the same code behind nginx and in the simulation.

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
pub enum Behaviour {
    /// Executes, and answers with this status.
    Answers(u16),
    /// Does not listen.
    Refuses,
    /// Executes, and closes the connection before the answer.
    ClosesConnection,
    /// Executes, and never answers.
    Hangs,
    /// Executes, and closes the connection in the middle of its answer.
    BreaksOff,
    /// Executes, and answers with something that is not HTTP.
    NotHttp,
    /// Executes, and answers with a head of so many bytes, with its empty line.
    AnswersWithHead(usize),
    /// Executes, and answers with a head of so many lines.
    AnswersWithLines(usize),
    /// Executes, and answers with a line in the head that is no header.
    BadHeader,
}

/// One request, and how the upstreams behave during it.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Seconds to wait before it.
    pub wait_s: u64,
    /// GET, POST and so on.
    pub method: &'static str,
    /// A header line that is there twice.
    pub twice: Option<&'static str>,
    /// How large its head is.
    pub size: Size,
    /// The path.
    pub path: &'static str,
    /// Behaviour of the first and of the second upstream.
    pub behaviours: [Behaviour; 2],
    /// Behaviour of those of another `upstream` block, if there is one.
    pub others: [Behaviour; 2],
}

/// How large the head of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Bytes of the request line, with its end; as long as it has to be, if that is more.
    pub request_line: usize,
    /// More header lines: how many, and how many bytes each has, with its end.
    pub headers: (usize, usize),
}

impl Size {
    /// As small as it can be.
    pub const USUAL: Size = Size {
        request_line: 0,
        headers: (0, 0),
    };

    fn target(self, method: &str, path: &str) -> String {
        let bare = format!("{method} {path} HTTP/1.1\r\n").len();
        match self.request_line.saturating_sub(bare) {
            0 => path.to_owned(),
            more => format!("{path}?{}", "x".repeat(more - 1)),
        }
    }

    fn lines(self) -> String {
        let (count, bytes) = self.headers;
        let line = |n: usize| {
            let name = format!("X-{n}: ");
            format!("{name}{}\r\n", "x".repeat(bytes.saturating_sub(name.len() + 2)))
        };
        (0..count).map(line).collect()
    }
}

/// A request's answer and executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the client received: the status, which server wrote the answer, whether it was complete.
    pub answer: String,
    /// The upstreams that executed it, in order, each with what it got: method, path and body.
    pub executed: Vec<String>,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executed = if self.executed.is_empty() {
            "no upstream".to_owned()
        } else {
            self.executed.join(", ")
        };
        write!(f, "{}; executed by {executed}", self.answer)
    }
}

/// Names of the upstreams: two of the first `upstream` block, and two of another one.
pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// What the sequence and the upstreams share.
pub(super) struct Shared {
    behaviours: Mutex<[Behaviour; 4]>,
    changed: [Notify; 4],
    executed: Mutex<Vec<String>>,
}

impl Shared {
    pub(super) fn new() -> Arc<Shared> {
        Arc::new(Shared {
            behaviours: Mutex::new([Behaviour::Answers(200); 4]),
            changed: Default::default(),
            executed: Mutex::default(),
        })
    }

    fn behaviour(&self, index: usize) -> Behaviour {
        self.behaviours.lock().expect("unpoisoned")[index]
    }

    fn set_behaviours(&self, behaviours: [Behaviour; 4]) {
        *self.behaviours.lock().expect("unpoisoned") = behaviours;
        self.changed.iter().for_each(Notify::notify_one);
    }
}

/// How long the upstreams take to change their behaviour.
const SETTLE: Duration = Duration::from_millis(30);
/// Longer than any answer takes: two upstreams time out, one after the other.
const TIMEOUT: Duration = Duration::from_secs(8);

/// One upstream.
pub(super) async fn upstream(env: Env, port: u16, index: usize, shared: Arc<Shared>) {
    loop {
        while shared.behaviour(index) == Behaviour::Refuses {
            shared.changed[index].notified().await;
        }
        let Ok(listener) = env.network.listen(port).await else {
            return; // the client then receives 502 instead of an answer
        };
        while shared.behaviour(index) != Behaviour::Refuses {
            seams::select! {
                accepted = listener.accept() => {
                    if let Ok(stream) = accepted {
                        env.spawn(serve_connection(stream, index, shared.clone()));
                    }
                }
                () = shared.changed[index].notified() => {}
            }
        }
    }
}

async fn serve_connection(mut stream: Stream, index: usize, shared: Arc<Shared>) {
    while let Some((head, body)) = read_request(&mut stream).await {
        let asked = head.split(" HTTP/").next().unwrap_or_default();
        let asked = asked.split('?').next().unwrap_or_default();
        let executed = format!("{} ({asked} {body})", NAMES[index]);
        shared.executed.lock().expect("unpoisoned").push(executed);
        let name = NAMES[index];
        let (answer, whole) = match shared.behaviour(index) {
            Behaviour::Answers(status) => {
                let body = if head.starts_with("HEAD") { "" } else { name };
                let head = format!("HTTP/1.1 {status} Test\r\nX-Upstream: {name}\r\nContent-Length: 1\r\n\r\n");
                (head + body, true)
            }
            Behaviour::BreaksOff => {
                let head = format!("HTTP/1.1 200 Test\r\nX-Upstream: {name}\r\nContent-Length: 100\r\n\r\n");
                (head + "half", false)
            }
            Behaviour::AnswersWithLines(lines) => {
                let head = format!("HTTP/1.1 200 Test\r\nX-Upstream: {name}\r\nContent-Length: 0\r\n");
                (head + &"A: 1\r\n".repeat(lines.saturating_sub(2)) + "\r\n", true)
            }
            Behaviour::AnswersWithHead(bytes) => {
                let head = format!("HTTP/1.1 200 Test\r\nX-Upstream: {name}\r\nContent-Length: 0\r\nX-Long: ");
                let long = "x".repeat(bytes.saturating_sub(head.len() + "\r\n\r\n".len()));
                (format!("{head}{long}\r\n\r\n"), true)
            }
            Behaviour::BadHeader => {
                let head = format!("HTTP/1.1 200 Test\r\nX-Upstream: {name}\r\nno header\r\nContent-Length: 0\r\n\r\n");
                (head, true)
            }
            Behaviour::NotHttp => ("this is no HTTP\r\n\r\n".to_owned(), false),
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::ClosesConnection | Behaviour::Refuses => (String::new(), false),
        };
        // The balancer may have closed the connection.
        let _ = stream.write_all(answer.as_bytes()).await;
        let stays_open = whole && head.contains(" HTTP/1.1") && header(&head, "connection") != Some("close");
        if !stays_open {
            break;
        }
    }
    let _ = stream.shutdown().await;
}

/// Reads a whole request, and returns its head and its body.
async fn read_request(stream: &mut Stream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length")
                .and_then(|value| value.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
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

/// Sends the requests in turn through the balancer at this address.
pub(super) async fn run_requests(
    env: &Env,
    host: &str,
    port: u16,
    requests: &[Request],
    shared: &Shared,
) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    for request in requests {
        tokio::time::sleep(Duration::from_secs(request.wait_s)).await;
        let ([a, b], [c, d]) = (request.behaviours, request.others);
        shared.set_behaviours([a, b, c, d]);
        tokio::time::sleep(SETTLE).await;
        shared.executed.lock().expect("unpoisoned").clear();
        let answer = send(env, host, port, request).await;
        exchanges.push(Exchange {
            answer,
            executed: shared.executed.lock().expect("unpoisoned").clone(),
        });
    }
    exchanges
}

async fn send(env: &Env, host: &str, port: u16, request: &Request) -> String {
    let method = request.method;
    let twice = request
        .twice
        .map_or(String::new(), |line| format!("{line}\r\n{line}\r\n"));
    let exchange = async {
        let Ok(mut stream) = env.network.connect(host, port).await else {
            return "refused".to_owned();
        };
        let body = if ["GET", "HEAD"].contains(&method) { "" } else { "x=1" };
        let head = format!(
            "{method} {} HTTP/1.1\r\nHost: app.example\r\n{twice}{}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            request.size.target(method, request.path),
            request.size.lines(),
            body.len()
        );
        if stream.write_all(head.as_bytes()).await.is_err() {
            return "connection lost".to_owned();
        }
        let mut bytes = Vec::new();
        // The end of an answer, complete or not, is the end of the connection or a reset.
        while let Ok(1..) = stream.read_buf(&mut bytes).await {}
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n").filter(|_| text.starts_with("HTTP/")) else {
            return "not HTTP".to_owned();
        };
        let status = head.split(' ').nth(1).unwrap_or("no status").to_owned();
        let length = header(head, "content-length")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        let by = header(head, "x-upstream").map_or_else(|| "the balancer".to_owned(), str::to_owned);
        let whole = if method == "HEAD" || body.len() >= length {
            ""
        } else {
            ", truncated"
        };
        format!("{status} by {by}{whole}")
    };
    timeout(TIMEOUT, exchange)
        .await
        .unwrap_or_else(|_| "no answer in time".to_owned())
}
