//! The engine by itself, without any service: twelve hosts that chatter over long-lived TCP
//! connections, and how fast that goes (measured: 2,700 to 2,800 simulated seconds per second of CPU
//! time, with and without faults, on a core shared with other work).
//!
//! `cargo run --release -p sim --example engine_chatter [simulated seconds] [faults]`

#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use seams::Env;
use sim::engine::{Engine, EngineConfig, EngineError, Inert};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

const HOSTS: usize = 12;
/// Each host sends to its neighbour this often: with the answers, 50 messages a second among all.
const EVERY: Duration = Duration::from_millis(480);

/// Answers whatever comes.
async fn serve(env: Env) {
    let Ok(listener) = env.network.listen(7000).await else {
        return;
    };
    while let Ok(mut stream) = listener.accept().await {
        env.spawn(async move {
            let mut buffer = [0; 256];
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
        });
    }
}

/// Sends to the neighbour for ever; connects anew when something went wrong. Nothing is waited for
/// without a deadline: the engine's TCP, like the real one, can stay silent for very long.
async fn chatter(env: Env, neighbour: String) {
    loop {
        sleep(EVERY).await;
        let connecting = timeout(Duration::from_secs(2), env.network.connect(&neighbour, 7000));
        let Ok(Ok(mut stream)) = connecting.await else { continue };
        let mut answer = [0; 64];
        loop {
            sleep(EVERY).await;
            let exchange = async {
                stream.write_all(&[b'x'; 64]).await?;
                stream.read_exact(&mut answer).await
            };
            let Ok(Ok(_)) = timeout(Duration::from_secs(2), exchange).await else {
                break;
            };
        }
    }
}

fn main() -> Result<(), EngineError> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(3_000);
    let with_faults = arguments.next().is_some_and(|text| text == "faults");

    let mut engine = Engine::new(EngineConfig::default());
    let hosts: Vec<_> = (0..HOSTS)
        .map(|i| {
            let neighbour = format!("host-{}", (i + 1) % HOSTS);
            engine.add_host(&format!("host-{i}"), Arc::new(Inert), Arc::new(Inert), move |env| {
                env.spawn(serve(env.clone()));
                Box::pin(chatter(env, neighbour.clone()))
            })
        })
        .collect();
    if with_faults {
        // Every ten seconds something happens to somebody, and ends five seconds later.
        for (round, at_ms) in (5_000..seconds * 1_000).step_by(10_000).enumerate() {
            let (victim, neighbour) = (hosts[round % HOSTS], hosts[(round + 1) % HOSTS]);
            engine.at(at_ms, move |engine| match round % 4 {
                0 => engine.kill(victim),
                1 => engine.power_loss(victim),
                2 => engine.pause(victim),
                _ => engine.cut_one_way(victim, neighbour),
            });
            engine.at(at_ms + 5_000, move |engine| {
                engine.resume(victim);
                engine.mend_one_way(victim, neighbour);
                engine.start(victim);
            });
        }
    }
    for host in &hosts {
        engine.start(*host);
    }

    let started = Instant::now();
    let stats = engine.run(seconds * 1_000, || false)?;
    let took = started.elapsed().as_secs_f64();
    println!("{stats:?}");
    println!("wire hash {:016x}", engine.wire_hash());
    println!(
        "{seconds} simulated seconds in {took:.3} s: {:.0} a second",
        seconds as f64 / took
    );
    Ok(())
}
