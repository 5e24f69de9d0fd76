//! Delayed acknowledgements: the number of packets, and when a bare acknowledgement is sent.

use super::*;

/// Number of packets for what the client does on one connection, without the three of the handshake and those of the
/// end.
fn packets<C>(server: fn(Stream) -> BoxFuture<'static, ()>, client: impl Fn(Stream) -> C + Send + Sync + 'static) -> u64
where
    C: Future<Output = ()> + Send + 'static,
{
    let mut engine = steady();
    let notes = Notes::default();
    let server = host(&mut engine, &notes, "server", move |env, _| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        let stream = listener.accept().await.expect("accepts");
        server(stream).await;
    });
    let client = Arc::new(client);
    let client = host(&mut engine, &notes, "client", move |env, _| {
        let client = client.clone();
        async move {
            sleep(ms(50)).await;
            client(connect(&env).await.expect("connects")).await;
            std::future::pending::<()>().await;
        }
    });
    engine.start(server);
    engine.start(client);
    engine.run(20_000, || false).expect("the engine runs").packets_sent - 3
}

fn keep(mut stream: Stream) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut buffer = [0; 4096];
        while let Ok(1..) = stream.read(&mut buffer).await {}
        std::future::pending::<()>().await;
    })
}

#[test]
fn an_answer_carries_the_acknowledgement() {
    let sent = packets(
        |stream| Box::pin(echo_one(stream)),
        |mut stream| async move {
            for _ in 0..50 {
                assert_eq!(round_trip(&mut stream, "hello", 1_000).await, "hello in 10");
            }
            sleep(ms(1_000)).await;
            std::mem::forget(stream);
        },
    );
    assert_eq!(sent, 2 * 50 + 1, "and the last answer's own");
}

#[test]
fn data_without_an_answer_is_acknowledged_every_400_ms_and_two_segments_at_once() {
    let trickle = packets(keep, |mut stream| async move {
        for _ in 0..100 {
            stream.write_all(b"x").await.expect("writes");
            sleep(ms(10)).await;
        }
        sleep(ms(1_000)).await;
        std::mem::forget(stream);
    });
    assert_eq!(trickle, 100 + 3, "it lasts from 60 to 1060: at 400, at 800 and at 1200");
    let bulk = packets(keep, |mut stream| async move {
        stream.write_all(&[0; 29_200]).await.expect("writes");
        sleep(ms(1_000)).await;
        std::mem::forget(stream);
    });
    assert_eq!(
        bulk,
        20 + 1,
        "what arrives together is acknowledged together, without a wait"
    );
}

/// A connection is not affected by others. All kernels are polled together, so a pass because of another connection
/// finds acknowledgements that would otherwise have waited.
#[test]
fn strangers_change_nothing() {
    let exchange = |strangers: bool| {
        let mut engine = Engine::new(EngineConfig::default());
        let notes = Notes::default();
        // The answer comes when the request's acknowledgement is due. Requests have one to four segments.
        let server = host(&mut engine, &notes, "server", |env, _| async move {
            let listener = env.network.listen(9).await.expect("port 9 is free");
            let mut stream = listener.accept().await.expect("accepts");
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                let now_ms = env.clock.monotonic().as_millis() as u64;
                sleep(ms(400 - now_ms % 400)).await;
                stream.write_all(&buffer[..read]).await.expect("writes");
            }
        });
        let client = host(&mut engine, &notes, "client", |env, notes| async move {
            sleep(ms(50)).await;
            let mut stream = connect(&env).await.expect("connects");
            for size in (0..60).map(|n| 1 + n * 97) {
                stream.write_all(&vec![0; size]).await.expect("writes");
                let mut answer = vec![0; size];
                stream.read_exact(&mut answer).await.expect("reads");
                notes.stamp(size);
            }
        });
        let mut hosts = vec![server, client];
        let quiet = Notes::default();
        hosts.push(host(&mut engine, &quiet, "listener", echo));
        hosts.push(host(&mut engine, &quiet, "talker", move |env, _| async move {
            if strangers {
                let mut stream = env.network.connect("listener", 9).await.expect("connects");
                for gap in (0..3_000).map(|n| 1 + n % 7) {
                    round_trip(&mut stream, "hello", 1_000).await;
                    sleep(ms(gap)).await;
                }
            }
        }));
        hosts.into_iter().for_each(|host| engine.start(host));
        engine.run(40_000, || false).expect("the engine runs");
        notes.all()
    };
    let alone = exchange(false);
    assert_eq!(alone.len(), 60);
    assert_eq!(exchange(true), alone);
}
