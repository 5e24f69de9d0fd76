//! Two upstreams behind the balancer, and a client that sends a request every second. At 5.5 s one upstream is killed, at
//! 12 s it starts again. It gets its next request `fail_timeout` (10 s) after the first failure.
//!
//! `cargo run -p model-nginx --example failing_upstream`

use model_nginx::{NginxConfig, serve};
use seams::Env;
use sim::engine::{Engine, EngineConfig, EngineError, Inert, current_ms};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

/// Answers every request with its own name. Any HTTP/1.1 server that takes a stream would do.
async fn upstream(env: Env) {
    let listener = env.network.listen(8080).await.expect("the port is free");
    while let Ok(mut stream) = listener.accept().await {
        let mut request = vec![0; 4096];
        if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
            let body = format!("from {}", env.host);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await; // the balancer may be gone
        }
    }
}

/// One request on a connection of its own: the first and the last line of the answer.
async fn get(env: &Env) -> io::Result<String> {
    let mut stream = env.network.connect("balancer", 80).await?;
    let request = b"GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let lines: Vec<&str> = answer.lines().collect();
    Ok([lines.first(), lines.last()]
        .into_iter()
        .flatten()
        .copied()
        .collect::<Vec<_>>()
        .join(", "))
}

async fn client(env: Env) {
    loop {
        sleep(Duration::from_secs(1)).await;
        let answer = get(&env).await.unwrap_or_else(|error| error.to_string());
        println!("{:>5.1} s  {answer}", current_ms().unwrap_or(0) as f64 / 1000.0);
    }
}

fn main() -> Result<(), EngineError> {
    let mut engine = Engine::new(EngineConfig::default());
    let mut hosts = Vec::new();
    for name in ["app-1", "app-2"] {
        hosts.push(engine.add_host(name, Arc::new(Inert), Arc::new(Inert), |env| Box::pin(upstream(env))));
    }
    hosts.push(engine.add_host("balancer", Arc::new(Inert), Arc::new(Inert), |env| {
        let upstreams = ["app-1", "app-2"].map(|host| (host.to_owned(), 8080));
        let config = NginxConfig::new(80, upstreams.to_vec());
        let observer = Arc::new(|event| println!("         balancer: {event}"));
        Box::pin(async { serve(env, config, observer).await.expect("the port is free") })
    }));
    hosts.push(engine.add_host("client", Arc::new(Inert), Arc::new(Inert), |env| Box::pin(client(env))));
    hosts.iter().for_each(|host| engine.start(*host));
    let app_1 = hosts[0];
    engine.at(5_500, move |engine| engine.kill(app_1));
    engine.at(12_000, move |engine| engine.start(app_1));
    engine.run(30_000, || false)?;
    Ok(())
}
