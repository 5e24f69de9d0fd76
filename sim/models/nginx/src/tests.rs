//! nginx's behaviours, row by row, as measured: what the client sees, and who executed what.

use super::{BalancerConfig, serve};
use crate::engine::{Engine, EngineConfig};
use crate::world::SoundDisk;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use idp::{
    http::client,
    seams::{Env, Probe, Stream},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

mod keepalive;

struct NoProbe;
impl Probe for NoProbe {
    fn mark(&self, _: &'static str) {}
}

/// What an upstream does with a request that it has read.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Answers(u16),
    ClosesBeforeTheHeaders,
    Hangs,
    DiesInMidBody,
    Babbles,
    /// Takes a second before it executes.
    Thinks,
}
use Does::*;

type Shared<T> = Arc<Mutex<T>>;

/// Reads requests, notes that it executed each, and does as told.
async fn upstream(env: Env, does: Shared<Does>, executed: Shared<Vec<String>>) {
    let listener = env.network.listen(8080).await.unwrap();
    for connection in 1.. {
        let stream = listener.accept().await.unwrap();
        let (does, executed) = (does.clone(), executed.clone());
        env.spawn(attend(env.host.clone(), connection, stream, does, executed));
    }
}

async fn attend(
    host: Arc<str>,
    connection: u32,
    mut stream: Stream,
    does: Shared<Does>,
    executed: Shared<Vec<String>>,
) {
    loop {
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        let request = String::from_utf8_lossy(&request[..read]).into_owned();
        if *does.lock().unwrap() == Thinks {
            sleep(Duration::from_secs(1)).await;
        }
        executed
            .lock()
            .unwrap()
            .push(format!("{host} {}", request.lines().next().unwrap_or("")));
        let does = *does.lock().unwrap();
        let answer: &[u8] = match does {
            Answers(200) => {
                let body = format!("{host}\nconnection {connection}\n{request}");
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes()).await;
                if request.contains("connection: close") {
                    return;
                }
                continue;
            }
            Answers(500) => b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            Answers(_) => b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
            ClosesBeforeTheHeaders => b"",
            Hangs => std::future::pending().await,
            DiesInMidBody => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
            Thinks => b"HTTP/1.1 204 Done\r\n\r\n",
            Babbles => b"!!! no http at all\r\n\r\n",
        };
        let _ = stream.write_all(answer).await;
        return;
    }
}

struct Bench {
    engine: Engine,
    does: [Shared<Does>; 2],
    executed: Shared<Vec<String>>,
    said: Shared<Vec<String>>,
    answers: Shared<Vec<(u64, String)>>,
}

/// Requests, each with the moment at which it is sent, milliseconds.
fn bench(requests: Vec<(u64, Method)>, config: fn(&mut BalancerConfig)) -> Bench {
    bench_of_clients_with(Duration::from_secs(100), requests, config)
}

/// Clients that close the connection when there is no answer within their patience.
fn bench_of_clients_with(patience: Duration, requests: Vec<(u64, Method)>, config: fn(&mut BalancerConfig)) -> Bench {
    let mut engine = Engine::new(EngineConfig::default());
    let does = [Answers(200); 2].map(|does| Arc::new(Mutex::new(does)));
    let (executed, said, answers) = (Shared::default(), Shared::default(), Shared::default());
    for (host, does) in [("a", &does[0]), ("b", &does[1])] {
        let (does, executed) = (does.clone(), Arc::clone(&executed));
        engine.add_host(host, Arc::new(NoProbe), Arc::new(SoundDisk), move |env| {
            Box::pin(upstream(env, does.clone(), Arc::clone(&executed)))
        });
    }
    let observed = Arc::clone(&said);
    engine.add_host("balancer", Arc::new(NoProbe), Arc::new(SoundDisk), move |env| {
        let mut settings = BalancerConfig::new(80, vec![("a".into(), 8080), ("b".into(), 8080)]);
        settings.read_timeout = Duration::from_secs(2);
        settings.connect_timeout = Duration::from_secs(1);
        config(&mut settings);
        let said: Shared<Vec<String>> = Arc::clone(&observed);
        Box::pin(async move {
            serve(env, settings, Arc::new(move |says| said.lock().unwrap().push(says)))
                .await
                .unwrap();
        })
    });
    let seen = Arc::clone(&answers);
    engine.add_host("client", Arc::new(NoProbe), Arc::new(SoundDisk), move |env| {
        for (at_ms, method) in requests.clone() {
            let (request_env, seen): (_, Shared<Vec<(u64, String)>>) = (env.clone(), Arc::clone(&seen));
            env.spawn(async move {
                let env = request_env;
                sleep(Duration::from_millis(at_ms)).await;
                let body = if method == Method::POST { "x=1" } else { "" };
                let request = Request::builder()
                    .method(method)
                    .uri("/page?q=1")
                    .header("host", "login.example");
                let request = request.body(Full::new(Bytes::from(body))).unwrap();
                let answer = client::send(&env, ("balancer", 80), request, patience).await;
                let text = match answer {
                    Ok(answer) if answer.status() == StatusCode::OK => {
                        String::from_utf8_lossy(answer.body()).into_owned()
                    }
                    Ok(answer) => answer.status().as_u16().to_string(),
                    Err(failure) => failure.to_string(),
                };
                seen.lock().unwrap().push((at_ms, text));
            });
        }
        Box::pin(async {})
    });
    for host in ["a", "b", "balancer", "client"] {
        engine.start(engine.host(host).unwrap());
    }
    Bench {
        engine,
        does,
        executed,
        said,
        answers,
    }
}

impl Bench {
    fn run(self) -> Bench {
        self.engine.run(120_000, || false).unwrap();
        assert!(self.engine.panics().is_empty());
        self
    }

    /// First line of each answer, in the order of sending.
    fn answers(&self) -> Vec<String> {
        let mut answers = self.answers.lock().unwrap().clone();
        answers.sort_by_key(|(at_ms, _)| *at_ms);
        answers
            .into_iter()
            .map(|(_, text)| text.lines().next().unwrap_or("").to_owned())
            .collect()
    }

    fn executed(&self) -> Vec<String> {
        self.executed.lock().unwrap().clone()
    }
}

fn every_second(count: u64, method: Method) -> Vec<(u64, Method)> {
    (0..count).map(|n| (1000 * (n + 1), method.clone())).collect()
}

#[test]
fn one_worker_is_exact_round_robin() {
    let bench = bench(every_second(6, Method::GET), |_| {}).run();
    assert_eq!(bench.answers(), ["a", "b", "a", "b", "a", "b"]);
}

#[test]
fn the_upstream_is_told_host_client_and_scheme() {
    let bench = bench(every_second(1, Method::POST), |_| {}).run();
    let answer = bench.answers.lock().unwrap()[0].1.to_lowercase();
    for expected in [
        "post /page?q=1 http/1.1",
        "host: login.example",
        "x-forwarded-proto: https",
        "connection: close",
    ] {
        assert!(answer.contains(expected), "{expected:?} is not in {answer}");
    }
    let client = bench.engine.ip(bench.engine.host("client").unwrap());
    assert!(answer.contains(&format!("x-forwarded-for: {client}")), "{answer}");
    assert!(answer.ends_with("x=1"), "{answer}");
}

#[test]
fn a_refused_connection_goes_on_to_the_next_even_for_post_and_the_dead_one_is_out_for_fail_timeout() {
    let bench = bench(every_second(4, Method::POST), |_| {});
    bench.engine.at(500, |engine| engine.kill(engine.host("a").unwrap()));
    let bench = bench.run();
    assert_eq!(bench.answers(), ["b", "b", "b", "b"]);
    assert!(bench.said.lock().unwrap().is_empty());
}

#[test]
fn a_dead_upstream_that_is_back_is_asked_again_after_fail_timeout() {
    let bench = bench(every_second(20, Method::GET), |_| {});
    bench.engine.at(500, |engine| engine.kill(engine.host("a").unwrap()));
    bench.engine.at(3500, |engine| engine.start(engine.host("a").unwrap()));
    let answers = bench.run().answers();
    let first_again = answers.iter().position(|answer| answer == "a").expect("asked again");
    // failed at 1 s, so out until 11 s; its weight has dropped, which costs it two more turns
    assert!((10..=13).contains(&first_again), "{answers:?}");
}

#[test]
fn a_dropped_syn_goes_on_to_the_next_after_the_connect_timeout() {
    let bench = bench(every_second(1, Method::POST), |_| {});
    bench.engine.at(500, |engine| {
        engine.cut_one_way(engine.host("balancer").unwrap(), engine.host("a").unwrap());
    });
    assert_eq!(bench.run().answers(), ["b"]);
}

#[test]
fn closed_before_the_headers_is_502_for_post_and_goes_on_to_the_next_for_get() {
    for (method, answer, executions) in [
        (Method::POST, "502", 1),
        (Method::GET, "b", 2),
        (Method::DELETE, "b", 2),
    ] {
        let bench = bench(every_second(1, method.clone()), |_| {});
        *bench.does[0].lock().unwrap() = ClosesBeforeTheHeaders;
        let bench = bench.run();
        assert_eq!(bench.answers(), [answer], "{method}");
        assert_eq!(bench.executed().len(), executions, "{method}: {:?}", bench.executed());
    }
}

#[test]
fn with_non_idempotent_a_post_is_executed_twice() {
    let bench = bench(every_second(1, Method::POST), |config| config.non_idempotent = true);
    *bench.does[0].lock().unwrap() = ClosesBeforeTheHeaders;
    let bench = bench.run();
    assert_eq!(bench.answers(), ["b"]);
    assert_eq!(bench.executed().len(), 2);
}

#[test]
fn a_paused_upstream_is_504_for_post_and_goes_on_for_get_and_executes_both_when_it_resumes() {
    for (method, answer) in [(Method::GET, "b"), (Method::POST, "504")] {
        let bench = bench(every_second(1, method.clone()), |_| {});
        bench.engine.at(500, |engine| engine.pause(engine.host("a").unwrap()));
        bench
            .engine
            .at(10_000, |engine| engine.resume(engine.host("a").unwrap()));
        let bench = bench.run();
        assert_eq!(bench.answers(), [answer], "{method}");
        assert!(
            bench.executed().iter().any(|e| e.starts_with("a ")),
            "{:?}",
            bench.executed()
        );
    }
}

#[test]
fn an_answer_of_500_or_503_is_passed_through_and_is_no_failure() {
    for status in [500, 503] {
        let bench = bench(every_second(4, Method::GET), |_| {});
        *bench.does[0].lock().unwrap() = Answers(status);
        let status = status.to_string();
        assert_eq!(bench.run().answers(), [status.as_str(), "b", status.as_str(), "b"]);
    }
}

#[test]
fn with_both_down_the_first_request_tries_both_and_the_next_ones_nobody() {
    let bench = bench(every_second(14, Method::GET), |_| {});
    for host in ["a", "b"] {
        bench
            .engine
            .at(500, move |engine| engine.kill(engine.host(host).unwrap()));
        bench
            .engine
            .at(3500, move |engine| engine.start(engine.host(host).unwrap()));
    }
    let bench = bench.run();
    let answers = bench.answers();
    assert!(answers[..10].iter().all(|answer| answer == "502"), "{answers:?}");
    assert!(["a", "b"].contains(&answers[13].as_str()), "{answers:?}");
    let said = bench.said.lock().unwrap();
    assert!(said[0].contains("refused"), "{said:?}");
    assert!(said[1].contains("no live upstreams"), "{said:?}");
}

#[test]
fn an_upstream_that_dies_in_mid_body_truncates_the_answer() {
    let bench = bench(every_second(1, Method::GET), |_| {});
    *bench.does[0].lock().unwrap() = DiesInMidBody;
    let bench = bench.run();
    assert!(bench.answers()[0].contains("outcome unknown"), "{:?}", bench.answers());
    assert_eq!(bench.executed().len(), 1, "no retry");
}

#[test]
fn an_answer_that_is_no_http_is_no_answer_and_no_failure_either() {
    let bench = bench(every_second(3, Method::GET), |_| {});
    *bench.does[0].lock().unwrap() = Babbles;
    let bench = bench.run();
    let answers = bench.answers();
    assert!(
        answers[0].starts_with("outcome unknown") && answers[2] == answers[0],
        "{answers:?}"
    );
    assert_eq!(answers[1], "b");
    assert_eq!(
        bench.executed().len(),
        3,
        "nobody is asked twice, and nobody is taken out"
    );
}

#[test]
fn a_hanging_upstream_costs_the_read_timeout() {
    let bench = bench(every_second(2, Method::POST), |_| {});
    *bench.does[0].lock().unwrap() = Hangs;
    let bench = bench.run();
    assert_eq!(bench.answers(), ["504", "b"]);
    assert!(bench.said.lock().unwrap()[0].starts_with("504 for POST /page: a did not answer in time"));
}

#[test]
fn a_client_that_gives_up_is_499_and_the_upstream_executes_all_the_same() {
    for method in [Method::GET, Method::POST] {
        let requests = vec![(1000, method.clone())];
        let bench = bench_of_clients_with(Duration::from_millis(300), requests, |_| {});
        *bench.does[0].lock().unwrap() = Thinks;
        let bench = bench.run();
        assert!(bench.answers()[0].contains("outcome unknown"), "{:?}", bench.answers());
        assert_eq!(bench.executed(), [format!("a {method} /page?q=1 HTTP/1.1")], "no retry");
        let says = format!("499 for {method} /page: the client went away");
        assert_eq!(*bench.said.lock().unwrap(), [says]);
    }
}

#[test]
fn a_client_that_was_answered_may_go_away() {
    let bench = bench(every_second(3, Method::POST), |_| {}).run();
    assert!(bench.said.lock().unwrap().is_empty());
}
