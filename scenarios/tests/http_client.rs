//! The service's HTTP client keeps connections, and never sends anything twice.

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use idp::http::client::Client;
use seams::{Env, Failure};
use sim::engine::{Engine, EngineConfig, Inert};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

type Shared<T> = Arc<Mutex<T>>;

/// Answers each request with the number of its connection; lets go of one that is idle for so long;
/// breaks off at `/break` without a word.
async fn serve(env: Env, executed: Shared<Vec<String>>, idle: Duration) {
    let listener = env.network.listen(80).await.unwrap();
    for number in 1.. {
        let mut stream = listener.accept().await.unwrap();
        let executed = executed.clone();
        env.spawn(async move {
            let mut bytes = vec![0; 4096];
            while let Ok(Ok(read @ 1..)) = timeout(idle, stream.read(&mut bytes)).await {
                let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                let line = text.lines().next().unwrap_or("").to_owned();
                let breaks = line.contains("/break");
                executed.lock().unwrap().push(line);
                if breaks {
                    return;
                }
                sleep(Duration::from_millis(100)).await;
                let body = number.to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
    }
}

/// Runs a client beside the server, which lets go of connections that are idle for 5 s. Returns what the server executed.
fn with_server<F: Future<Output = ()> + Send + 'static>(
    client: impl Fn(Env) -> F + Send + Sync + 'static,
) -> Vec<String> {
    with_patient_server(Duration::from_secs(5), client)
}

fn with_patient_server<F: Future<Output = ()> + Send + 'static>(
    idle: Duration,
    client: impl Fn(Env) -> F + Send + Sync + 'static,
) -> Vec<String> {
    let mut engine = Engine::new(EngineConfig::default());
    let executed = Shared::default();
    let log = Arc::clone(&executed);
    engine.add_host("server", Arc::new(Inert), Arc::new(Inert), move |env| {
        Box::pin(serve(env, Arc::clone(&log), idle))
    });
    let finished = Shared::<bool>::default();
    let finish = Arc::clone(&finished);
    engine.add_host("client", Arc::new(Inert), Arc::new(Inert), move |env| {
        let (work, finish) = (client(env), Arc::clone(&finish));
        Box::pin(async move {
            work.await;
            *finish.lock().unwrap() = true;
        })
    });
    for host in ["server", "client"] {
        engine.start(engine.host(host).unwrap());
    }
    engine.run(60_000, || false).unwrap();
    assert!(engine.panics().is_empty(), "{:?}", engine.panics());
    assert!(*finished.lock().unwrap(), "the client was stuck");
    executed.lock().unwrap().clone()
}

async fn get(client: &Client, path: &str, close: bool) -> Result<String, Failure> {
    let mut request = Request::builder().method(Method::GET).uri(path);
    if close {
        request = request.header(header::CONNECTION, "close");
    }
    let request = request.body(Full::new(Bytes::new())).unwrap();
    let answer = client.send(("server", 80), request, Duration::from_secs(10)).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

#[test]
fn requests_one_after_the_other_share_a_connection_and_overlapping_ones_do_not() {
    with_server(|env| async move {
        let client = Client::new(&env);
        for _ in 0..3 {
            assert_eq!(get(&client, "/", false).await.unwrap(), "1");
        }
        let (first, second) = tokio::join!(get(&client, "/", false), get(&client, "/", false));
        assert_eq!((first.unwrap(), second.unwrap()), ("1".into(), "2".into()));
    });
}

#[test]
fn a_connection_that_ended_meanwhile_is_replaced() {
    let executed = with_server(|env| async move {
        let client = Client::new(&env);
        assert_eq!(get(&client, "/", false).await.unwrap(), "1");
        sleep(Duration::from_secs(6)).await;
        assert_eq!(get(&client, "/", false).await.unwrap(), "2");
    });
    assert_eq!(executed.len(), 2);
}

#[test]
fn a_connection_that_was_idle_for_long_is_replaced_although_its_server_keeps_it() {
    with_patient_server(Duration::from_secs(50), |env| async move {
        let client = Client::new(&env);
        assert_eq!(get(&client, "/", false).await.unwrap(), "1");
        sleep(Duration::from_millis(9_900)).await;
        assert_eq!(get(&client, "/", false).await.unwrap(), "1");
        sleep(Duration::from_secs(10)).await;
        assert_eq!(get(&client, "/", false).await.unwrap(), "2");
    });
}

#[test]
fn a_connection_that_is_to_be_closed_is_not_kept() {
    with_server(|env| async move {
        let client = Client::new(&env);
        assert_eq!(get(&client, "/", true).await.unwrap(), "1");
        assert_eq!(get(&client, "/", false).await.unwrap(), "2");
    });
}

#[test]
fn a_request_that_may_have_been_executed_is_unknown_and_not_sent_again() {
    let executed = with_server(|env| async move {
        let client = Client::new(&env);
        assert_eq!(get(&client, "/", false).await.unwrap(), "1");
        let broken = get(&client, "/break", false).await;
        assert!(matches!(broken, Err(Failure::Unknown(_))), "{broken:?}");
        assert_eq!(get(&client, "/", false).await.unwrap(), "2");
    });
    assert_eq!(executed.iter().filter(|line| line.contains("/break")).count(), 1);
}
