//! Two upstreams, the balancer and a client, as hosts of a simulation.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use model_nginx::{NginxConfig, serve};
use seams::{Env, Stream};
use sim::engine::{Engine, EngineConfig, Inert};
use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

/// What an upstream does with a request that it has read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Behaviour {
    Answers(u16),
    ClosesBeforeHeaders,
    Hangs,
    DiesMidBody,
    AnswersNoHttp,
    /// Waits a second before it executes.
    IsSlow,
    /// Answers before it has read the body, and says that it closes the connection, but takes its time for that.
    ClosesSoon,
}
use Behaviour::{Answers, AnswersNoHttp, ClosesBeforeHeaders, ClosesSoon, DiesMidBody, Hangs, IsSlow};

type Shared<T> = Arc<Mutex<T>>;

/// Reads requests, notes each that it executes, and behaves as the test has set.
async fn upstream(env: Env, behaviour: Shared<Behaviour>, executed: Shared<Vec<String>>) {
    let listener = env.network.listen(8080).await.unwrap();
    for connection in 1.. {
        let stream = listener.accept().await.unwrap();
        let (behaviour, executed) = (behaviour.clone(), executed.clone());
        env.spawn(attend(env.host.clone(), connection, stream, behaviour, executed));
    }
}

async fn attend(
    host: Arc<str>,
    connection: u32,
    mut stream: Stream,
    behaviour: Shared<Behaviour>,
    executed: Shared<Vec<String>>,
) {
    loop {
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        let request = String::from_utf8_lossy(&request[..read]).into_owned();
        if *behaviour.lock().unwrap() == IsSlow {
            sleep(Duration::from_secs(1)).await;
        }
        executed
            .lock()
            .unwrap()
            .push(format!("{host} {}", request.lines().next().unwrap_or("")));
        let current = *behaviour.lock().unwrap();
        let answer: &[u8] = match current {
            Answers(200) => {
                let body = format!("{host}\nconnection {connection}\n{request}");
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes()).await;
                if request.contains("connection: close") {
                    return;
                }
                continue;
            }
            ClosesSoon => {
                let _ = stream
                    .write_all(b"HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n")
                    .await;
                sleep(Duration::from_secs(10)).await;
                return;
            }
            Answers(500) => b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            Answers(_) => b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
            ClosesBeforeHeaders => b"",
            Hangs => std::future::pending().await,
            DiesMidBody => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
            IsSlow => b"HTTP/1.1 204 Done\r\n\r\n",
            AnswersNoHttp => b"!!! no http at all\r\n\r\n",
        };
        let _ = stream.write_all(answer).await;
        return;
    }
}

pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) upstreams: [Shared<Behaviour>; 2],
    executed: Shared<Vec<String>>,
    observed: Shared<Vec<String>>,
    answers: Shared<Vec<(u64, String)>>,
}

/// Requests, each with the moment at which it is sent, milliseconds.
pub(super) fn bench(requests: Vec<(u64, Method)>, config: fn(&mut NginxConfig)) -> Bench {
    bench_with_deadline(Duration::from_secs(100), requests, config)
}

/// The same, with clients that close the connection when there is no answer within their deadline.
pub(super) fn bench_with_deadline(
    deadline: Duration,
    requests: Vec<(u64, Method)>,
    config: fn(&mut NginxConfig),
) -> Bench {
    let mut engine = Engine::new(EngineConfig::default());
    let upstreams = [Answers(200); 2].map(|behaviour| Arc::new(Mutex::new(behaviour)));
    let (executed, observed, answers) = (Shared::default(), Shared::default(), Shared::default());
    for (host, behaviour) in [("a", &upstreams[0]), ("b", &upstreams[1])] {
        let (behaviour, executed) = (behaviour.clone(), Arc::clone(&executed));
        engine.add_host(host, Arc::new(Inert), Arc::new(Inert), move |env| {
            Box::pin(upstream(env, behaviour.clone(), Arc::clone(&executed)))
        });
    }
    let observer = Arc::clone(&observed);
    engine.add_host("balancer", Arc::new(Inert), Arc::new(Inert), move |env| {
        let mut settings = NginxConfig::new(80, vec![("a".into(), 8080), ("b".into(), 8080)]);
        settings.read_timeout = Duration::from_secs(2);
        settings.connect_timeout = Duration::from_secs(1);
        config(&mut settings);
        let observed: Shared<Vec<String>> = Arc::clone(&observer);
        let observer = move |text| observed.lock().unwrap().push(text);
        Box::pin(async move { serve(env, settings, Arc::new(observer)).await.unwrap() })
    });
    let received = Arc::clone(&answers);
    engine.add_host("client", Arc::new(Inert), Arc::new(Inert), move |env| {
        for (at_ms, method) in requests.clone() {
            let (request_env, received): (_, Shared<Vec<(u64, String)>>) = (env.clone(), Arc::clone(&received));
            env.spawn(async move {
                sleep(Duration::from_millis(at_ms)).await;
                let text = match timeout(deadline, send(&request_env, method)).await {
                    Ok(Ok((StatusCode::OK, body))) => String::from_utf8_lossy(&body).into_owned(),
                    Ok(Ok((status, _))) => status.as_u16().to_string(),
                    Ok(Err(error)) => format!("broken off: {error}"),
                    Err(_) => "no answer in time".to_owned(),
                };
                received.lock().unwrap().push((at_ms, text));
            });
        }
        Box::pin(async {})
    });
    for host in ["a", "b", "balancer", "client"] {
        engine.start(engine.host(host).unwrap());
    }
    Bench {
        engine,
        upstreams,
        executed,
        observed,
        answers,
    }
}

/// One request on a connection of its own, and the whole answer.
async fn send(env: &Env, method: Method) -> Result<(StatusCode, Bytes), Box<dyn Error>> {
    let body = match method {
        Method::POST => "x=1".to_owned(),
        Method::PUT => "x".repeat(1_000_000), // more than a connection takes at once
        _ => String::new(),
    };
    let request = Request::builder()
        .method(method)
        .uri("/page?q=1")
        .header(header::HOST, "app.example")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))?;
    let stream = env.network.connect("balancer", 80).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    env.spawn(async move {
        let _ = connection.await; // its errors reach the request
    });
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    Ok((status, answer.into_body().collect().await?.to_bytes()))
}

impl Bench {
    /// Runs to the end.
    pub(super) fn run(self) -> Bench {
        self.engine.run(180_000, || false).unwrap();
        assert!(self.engine.panics().is_empty());
        self
    }

    /// What the upstreams executed, in order: `a GET /page?q=1 HTTP/1.1`.
    pub(super) fn executed(&self) -> Vec<String> {
        self.executed.lock().unwrap().clone()
    }

    /// What the balancer reported to its observer.
    pub(super) fn observed(&self) -> Vec<String> {
        self.observed.lock().unwrap().clone()
    }

    /// The answers, in the order of sending: the body, or the status when it is not 200, or why there was none.
    pub(super) fn answers(&self) -> Vec<String> {
        let mut answers = self.answers.lock().unwrap().clone();
        answers.sort_by_key(|(at_ms, _)| *at_ms);
        answers.into_iter().map(|(_, text)| text).collect()
    }

    /// The first line of each answer, which names the upstream.
    pub(super) fn first_lines(&self) -> Vec<String> {
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        self.answers().into_iter().map(first).collect()
    }
}

/// `count` requests, from 1 s on.
pub(super) fn every_second(count: u64, method: Method) -> Vec<(u64, Method)> {
    (0..count).map(|n| (1000 * (n + 1), method.clone())).collect()
}
