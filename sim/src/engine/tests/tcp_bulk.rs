//! TCP with large amounts of data: loss, slow readers, both directions at once.

use super::*;

/// Reads to the end in pieces, after a pause, and notes the number of bytes.
async fn slow_sink(env: Env, notes: Notes, first_ms: u64, piece: usize, pause_ms: u64) {
    let listener = env.network.listen(9).await.expect("port 9 is free");
    let mut stream = listener.accept().await.expect("accepts");
    sleep(ms(first_ms)).await;
    let (mut buffer, mut total) = (vec![0; piece], 0_usize);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        assert!(
            buffer[..read]
                .iter()
                .enumerate()
                .all(|(i, byte)| *byte == ((total + i) % 251) as u8),
            "garbled"
        );
        total += read;
        if pause_ms > 0 {
            sleep(ms(pause_ms)).await;
        }
    }
    notes.note(format!("read {total}"));
}

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i % 251) as u8).collect()
}

/// Sends a megabyte, waits for the end, and notes the duration.
async fn send_megabyte(env: Env, notes: Notes) {
    let start = Instant::now();
    let mut stream = connect(&env).await.expect("connects");
    stream.write_all(&pattern(1 << 20)).await.expect("writes");
    stream.shutdown().await.expect("shuts down");
    notes.note(read_once(&mut stream, 300_000).await);
    notes.note(format!("{}", start.elapsed().as_millis()));
}

#[test]
fn a_megabyte_survives_loss() {
    let lossy = |engine: &Engine| {
        for (from, to) in [(SERVER, CLIENT), (CLIENT, SERVER)] {
            engine.set_link(
                from,
                to,
                LinkConfig {
                    loss: 0.05,
                    ..engine.link(from, to)
                },
            );
        }
    };
    let notes = play(
        steady(),
        |env, notes| slow_sink(env, notes, 0, 8_192, 0),
        vec![(0, lossy)],
        send_megabyte,
    );
    assert_eq!(notes[..2], ["read 1048576", "end"]);
    let took_ms: u64 = notes[2].parse().expect("milliseconds");
    assert!((2_000..30_000).contains(&took_ms), "{took_ms}");
}

#[test]
fn a_slow_reader_holds_the_writer_back_and_loses_nothing() {
    let notes = play(
        steady(),
        |env, notes| slow_sink(env, notes, 2_000, 8_192, 1),
        vec![],
        send_megabyte,
    );
    assert_eq!(notes[..2], ["read 1048576", "end"]);
    let took_ms: u64 = notes[2].parse().expect("milliseconds");
    assert!((2_100..3_000).contains(&took_ms), "{took_ms}");
}

#[test]
fn a_writer_is_never_more_than_both_buffers_ahead() {
    let read = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let reader = read.clone();
    let server = move |env: Env, _: Notes| {
        let read = reader.clone();
        async move {
            let listener = env.network.listen(9).await.expect("port 9 is free");
            let mut stream = listener.accept().await.expect("accepts");
            let mut buffer = [0; 1_024];
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                read.fetch_add(n, Ordering::Relaxed);
                sleep(ms(10)).await;
            }
        }
    };
    let notes = play(steady(), server, vec![], move |env, notes| {
        let read = read.clone();
        async move {
            let mut stream = connect(&env).await.expect("connects");
            let (mut written, mut ahead_max) = (0, 0);
            while written < 400 << 10 {
                written += stream.write(&[0; 1_024]).await.expect("writes");
                ahead_max = ahead_max.max(written - read.load(Ordering::Relaxed));
            }
            notes.note(if (100_000..=131_072).contains(&ahead_max) {
                "bounded".into()
            } else {
                ahead_max.to_string()
            });
        }
    });
    assert_eq!(notes, ["bounded"]);
}

#[test]
fn bytes_arrive_whole_both_ways_at_once_under_loss() {
    async fn both_ways(stream: Stream, notes: Notes) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let send = async {
            writer.write_all(&pattern(300_000)).await.expect("writes");
            writer.shutdown().await.expect("shuts down");
        };
        let receive = async {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).await.expect("reads");
            notes.note(if all == pattern(300_000) { "whole" } else { "garbled" });
        };
        tokio::join!(biased; send, receive);
    }
    let lossy = |engine: &Engine| {
        for (from, to) in [(SERVER, CLIENT), (CLIENT, SERVER)] {
            engine.set_link(
                from,
                to,
                LinkConfig {
                    latency_ms: (1, 20),
                    added_ms: 0,
                    loss: 0.05,
                },
            );
        }
    };
    let server = |env: Env, notes: Notes| async move {
        let listener = env.network.listen(9).await.expect("port 9 is free");
        both_ways(listener.accept().await.expect("accepts"), notes).await;
    };
    let notes = play(steady(), server, vec![(0, lossy)], |env, notes| async move {
        both_ways(connect(&env).await.expect("connects"), notes).await;
        sleep(ms(30_000)).await;
    });
    assert_eq!(notes, ["whole", "whole"]);
}
